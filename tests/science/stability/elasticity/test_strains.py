"""Laws of strained crystals."""

import numpy as np
import pytest

from aiida_crystalgen.science.crystals import concatenate
from aiida_crystalgen.science.stability.elasticity import strained_crystals
from aiida_crystalgen.science.stability.elasticity.strains import deformations, needed_strains


def test_deformations_have_the_strain_and_no_rotation():
    """FᵀF = 1 + 2η for a symmetric F."""
    strains = np.random.default_rng(1).normal(scale=0.05, size=(20, 3, 3))
    strains = (strains + strains.mT) / 2
    found = deformations(strains)
    np.testing.assert_allclose(found.mT @ found, np.eye(3) + 2 * strains, atol=1e-12)
    np.testing.assert_allclose(found, found.mT, atol=1e-14)


@pytest.mark.parametrize(
    ('number', 'strains'),
    [(1, 12), (14, 10), (62, 9), (141, 6), (88, 6), (167, 6), (148, 6), (194, 5), (227, 3)],
)
def test_symmetry_saves_strains(number, strains, point_group_of):
    """Fewer components are needed, and those that it turns round with one sign only."""
    found = needed_strains(point_group_of(number), 0.01)
    assert len(found) == strains
    np.testing.assert_array_equal(np.sort(np.abs(found).max(axis=(1, 2))) > 0.004, True)


def test_row_0_is_the_crystal_and_others_have_their_strains(cubic, make_settings):
    """Metrics of the strained cells are L (1 + 2η) Lᵀ, and atoms follow them."""
    silicon = cubic('diamond', 5.43)
    strained = strained_crystals(silicon, make_settings(magnitudes=[0.01, 0.02]))
    assert len(strained) == 7
    np.testing.assert_allclose(strained.lattices[:1], silicon.lattices, atol=1e-12)
    lattice = silicon.lattices[0]
    metrics = lattice @ (np.eye(3) + 2 * strained['strain']) @ lattice.T
    np.testing.assert_allclose(strained.lattices @ strained.lattices.mT, metrics, atol=1e-10)
    fractions = strained.fractional_coordinates.reshape(7, -1, 3)
    np.testing.assert_array_equal(fractions - silicon.fractional_coordinates, 0)


def test_several_crystals_are_refused(cubic, make_settings):
    """Constants are those of one crystal."""
    with pytest.raises(ValueError, match='there are 2'):
        strained_crystals(concatenate([cubic('sc', 3.0)] * 2), make_settings())
