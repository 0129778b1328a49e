"""Laws of point groups and of what they leave of the elastic constants."""

import numpy as np
import pytest

from aiida_crystalgen.science.stability.elasticity.born import crystal_class
from aiida_crystalgen.science.stability.elasticity.kelvin import kelvin_rotations
from aiida_crystalgen.science.stability.elasticity.point_group import (
    allowed_stiffnesses,
    point_group,
)
from aiida_crystalgen.science.symmetry.standard import standard_primitive

# Nye, Physical Properties of Crystals (1957), table 9.
CONSTANTS = {
    'triclinic': 21,
    'monoclinic': 13,
    'orthorhombic': 9,
    'tetragonal II': 7,
    'tetragonal I': 6,
    'rhombohedral II': 7,
    'rhombohedral I': 6,
    'hexagonal': 5,
    'cubic': 3,
}


def test_every_space_group_has_the_constants_of_its_class(point_group_of):
    """The number of independent constants of all 230 space groups is that of the textbook."""
    for number in range(1, 231):
        allowed = allowed_stiffnesses(point_group_of(number))
        assert len(allowed) == CONSTANTS[crystal_class(number)], number


@pytest.mark.parametrize('number', [1, 14, 62, 88, 141, 148, 167, 194, 227])
def test_allowed_stiffnesses_are_left_alone_and_orthonormal(number, point_group_of):
    """No operation of the group changes them."""
    rotations = point_group_of(number)
    allowed = allowed_stiffnesses(rotations)
    turns = kelvin_rotations(rotations)[:, None]
    np.testing.assert_allclose(turns @ allowed @ turns.mT - allowed, 0, atol=1e-10)
    products = np.einsum('kab,lab->kl', allowed, allowed)
    np.testing.assert_allclose(products, np.eye(len(allowed)), atol=1e-10)


def test_the_point_group_of_a_turned_crystal_is_turned(crystal):
    """Diamond has 48 orthogonal operations, in whatever axes its lattice is given."""
    turn = np.linalg.qr(np.random.default_rng(1).normal(size=(3, 3)))[0]
    lattice = 2.7 * (1 - np.eye(3))
    sites = [[0, 0, 0], [0.25, 0.25, 0.25]]
    number, rotations = point_group(crystal(lattice, sites), 1e-3)
    _, turned = point_group(crystal(lattice @ turn.T, sites), 1e-3)
    assert (number, len(rotations)) == (227, 48)
    np.testing.assert_allclose(turned, turn @ rotations @ turn.T, atol=1e-8)


def standard_rotations(crystal, lattice, sites):
    """Return the point group of the standard primitive cell of a turned crystal."""
    turn = np.linalg.qr(np.random.default_rng(4).normal(size=(3, 3)))[0]
    standard = standard_primitive(crystal(np.array(lattice) @ turn.T, sites), 1e-3)
    return point_group(standard, 1e-3)


def test_the_unique_axis_of_a_monoclinic_cell_is_along_y(crystal):
    """A twofold axis of a standard cell is there, whatever axes the crystal was given in."""
    lattice = [[5.0, 0, 0], [0, 4.0, 0], [-1.5, 0, 6.0]]
    sites = [[0.1, 0.2, 0.3], [-0.1, 0.2, -0.3], [0.1, -0.2, 0.3], [-0.1, -0.2, -0.3]]
    number, rotations = standard_rotations(crystal, lattice, sites)
    assert crystal_class(number) == 'monoclinic'
    assert np.isclose(rotations, np.diag([-1.0, 1.0, -1.0]), atol=1e-6).all(axis=(1, 2)).any()


def test_the_main_axis_of_a_rhombohedral_cell_is_along_z(crystal):
    """Threefold axes of a standard primitive cell leave z alone."""
    lattice = 3 * (np.eye(3) + 0.3)
    number, rotations = standard_rotations(crystal, lattice, [[0.2, 0.2, 0.2], [0.8, 0.8, 0.8]])
    assert crystal_class(number) == 'rhombohedral I'
    np.testing.assert_allclose(np.abs(rotations[:, 2]), [[0, 0, 1]] * 12, atol=1e-6)


def test_atoms_in_one_place_are_refused(crystal):
    """The message gives the tolerance."""
    with pytest.raises(ValueError, match=r'no space group within 0\.1 Å'):
        point_group(crystal(3 * np.eye(3), [[0, 0, 0], [0, 0, 0.001]]), 0.1)
