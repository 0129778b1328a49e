"""The sites of crystals that no symmetry makes equal to others."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Int

from aiida_crystalgen.science.crystals import CrystalSet
from aiida_crystalgen.science.symmetry.dataset import symmetry_dataset

__all__ = ('Sites', 'inequivalent_sites')


@dataclass(frozen=True)
class Sites:
    """One atom of each orbit of each crystal, crystal after crystal.

    :param crystals: row of the crystal of each site.
    :param atoms: place of the representative atom in the flat arrays of the set.
    :param multiplicities: number of atoms of the given cell that are equivalent to it.
    :param letters: Wyckoff letter of each site, as text.
    :param space_groups: number of that of each crystal; 1 where spglib finds none.
    :param orbits: number of the site that each atom of the set belongs to.
    """

    crystals: Int[np.ndarray, ' sites']
    atoms: Int[np.ndarray, ' sites']
    multiplicities: Int[np.ndarray, ' sites']
    letters: np.ndarray
    space_groups: Int[np.ndarray, ' crystals']
    orbits: Int[np.ndarray, ' atoms']

    def __len__(self) -> int:
        return len(self.atoms)

    @property
    def bounds(self) -> Int[np.ndarray, ' bounds']:
        """First site of each crystal, closed by the number of sites."""
        counts = np.bincount(self.crystals, minlength=len(self.space_groups))
        return np.concatenate([[0], np.cumsum(counts)])


def inequivalent_sites(crystals: CrystalSet, tolerance: float) -> Sites:
    """Return the inequivalent sites of crystals, elements told apart, as spglib finds them.

    Where spglib finds no space group, every atom is a site of its own.

    :param tolerance: of positions, in Å.
    """
    bounds = crystals.offsets
    first = np.arange(len(crystals.atomic_numbers))
    letters = np.full(len(first), 'a', dtype='<U1')
    groups = np.ones(len(crystals), dtype=np.int64)
    for row in range(len(crystals)):
        dataset = symmetry_dataset(crystals, row, tolerance)
        if dataset is not None:
            own = slice(bounds[row], bounds[row + 1])
            first[own] = bounds[row] + dataset.crystallographic_orbits
            letters[own] = dataset.wyckoffs
            groups[row] = dataset.number
    atoms, orbits, multiplicities = np.unique(first, return_inverse=True, return_counts=True)
    return Sites(
        crystals=crystals.crystal_of_atom[atoms],
        atoms=atoms,
        multiplicities=multiplicities,
        letters=letters[atoms],
        space_groups=groups,
        orbits=orbits,
    )
