"""A search followed live: drawn anew on a terminal, a line for each change in a log."""

from __future__ import annotations

import shutil
import sys
import time
from typing import TYPE_CHECKING

import click

from aiida_crystalgen.cli.daemon import is_daemon_running, look_for_dead_workers
from aiida_crystalgen.cli.search_status import describe_status, one_line
from aiida_crystalgen.queries.status import search_status

if TYPE_CHECKING:
    from aiida_crystalgen.queries.status import SearchStatus

__all__ = ('watch_search',)

_STEPS_IN_A_LOG = 4  # lines for the progress of one job


def watch_search(pk: int, seconds: float) -> SearchStatus:
    """Return the status of a search once it has ended, shown until then.

    :param seconds: between two looks.
    """
    show: _Screen | _Log = _Screen() if sys.stdout.isatty() else _Log()
    while True:
        status = search_status(pk)
        show(status)
        if status.search.has_ended:
            return status
        look_for_dead_workers()
        time.sleep(seconds)


class _Screen:
    """The whole status, in the place of the one before."""

    def __init__(self) -> None:
        self._height = 0

    def __call__(self, status: SearchStatus) -> None:
        """Draw the status over the last one."""
        text = describe_status(status) + _warning(status)
        lines = text.splitlines()
        if not status.search.has_ended:
            # A line that wraps would take two rows of the next drawing.
            width = shutil.get_terminal_size().columns
            lines = [line[: width - 1] for line in lines]
        if self._height:
            click.echo(f'\x1b[{self._height}F\x1b[J', nl=False)
        click.echo('\n'.join(lines))
        self._height = len(lines)


class _Log:
    """One line whenever something has changed that is worth a line."""

    def __init__(self) -> None:
        self._last: object = None

    def __call__(self, status: SearchStatus) -> None:
        """Write a line if the status differs from the last one."""
        job = status.job
        steps = 0
        if job is not None and job.done is not None and job.total:
            steps = _STEPS_IN_A_LOG * job.done // job.total
        warning = _warning(status)
        state = (status.search.state, status.stage, None if job is None else job.pk, steps, warning)
        if state != self._last:
            click.echo(one_line(status) + warning)
        self._last = state


def _warning(status: SearchStatus) -> str:
    """Return what keeps a search from going on, if anything does."""
    if status.search.has_ended or is_daemon_running():
        return ''
    return '\nThe daemon is not running; start it with `verdi daemon start`.'
