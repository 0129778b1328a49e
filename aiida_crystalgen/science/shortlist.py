"""Which crystals are worth an expensive calculation."""

from __future__ import annotations

import numpy as np
from jaxtyping import Int

from aiida_crystalgen.science.composition import reduced_formulas
from aiida_crystalgen.science.crystals import CrystalSet
from aiida_crystalgen.science.stability.hull import has_energy

__all__ = ('lowest_of_each',)


def lowest_of_each(crystals: CrystalSet, number: int) -> Int[np.ndarray, ' rows']:
    """Return the rows of the lowest crystals of each reduced formula, in increasing order.

    Crystals that were rejected, or have no energy, do not count.

    :param crystals: with the column ``energy`` in eV/atom.
    :param number: of crystals of a formula, at most.
    """
    rows = np.flatnonzero(has_energy(crystals))
    rows = rows[np.argsort(crystals['energy'][rows], kind='stable')]
    formulas = reduced_formulas(crystals.select(rows))
    chosen = [rows[formulas == formula][:number] for formula in np.unique(formulas)]
    return np.sort(np.concatenate([np.zeros(0, dtype=np.int64), *chosen]))
