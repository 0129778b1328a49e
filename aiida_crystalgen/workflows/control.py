"""Requests to a running search, as extras of its node: a process that runs takes no new inputs."""

from __future__ import annotations

from aiida import orm

__all__ = ('is_stop_requested', 'request_stop')

_STOP = 'crystalgen_stop'


def request_stop(search: orm.ProcessNode) -> None:
    """Ask a search to end after the stage that is running."""
    search.base.extras.set(_STOP, True)


def is_stop_requested(node: orm.ProcessNode) -> bool:
    """Return whether a search, or the one that has called this process, was asked to stop."""
    caller: orm.ProcessNode | None = node
    while caller is not None:
        if caller.base.extras.get(_STOP, False):
            return True
        caller = caller.caller
    return False
