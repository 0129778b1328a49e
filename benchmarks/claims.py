"""What a claim is, and how ours and a peer are timed beside each other on one core.

A module of claims exposes ``CLAIMS``, a tuple of :class:`Claim`, and imports numpy, torch, the
package and the peers only inside its functions, because threads are pinned after it was loaded.
"""

from __future__ import annotations

import importlib
import os
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

__all__ = ('Claim', 'Context', 'Measurement', 'calibrate', 'pin_threads')

_THREADS = (
    'OMP_NUM_THREADS',
    'OPENBLAS_NUM_THREADS',
    'MKL_NUM_THREADS',
    'NUMEXPR_NUM_THREADS',
    'VECLIB_MAXIMUM_THREADS',
)


@dataclass(frozen=True)
class Measurement:
    """One comparison; ``None`` stands for what could not be measured.

    :param ours: figure of this package, in the unit of the claim.
    :param peer: figure of the peer in the same run, never a recorded one.
    :param ratio: how many times better ours is.
    :param holds: whether the goal is reached; None if there was nothing to compare with.
    :param note: which peer and version, and what else a reader must know.
    :param goal: as in '≥ 4'; the claim's own if empty.
    """

    ours: float | None
    peer: float | None
    ratio: float | None
    holds: bool | None
    note: str
    goal: str = ''

    @classmethod
    def of_rates(
        cls, work: float, ours: float, peer: float | None, *, goal: float, note: str
    ) -> Measurement:
        """Return the comparison of two durations, as work done per second.

        :param work: what both did, as a number of crystals, candidates, …
        :param ours: seconds that ours took.
        :param peer: seconds that the peer took; None if it is not installed.
        :param goal: least ratio of the rates.
        """
        ratio = None if peer is None else peer / ours
        return cls(
            ours=work / ours,
            peer=None if peer is None else work / peer,
            ratio=ratio,
            holds=None if ratio is None else ratio >= goal,
            note=note,
            goal=f'≥ {goal:g}',
        )


@dataclass(frozen=True)
class Context:
    """What a claim may use to measure.

    :param peer_path: folder with peers that are not installed as packages.
    """

    peer_path: Path | None = None

    def peer(self, name: str) -> ModuleType | None:
        """Return the module of a peer from the peer path or the environment; None if missing."""
        if self.peer_path is not None and str(self.peer_path) not in sys.path:
            sys.path.insert(0, str(self.peer_path))
        try:
            return importlib.import_module(name)
        except ModuleNotFoundError as exception:
            if exception.name is None or not name.startswith(exception.name):
                raise
            return None

    def alternate(
        self, *tasks: Callable[[], Any] | None, repeats: int = 5
    ) -> tuple[float | None, ...]:
        """Return the median seconds of each task as `take_turns`; None for a task that is None."""
        present = iter(self.take_turns(*(task for task in tasks if task), repeats=repeats))
        return tuple(next(present) if task else None for task in tasks)

    def take_turns(self, *tasks: Callable[[], Any], repeats: int = 5) -> tuple[float, ...]:
        """Return the median seconds of each task.

        The tasks take turns, so that a disturbance of the machine meets them alike. An untimed
        first turn pays for imports and caches.
        """
        seconds: list[list[float]] = [[] for _ in tasks]
        for turn in range(repeats + 1):
            for task, record in zip(tasks, seconds, strict=True):
                start = time.perf_counter()
                task()
                if turn > 0:
                    record.append(time.perf_counter() - start)
        return tuple(statistics.median(record) for record in seconds)


@dataclass(frozen=True)
class Claim:
    """Something that this package says of itself, and how to find out.

    :param id: name on the command line.
    :param summary: what is measured against what, in one line.
    :param goal: as in '≥ 4', or a sentence where measurements have goals of their own.
    :param unit: of ours and the peer's figure.
    :param measure: function that measures.
    """

    id: str
    summary: str
    goal: str
    unit: str
    measure: Callable[[Context], list[Measurement]]


def pin_threads() -> None:
    """Restrict numerical libraries to one thread; takes effect if numpy is not loaded yet."""
    for variable in _THREADS:
        os.environ[variable] = '1'


def calibrate() -> str:
    """Return what this machine does now: single-precision products and plain Python loops."""
    import numpy as np

    size = 2048
    matrix = np.random.default_rng(0).random((size, size), dtype=np.float32)
    result = np.empty_like(matrix)
    product, loop = Context().take_turns(
        lambda: np.matmul(matrix, matrix, out=result),
        lambda: sum(number * number for number in range(1_000_000)),
    )
    speed = 2 * size**3 / product / 1e9
    return f'sgemm {speed:.1f} GFLOP/s on one thread; a million turns of a Python loop {loop:.3f} s'
