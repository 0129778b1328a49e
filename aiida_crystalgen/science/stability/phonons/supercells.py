"""Supercells with one displaced atom each, whose forces are the force constants."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float, Int
from phonopy import Phonopy
from phonopy.structure.atoms import PhonopyAtoms

from aiida_crystalgen.science.crystals import CrystalSet
from aiida_crystalgen.science.stability.phonons.settings import PhononSettings
from aiida_crystalgen.science.symmetry.dataset import symmetry_dataset

__all__ = (
    'as_phonopy',
    'crystals_of_cells',
    'displaced_supercells',
    'exact_dataset',
    'supercell_matrix',
)

SYMPREC = 1e-5  # Å: the crystal obeys its space group exactly
RECIPE = 'supercells'  # key of the metadata that says how they were made


def supercell_matrix(crystal: CrystalSet, minimum_length: float) -> Int[np.ndarray, '3 3']:
    """Return the smallest multiples of the conventional cell whose opposite faces are far apart.

    Multiples of the conventional cell are nearly as long in all directions, and even ones make
    the corners of the Brillouin zone commensurate.

    :param crystal: one, as a primitive cell.
    :param minimum_length: between opposite faces, in Å.
    :returns: phonopy's convention: columns are the supercell's vectors in those of the crystal.
    :raises ValueError: if spglib finds no space group.
    """
    dataset = exact_dataset(crystal)
    conventional = np.rint(np.linalg.inv(dataset.transformation_matrix)).astype(np.int64)
    lattice = conventional.T @ crystal.lattices[0]
    # Rows of the inverse transpose are normal to the faces, and as long as 1 / distance.
    distances = 1 / np.linalg.norm(np.linalg.inv(lattice).T, axis=1)
    multiples = np.ceil(minimum_length / distances - SYMPREC).astype(np.int64)
    return conventional @ np.diag(np.maximum(multiples, 1))


def exact_dataset(crystal: CrystalSet) -> Any:
    """Return spglib's dataset of a crystal that obeys its space group exactly.

    :raises ValueError: if spglib finds no space group.
    """
    dataset = symmetry_dataset(crystal, 0, SYMPREC)
    if dataset is None:
        raise ValueError(f'spglib finds no space group within {SYMPREC} Å; symmetrize the crystal')
    return dataset


def as_phonopy(crystal: CrystalSet, matrix: Int[np.ndarray, '3 3']) -> Phonopy:
    """Return phonopy's view of the crystal, its own cell being the primitive one."""
    cell = PhonopyAtoms(
        numbers=crystal.atomic_numbers,
        cell=crystal.lattices[0],
        scaled_positions=crystal.fractional_coordinates,
    )
    return Phonopy(cell, supercell_matrix=matrix, primitive_matrix='P', symprec=SYMPREC)


def crystals_of_cells(cells: Sequence[PhonopyAtoms]) -> CrystalSet:
    """Return phonopy's cells as a set."""
    return CrystalSet(
        lattices=np.array([cell.cell for cell in cells], dtype=np.float64),
        fractional_coordinates=np.concatenate([cell.scaled_positions for cell in cells]),
        atomic_numbers=np.concatenate([cell.numbers for cell in cells]).astype(np.int64),
        counts=np.array([len(cell) for cell in cells], dtype=np.int64),
    )


def displaced_supercells(crystal: CrystalSet, settings: PhononSettings) -> CrystalSet:
    """Return the supercell as it is in row 0, and with one displaced atom in each other row.

    Displacements are the fewest that symmetry allows. What it takes to go back to the force
    constants is in ``metadata['supercells']``.

    :param crystal: one, as a standard primitive cell.
    """
    matrix = supercell_matrix(crystal, settings.minimum_length)
    phonon = as_phonopy(crystal, matrix)
    phonon.generate_displacements(distance=settings.displacement)
    displaced = phonon.supercells_with_displacements or []
    supercells = crystals_of_cells([phonon.supercell, *displaced])
    return supercells.with_metadata(
        **{RECIPE: {'matrix': matrix.tolist(), 'displacements': _displacements(phonon)}}
    )


def _displacements(phonon: Phonopy) -> list[dict[str, Any]]:
    """Return atom and displacement in Å of each supercell but the first."""
    dataset: Any = phonon.dataset
    return [
        {'atom': int(one['number']), 'displacement': _floats(one['displacement'])}
        for one in dataset['first_atoms']
    ]


def _floats(vector: Float[np.ndarray, ' 3'] | Sequence[float]) -> list[float]:
    """Return a vector as numbers of JSON."""
    return [float(one) for one in vector]
