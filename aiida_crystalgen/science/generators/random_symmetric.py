"""Random crystals of every space group that can hold a composition."""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Int, Int64

from aiida_crystalgen.science.checkpoint import Checkpoint
from aiida_crystalgen.science.crystals import CrystalSet, concatenate
from aiida_crystalgen.science.generators.interface import Request
from aiida_crystalgen.science.progress import Progress, silent
from aiida_crystalgen.science.symmetry.compatibility import compatible_space_groups
from aiida_crystalgen.science.symmetry.random_crystals import CellContents, random_crystals
from aiida_crystalgen.science.symmetry.random_numbers import crystal_seeds, fold, uniform

__all__ = ('RandomSymmetric',)


class RandomSymmetric:
    """The generator that learns nothing: a baseline, and the source of candidates to screen.

    Candidates take turns among the numbers of formula units, and those of one number go through the
    compatible space groups in random order, again and again, so that every group is asked for
    equally often. Neither depends on how many candidates there are.
    """

    name = 'random_symmetric'
    needs_training = False

    def train(
        self, training: CrystalSet, settings: dict[str, Any], *, seed: int, progress: Progress = silent
    ) -> Checkpoint:
        """Refuse, as there is nothing to train.

        :raises ValueError: always.
        """
        raise ValueError(
            f"generator '{self.name}' needs no training; propose with it without a checkpoint"
        )

    def propose(
        self,
        checkpoint: Checkpoint | None,
        request: Request,
        *,
        seed: int,
        progress: Progress = silent,
    ) -> CrystalSet:
        """Return ``request.candidates`` crystals, failed ones with a reason.

        Columns are those of ``random_crystals``; ``metadata['incompatible_space_groups']`` lists,
        for each number of formula units, the groups that were left out.

        :raises ValueError: if a checkpoint is given, or no space group can hold the composition.
        """
