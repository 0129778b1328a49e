"""Relaxations that several processes share, one thread each.

The processes are started as commands, not by ``multiprocessing``: a spawned process would import
the script that is running, and a forked one would inherit torch's threads in an unknown state.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from multiprocessing import Pipe
from multiprocessing.connection import Connection, wait
from typing import cast

import numpy as np

from aiida_crystalgen.science.crystals import CrystalSet
from aiida_crystalgen.science.relaxation.frames import Relaxation
from aiida_crystalgen.science.relaxation.settings import RelaxSettings

__all__ = ('relax_in_processes',)

_WORKER = 'aiida_crystalgen.science.relaxation.worker'


def relax_in_processes(
    crystals: CrystalSet, potential: str, settings: RelaxSettings, processes: int
) -> Iterator[Relaxation]:
    """Yield crystals as they finish, as `relaxations_in_flight` does; row i is for process i mod n.

    :param potential: name of the potential, which every process loads for itself.
    :raises ValueError: if the potential does not know an element.
    :raises ChildProcessError: if a process ends before its work is done.
    """
    bare = crystals.without_columns()
    with ExitStack() as stack:
        rows: dict[Connection, np.ndarray] = {}
        for process in range(processes):
            connection = stack.enter_context(_worker())
            rows[connection] = np.arange(process, len(crystals), processes)
            with _noticing_its_end():
                connection.send((bare.select(rows[connection]), potential, settings))
        while rows:
            for ready in wait(list(rows)):
                connection = cast('Connection', ready)
                part = _receive(connection)
                if part is None:
                    del rows[connection]
                else:
                    yield part.with_rows(rows[connection])


@contextmanager
def _worker() -> Iterator[Connection]:
    """Start a process that relaxes, give the connection to it, and end it."""
    ours, theirs = Pipe()
    process = subprocess.Popen(  # noqa: S603
        [sys.executable, '-m', _WORKER, str(theirs.fileno())],
        pass_fds=[theirs.fileno()],
        env={**os.environ, 'OMP_NUM_THREADS': '1'},
    )
    theirs.close()
    try:
        yield ours
    finally:
        ours.close()
        process.terminate()
        process.wait()


def _receive(connection: Connection) -> Relaxation | None:
    """Return the next crystals from a process, None if it is done.

    :raises ValueError: as raised in the process.
    """
    with _noticing_its_end():
        message = connection.recv()
    if isinstance(message, ValueError):
        raise message
    return message


@contextmanager
def _noticing_its_end() -> Iterator[None]:
    """Let an exchange with a process that has ended fail in a sentence."""
    try:
        yield
    except (ConnectionError, EOFError):
        raise ChildProcessError(
            'a process that relaxed crystals has ended before its work was done; if it ran out of '
            'memory, use fewer processes or batch_atoms'
        ) from None
