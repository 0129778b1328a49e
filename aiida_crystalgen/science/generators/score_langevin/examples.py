"""What a set of crystals teaches: their symmetric descriptions, in two parts."""

from __future__ import annotations

import numpy as np

from aiida_crystalgen.science.crystals import CrystalSet
from aiida_crystalgen.science.generators.score_langevin.scaling import CellScaling
from aiida_crystalgen.science.generators.score_langevin.settings import ScoreLangevinSettings
from aiida_crystalgen.science.generators.score_langevin.training import Examples
from aiida_crystalgen.science.generators.splitting import (
    TRAINING,
    VALIDATION,
    parts_of_crystals,
)
from aiida_crystalgen.science.symmetric_crystals import SymmetricCrystals, symmetric_crystals

__all__ = ('examples_of', 'split_examples')


def examples_of(training: CrystalSet, settings: ScoreLangevinSettings, seed: int) -> Examples:
    """Return what the crystals teach.

    :raises ValueError: if there are clusters, or nothing is left to train or to validate on.
    """
    if not training.periodic:
        raise ValueError(f'{len(training)} clusters are given, but only crystals have sites')
    return split_examples(symmetric_crystals(training, settings.symmetry_tolerance), settings, seed)


def split_examples(
    crystals: SymmetricCrystals, settings: ScoreLangevinSettings, seed: int
) -> Examples:
    """Return crystals in two parts by their formulas, so that no formula is in both.

    :raises ValueError: if one of the parts is empty.
    """
    parts = parts_of_crystals(crystals.to_crystals(), settings.validation, 0.0, seed)
    training, validation = (np.flatnonzero(parts == one) for one in (TRAINING, VALIDATION))
    for rows, purpose in ((training, 'train'), (validation, 'validate')):
        if not len(rows):
            raise ValueError(
                f'none of the formulas of {len(parts)} crystals fell to the part to {purpose} on; '
                "give more crystals, another share for 'validation', or another seed"
            )
    scaling = CellScaling.fit(crystals.select(training), settings.volume_ridge)
    return Examples(crystals, scaling, training, validation)
