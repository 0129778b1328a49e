"""Which crystals a network learns from, is watched on and is judged by.

Crystals of one reduced formula always stay together, and so do the sites of a crystal. The part is
a function of formula and seed alone: it is the same for every set that holds the formula, so that a
model can be judged by other sets than its own.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Int

from aiida_crystalgen.science.composition import reduced_formulas
from aiida_crystalgen.science.crystals import CrystalSet
from aiida_crystalgen.science.seeds import derive_seed

__all__ = ('TEST', 'TRAINING', 'VALIDATION', 'parts_of_crystals')

TRAINING, VALIDATION, TEST = range(3)


def parts_of_crystals(
    crystals: CrystalSet, validation: float, test: float, seed: int
) -> Int[np.ndarray, ' crystals']:
    """Return the part that each crystal belongs to: ``TRAINING``, ``VALIDATION`` or ``TEST``.

    :param validation: share of the formulas to validate on.
    :param test: share of the formulas to test on.
    """
    formulas, places = np.unique(reduced_formulas(crystals), return_inverse=True)
    shares = np.array([derive_seed(seed, 'part', str(formula)) for formula in formulas]) / 2**63
    kept = np.where(shares < test + validation, VALIDATION, TRAINING)
    return np.where(shares < test, TEST, kept)[places]
