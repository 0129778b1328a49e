"""What some generators can show of how they work, for people to look at."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Int

from aiida_crystalgen.science.checkpoint import Checkpoint
from aiida_crystalgen.science.crystals import CrystalSet
from aiida_crystalgen.science.generators.interface import Request

__all__ = ('CountsSpaceGroups', 'FilmsProposals')


@runtime_checkable
class CountsSpaceGroups(Protocol):
    """A generator whose models know the space groups of the crystals they have learned from."""

    def space_group_counts(self, checkpoint: Checkpoint) -> Int[np.ndarray, ' groups']:
        """Return how often each space group occurred, by its number from 0 to 230.

        :raises ValueError: if the checkpoint is of another method.
        """


@runtime_checkable
class FilmsProposals(Protocol):
    """A generator that makes crystals step by step, and can repeat it before a camera."""

    def film(
        self, checkpoint: Checkpoint, request: Request, row: int, *, seed: int, frames: int
    ) -> CrystalSet:
        """Return one row of what ``propose`` would on its way, the last crystal being that row.

        The column ``noise`` is the standard deviation of the noise of the positions in Å, falling
        to 0.

        :param frames: number of crystals, evenly spread over the steps, at least two.
        :raises ValueError: as ``propose`` does.
        """
