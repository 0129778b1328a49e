"""How long work tells what it has done."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Protocol, runtime_checkable

__all__ = ('Progress', 'announce', 'heard_by', 'silent')


@runtime_checkable
class Progress(Protocol):
    """A callable that is told from time to time how far the work is."""

    def __call__(self, done: int, total: int, message: str = '') -> None:
        """Take note that ``done`` of ``total`` steps are finished."""


def silent(done: int, total: int, message: str = '') -> None:
    """Ignore what it is told."""


_listener: ContextVar[Progress] = ContextVar('listener', default=silent)


def announce(done: int, total: int, message: str = '') -> None:
    """Tell whoever listens to this process, for work that nobody can hand a progress to."""
    _listener.get()(done, total, message)


@contextmanager
def heard_by(progress: Progress) -> Iterator[None]:
    """Let a progress hear what is announced."""
    token = _listener.set(progress)
    try:
        yield
    finally:
        _listener.reset(token)
