"""Energies above the convex hull of known crystals, and above the lowest of a composition."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from pymatgen.analysis.phase_diagram import PDEntry, PhaseDiagram
from pymatgen.core import Composition

from aiida_crystalgen.science.composition import reduced_formulas
from aiida_crystalgen.science.crystals import CrystalSet

__all__ = ('energies_above_hull', 'energies_above_lowest')


def energies_above_hull(
    crystals: CrystalSet, references: CrystalSet
) -> Float[np.ndarray, ' crystals']:
    """Return by how much each crystal lies above the hull of the references, in eV/atom.

    The references alone make the hull, so that a crystal more stable than they are lies below it: its
    value is negative, the energy that it gains over the phases it would decompose into. The value is
    NaN where there is no hull: where an element of the crystal has no reference of its own.

    :param crystals: with the column ``energy`` in eV/atom.
    :param references: with energies of the same engine; rows without a finite energy do not count.
    :raises ValueError: if the energies are those of different engines.
    """
    _refuse_different_engines(crystals, references)
    entries = _entries(references)
    elements = {
        entry.composition.elements[0] for entry in entries if entry.composition.is_element
    }
    result = np.full(len(crystals), np.nan)
    formulas = reduced_formulas(crystals)
    for formula in np.unique(formulas):
        composition = Composition(formula)
        system = set(composition.elements)
        if system <= elements:
            rows = formulas == formula
            hull = _hull_energy(composition, [one for one in entries if system >= set(one.elements)])
            result[rows] = crystals['energy'][rows] - hull
    return result
