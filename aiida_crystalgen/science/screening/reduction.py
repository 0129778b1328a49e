"""Primitive Niggli cells as pymatgen's ``StructureMatcher`` makes them, but sooner.

The matcher reduces every crystal to its Niggli cell and then searches for smaller cells that repeat
within 0.25 Å. Most crystals leave no doubt: nothing repeats, or some translations repeat closely
and no other comes near. Arrays tell these for many crystals at once, and only the doubtful ones go
through pymatgen's own search.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np
from jaxtyping import Bool, Float, Int
from pymatgen.core import Lattice, Structure

from aiida_crystalgen.science.crystals import CrystalSet
from aiida_crystalgen.science.structures import to_structures
from aiida_crystalgen.science.symmetry.niggli import niggli_lattices

__all__ = ('reduced_structures',)

_TOLERANCE = 0.25  # Å, pymatgen's, along each axis of the cell
_CLOSE = 0.02  # Å, within which a translation repeats the crystal without doubt
_APART = 1.0  # Å, above which two atoms are never taken for one
_BLOCK = 1 << 18  # vectors held at once


@dataclass(frozen=True)
class _Repeats:
    """Translations that may repeat a crystal.

    :param translations: in fractions of the cell, zero included.
    :param certain: whether all of them do and no others could.
    """

    translations: Float[np.ndarray, 'translations 3']
    certain: bool


def reduced_structures(crystals: CrystalSet) -> list[Structure]:
    """Return the primitive Niggli cell of each crystal, as ``StructureMatcher`` reduces it."""
    reduced = _in_niggli_cells(crystals)
    result: list[Structure | None] = to_structures(reduced)
    primitive = {}
    for row, repeats in _find_repeats(reduced):
        if not repeats.certain:
            result[row] = result[row].get_primitive_structure()
        elif len(repeats.translations) > 1:
            ...
    return result
