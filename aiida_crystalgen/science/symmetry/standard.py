"""Primitive cells in the standard setting of the space group, freed from noise by symmetry."""

from __future__ import annotations

import numpy as np
import spglib

from aiida_crystalgen.science.crystals import CrystalSet
from aiida_crystalgen.science.symmetry.dataset import ask_spglib

__all__ = ('standard_primitive',)


def standard_primitive(crystals: CrystalSet, tolerance: float) -> CrystalSet:
    """Return each crystal as the idealised primitive cell of spglib's standard setting.

    Lattice and positions obey the space group exactly. The cell is turned to the orientation of
    the setting, so vectors and tensors of the given cell do not hold for it. Columns are kept,
    properties of atoms are not.

    :param tolerance: of positions, in Å.
    :raises ValueError: if spglib finds no space group; the message names the row.
    """
    cells = [_standard_primitive(crystals, row, tolerance) for row in range(len(crystals))]
    counts = np.array([len(numbers) for _, _, numbers in cells], dtype=np.int64)
    return CrystalSet(
        lattices=np.array([lattice for lattice, _, _ in cells]).reshape(-1, 3, 3),
        fractional_coordinates=np.concatenate([np.zeros((0, 3)), *(one[1] for one in cells)]),
        atomic_numbers=np.concatenate([np.zeros(0, np.int64), *(one[2] for one in cells)]),
        counts=counts,
        columns=crystals.columns,
        metadata=crystals.metadata,
    )


def _standard_primitive(
    crystals: CrystalSet, row: int, tolerance: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return lattice, fractional coordinates and atomic numbers of one standard cell."""
    atoms = crystals.atoms(row)
    cell = (
        crystals.lattices[row],
        crystals.fractional_coordinates[atoms],
        crystals.atomic_numbers[atoms],
    )
    standard = ask_spglib(
        spglib.standardize_cell, cell, to_primitive=True, no_idealize=False, symprec=tolerance
    )
    if standard is None:
        raise ValueError(
            f'spglib finds no space group of crystal {row} within {tolerance} Å; two of its atoms '
            'may be closer than that: choose a smaller tolerance'
        )
    lattice, coordinates, numbers = standard
    return np.asarray(lattice), np.asarray(coordinates), np.asarray(numbers, dtype=np.int64)
