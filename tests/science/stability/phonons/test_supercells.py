"""Laws of the supercells with displaced atoms."""

import numpy as np
import pytest

from aiida_crystalgen.science.sources.prototypes import prototypes
from aiida_crystalgen.science.stability.phonons.supercells import (
    displaced_supercells,
    supercell_matrix,
)
from aiida_crystalgen.science.symmetry.standard import standard_primitive


@pytest.mark.parametrize('length', [5.0, 9.0])
def test_atoms_are_as_far_from_their_images_as_asked(length):
    """No lattice vector of a supercell is shorter than the smallest length."""
    crystals = prototypes('NaCl', volume_per_atom=22.0, maximum_atoms=4)
    images = np.array(list(np.ndindex(5, 5, 5))) - 2
    images = images[np.any(images != 0, axis=1)]
    for row in range(len(crystals)):
        crystal = standard_primitive(crystals.select([row]), 0.01)
        lattice = supercell_matrix(crystal, length).T @ crystal.lattices[0]
        assert np.linalg.norm(images @ lattice, axis=1).min() >= length - 1e-4


@pytest.mark.parametrize(
    ('structure', 'edge', 'atoms'), [('diamond', 5.43, 64), ('fcc', 4.05, 32), ('bcc', 3.2, 54)]
)
def test_supercells_of_cubic_crystals_are_cubes(structure, edge, atoms, cubic, settings):
    """They are multiples of the conventional cell, no larger than they have to be."""
    crystal = standard_primitive(cubic(structure, edge), 0.01)
    supercells = displaced_supercells(crystal, settings())
    assert supercells.counts.tolist() == [atoms, atoms]
    lattice = supercells.lattices[0]
    np.testing.assert_allclose(lattice, lattice[0, 0] * np.eye(3), atol=1e-9)


def test_one_atom_moves_in_each_but_the_first(cubic, settings):
    """It moves by the displacement, and the recipe tells which and where."""
    crystal = standard_primitive(cubic('diamond', 5.43), 0.01)
    supercells = displaced_supercells(crystal, settings(displacement=0.03))
    coordinates = supercells.fractional_coordinates.reshape(2, -1, 3)
    moves = (coordinates[1] - coordinates[0]) @ supercells.lattices[0]
    recipe = supercells.metadata['supercells']['displacements'][0]
    assert np.flatnonzero(np.abs(moves).max(axis=1) > 1e-9).tolist() == [recipe['atom']]
    np.testing.assert_allclose(moves[recipe['atom']], recipe['displacement'], atol=1e-12)
    assert np.linalg.norm(recipe['displacement']) == pytest.approx(0.03)
