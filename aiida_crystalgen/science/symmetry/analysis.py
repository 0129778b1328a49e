"""Space groups of crystals, found by spglib."""

from __future__ import annotations

from functools import cache

import numpy as np
import spglib
from jaxtyping import Int

from aiida_crystalgen.science.crystals import CrystalSet
from aiida_crystalgen.science.symmetry.dataset import ask_spglib

__all__ = ('space_group_symbol', 'space_groups')


def space_groups(crystals: CrystalSet, tolerance: float) -> Int[np.ndarray, ' crystals']:
    """Return the number of the space group of each crystal, 0 where spglib finds none.

    Clusters have none: see :mod:`aiida_crystalgen.science.symmetry.point_groups`.

    :param tolerance: of positions, in Å.
    """
    if not crystals.periodic:
        return np.zeros(len(crystals), dtype=np.int64)
    bounds = crystals.offsets
    return np.array(
        [
            _space_group(
                crystals.lattices[row],
                crystals.fractional_coordinates[bounds[row] : bounds[row + 1]],
                crystals.atomic_numbers[bounds[row] : bounds[row + 1]],
                tolerance,
            )
            for row in range(len(crystals))
        ],
        dtype=np.int64,
    )


def _space_group(
    lattice: np.ndarray, coordinates: np.ndarray, numbers: np.ndarray, tolerance: float
) -> int:
    """Return the space group of one crystal."""
    cell = (lattice, coordinates, numbers)
    dataset = ask_spglib(spglib.get_symmetry_dataset, cell, symprec=tolerance)
    return 0 if dataset is None else int(dataset.number)


def space_group_symbol(number: int) -> str:
    """Return the short Hermann–Mauguin symbol, as in 'P2_1/c' for 14; '?' for 0."""
    return _symbols()[number] if number else '?'


@cache
def _symbols() -> dict[int, str]:
    """Return the symbols by number, each of the group's first setting among spglib's 530."""
    types = [spglib.get_spacegroup_type(hall) for hall in range(530, 0, -1)]
    return {kind.number: kind.international_short for kind in types}
