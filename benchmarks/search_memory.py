"""Memory of a worker that goes through the rounds of a large search.

All runs in this process, as it would in a worker of the daemon without a code for the jobs: what
each round proposes, screens and relaxes is in its memory, and should leave it again.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from benchmarks.claims import Claim, Context, Measurement
from benchmarks.profiles import look_often, temporary_profile

if TYPE_CHECKING:
    from aiida.orm import ProcessNode

__all__ = ('CLAIMS',)

_ROUNDS = 5
_GOAL = 1.1
_SEARCH: dict[str, Any] = {
    'formula_units': [8],
    'candidates': 20_000,
    'generators': [{'method': 'random_symmetric'}],
    'screening': {'similar_to': [], 'limit': 20},
    'relax': {'potential': 'stillinger-weber', 'processes': 1},
    'budget': {'rounds': _ROUNDS, 'without_new_phase': None},
    'seed': 1,
}


def _measure(_: Context) -> list[Measurement]:
    """Return the memory after the last round over that after the second.

    The first ones load what all need.
    """
    with temporary_profile(), _sampled_memory() as samples:
        look_often()
        search = _finished_search()
        ends = sorted(node.mtime.timestamp() for node in search.called if 'Round' in _name(node))
        candidates = sum(
            node.number for one in search.outputs.rounds.values() for node in one.proposals.values()
        )
        relaxed, seconds = search.outputs.accepted.number, (search.mtime - search.ctime).seconds
    after = [min(size for moment, size in samples if abs(moment - end) < 1) for end in ends]
    highest = max(size for _, size in samples)
    sizes = ', '.join(f'{size:.0f}' for size in after)
    return [
        Measurement(
            ours=after[-1] / after[1],
            peer=None,
            ratio=None,
            holds=after[-1] <= _GOAL * after[1],
            note=f'silicon, {candidates} random candidates of eight atoms in {len(ends)} rounds, '
            f'{relaxed} of them relaxed; resident after each round {sizes} MB, {highest:.0f} MB at '
            f'most; the search took {seconds} s',
        )
    ]


def _finished_search() -> ProcessNode:
    """Return a search that ran in this process.

    :raises RuntimeError: if it failed.
    """
    from aiida.engine import run_get_node
    from aiida.plugins import WorkflowFactory

    from aiida_crystalgen.data.convert import node_from_crystals
    from aiida_crystalgen.data.groups import add_dataset
    from aiida_crystalgen.science.sources.prototypes import prototypes

    known = prototypes('Si', volume_per_atom=20.4, maximum_atoms=8)
    add_dataset(node_from_crystals(known), 'silicon')
    builder = WorkflowFactory('crystalgen.search').get_builder_from_protocol(
        'Si', 'silicon', protocol='fast', overrides=_SEARCH
    )
    _, search = run_get_node(builder)
    if not search.is_finished_ok:
        raise RuntimeError(f'the search ended with {search.exit_message}')
    return search


def _name(node: ProcessNode) -> str:
    """Return what kind of process a node is of."""
    return node.process_label or ''


@contextmanager
def _sampled_memory() -> Iterator[list[tuple[float, float]]]:
    """Give a list that grows by the time and the resident memory in MB, five times a second."""
    import psutil

    process, done = psutil.Process(), threading.Event()
    samples: list[tuple[float, float]] = []

    def sample() -> None:
        while not done.wait(0.2):
            samples.append((time.time(), process.memory_info().rss / 1e6))

    thread = threading.Thread(target=sample)
    thread.start()
    try:
        yield samples
    finally:
        done.set()
        thread.join()


CLAIMS = (
    Claim(
        id='search-memory',
        summary='memory of a worker after five rounds of 20 000 candidates, over that after two',
        goal=f'≤ {_GOAL:g}',
        unit='of that after two rounds',
        measure=_measure,
    ),
)
