"""Laws of Kelvin's notation."""

import numpy as np
import pytest
from pymatgen.analysis.elasticity import ElasticTensor
from pymatgen.core.operations import SymmOp
from scipy.spatial.transform import Rotation

from aiida_crystalgen.science.stability.elasticity.kelvin import (
    from_kelvin,
    kelvin_rotations,
    kelvin_vectors,
    to_kelvin,
    voigt_strain,
)

TURNS = Rotation.random(5, random_state=1).as_matrix()


def test_vectors_keep_the_scalar_product_and_turn_with_space():
    """The product of two tensors is that of their vectors, and turns are orthogonal matrices."""
    tensors = np.random.default_rng(2).normal(size=(5, 3, 3))
    tensors = tensors + tensors.mT
    vectors = kelvin_vectors(tensors)
    np.testing.assert_allclose((vectors**2).sum(axis=1), (tensors**2).sum(axis=(1, 2)))
    turned = kelvin_vectors(TURNS @ tensors @ TURNS.mT)
    matrices = kelvin_rotations(TURNS)
    np.testing.assert_allclose(np.einsum('nab,nb->na', matrices, vectors), turned, atol=1e-12)
    np.testing.assert_allclose(matrices @ matrices.mT, np.tile(np.eye(6), (5, 1, 1)), atol=1e-12)


def test_a_stiffness_turns_as_that_of_pymatgen():
    """Turning in Kelvin's notation is turning the tensor of rank four."""
    stiffness = np.random.default_rng(3).normal(size=(6, 6))
    stiffness = stiffness + stiffness.T
    turn = kelvin_rotations(TURNS[:1])[0]
    expected = ElasticTensor.from_voigt(stiffness).transform(
        SymmOp.from_rotation_and_translation(TURNS[0])
    )
    np.testing.assert_allclose(
        from_kelvin(turn @ to_kelvin(stiffness) @ turn.T), expected.voigt, atol=1e-10
    )


@pytest.mark.parametrize('component', range(6))
def test_a_strain_has_one_voigt_component(component):
    """A shear strain has half of it on either side of the diagonal."""
    strain = voigt_strain(component, 0.01)
    voigt = [strain[0, 0], strain[1, 1], strain[2, 2]]
    voigt += [2 * strain[1, 2], 2 * strain[0, 2], 2 * strain[0, 1]]
    np.testing.assert_allclose(voigt, 0.01 * np.eye(6)[component], atol=1e-15)
    np.testing.assert_array_equal(strain, strain.T)
