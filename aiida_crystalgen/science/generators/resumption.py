"""Proposing block by block, so that what was cut short can go on."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from aiida_crystalgen.science.checkpoint import Checkpoint
from aiida_crystalgen.science.crystals import CrystalSet
from aiida_crystalgen.science.generators.interface import Generator, ProposesRows, Request
from aiida_crystalgen.science.progress import Progress

__all__ = ('proposal_blocks',)


def proposal_blocks(
    generator: Generator,
    checkpoint: Checkpoint | None,
    request: Request,
    done: int,
    *,
    seed: int,
    progress: Progress,
) -> Iterator[CrystalSet]:
    """Yield what ``generator.propose`` returns, bit for bit, in blocks.

    A generator that cannot propose some of the rows proposes all of them at once; for it ``done``
    is none or all.

    :param done: number of the first rows that are there already.
    :raises ValueError: as ``generator.propose`` does.
    """
    total = request.candidates
    while done < total:
        if not isinstance(generator, ProposesRows):
            yield generator.propose(checkpoint, request, seed=seed, progress=progress)
            return
        size = generator.block_rows
        rows = np.arange(done, min((done // size + 1) * size, total))
        counted = _counted_on(progress, done, total)
        yield generator.propose_rows(checkpoint, request, rows, seed=seed, progress=counted)
        done += len(rows)


def _counted_on(progress: Progress, before: int, all_rows: int) -> Progress:
    """Return a progress that counts on from the rows of the blocks before."""

    def report(done: int, total: int, message: str = '') -> None:  # noqa: ARG001
        progress(before + done, all_rows, message)

    return report
