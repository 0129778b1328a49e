"""How long work tells what it has done."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

__all__ = ('Progress', 'silent')


@runtime_checkable
class Progress(Protocol):
    """A callable that is told from time to time how far the work is."""

    def __call__(self, done: int, total: int, message: str = '') -> None:
        """Take note that ``done`` of ``total`` steps are finished."""


def silent(done: int, total: int, message: str = '') -> None:
    """Ignore what it is told."""
