"""What the point group of a crystal leaves of its elastic constants."""

from __future__ import annotations

import numpy as np
import spglib
from jaxtyping import Float

from aiida_crystalgen.science.crystals import CrystalSet
from aiida_crystalgen.science.stability.elasticity.kelvin import kelvin_rotations
from aiida_crystalgen.science.symmetry.dataset import ask_spglib

__all__ = ('allowed_stiffnesses', 'point_group')


def point_group(
    crystals: CrystalSet, tolerance: float
) -> tuple[int, Float[np.ndarray, 'operations 3 3']]:
    """Return the number of the space group of one crystal, and its point group.

    The operations are orthogonal matrices in the axes of the crystal's own lattice vectors.

    :param crystals: a set of one.
    :param tolerance: of positions, in Å.
    :raises ValueError: if spglib finds no space group.
    """
    lattice = crystals.lattices[0]
    cell = (lattice, crystals.fractional_coordinates, crystals.atomic_numbers)
    dataset = ask_spglib(spglib.get_symmetry_dataset, cell, symprec=tolerance)
    if dataset is None:
        raise ValueError(
            f'spglib finds no space group within {tolerance} Å; two atoms may be closer than that: '
            'choose a smaller symmetry_tolerance'
        )
    operations = np.unique(dataset.rotations, axis=0).astype(np.float64)
    # x → W x of fractional columns is Lᵀ W L⁻ᵀ of Cartesian ones, for rows L of lattice vectors.
    # A lattice that is not idealised makes that orthogonal only within the tolerance.
    cartesian = lattice.T @ operations @ np.linalg.inv(lattice.T)
    left, _, right = np.linalg.svd(cartesian)
    return int(dataset.number), left @ right


def allowed_stiffnesses(
    rotations: Float[np.ndarray, 'operations 3 3'],
) -> Float[np.ndarray, 'constants 6 6']:
    """Return an orthonormal basis of the stiffnesses that a group leaves as they are.

    They are matrices in Kelvin's notation; their number is that of independent constants, from 21
    of a triclinic crystal to 3 of a cubic one. The mean over the group of what its operations do is
    the projection onto them.

    :param rotations: all operations of the group, as orthogonal matrices.
    """
    rows, columns = np.triu_indices(6)
    symmetric = np.zeros((21, 6, 6))
    norms = np.where(rows == columns, 1.0, np.sqrt(0.5))
    symmetric[np.arange(21), rows, columns] = norms
    symmetric[np.arange(21), columns, rows] = norms
    turns = kelvin_rotations(rotations)
    turned = np.einsum('nab,mbc,ndc->mad', turns, symmetric, turns, optimize=True) / len(turns)
    projection = np.einsum('mab,kab->mk', turned, symmetric)
    values, vectors = np.linalg.eigh((projection + projection.T) / 2)
    return np.einsum('mk,mab->kab', vectors[:, values > 0.5], symmetric)
