"""Bars for work that takes long; a log gets their label only."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from aiida_crystalgen.science.progress import Progress

__all__ = ('shown',)


@contextmanager
def shown(label: str) -> Iterator[Progress]:
    """Yield a progress that draws a bar on standard error.

    :param label: what is being done, as in 'reading'.
    """
    with click.progressbar(length=1, label=label, file=sys.stderr) as bar:

        def progress(done: int, total: int, message: str = '') -> None:  # noqa: ARG001
            bar.length = total
            bar.update(done - bar.pos)

        yield progress
