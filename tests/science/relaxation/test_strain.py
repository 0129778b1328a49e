"""Laws of the strain."""

import numpy as np
import pytest
from scipy.linalg import expm

from aiida_crystalgen.science.relaxation.strain import deformations, strain_forces


@pytest.fixture(params=[0.0, 1e-9, 0.3])
def strains(request):
    """Return symmetric matrices of this size, some with equal eigenvalues."""
    raw = np.random.default_rng(1).normal(size=(5, 3, 3))
    return request.param * np.concatenate([raw + raw.mT, np.eye(3)[None], np.diag([1, 1, 2])[None]])


def test_deformations_are_exponentials(strains):
    """They are those of the matrix exponential."""
    np.testing.assert_allclose(deformations(strains), [expm(one) for one in strains], atol=1e-12)


def test_traceless_strains_keep_the_volume(strains):
    """The determinant is the exponential of the trace, so that no cell turns inside out."""
    traces = np.trace(strains, axis1=1, axis2=2)
    np.testing.assert_allclose(np.linalg.det(deformations(strains)), np.exp(traces))


def test_strain_forces_are_the_slope_of_the_energy(strains):
    """For an energy of the deformation, they are minus its derivative by the strain."""
    target = np.random.default_rng(2).normal(size=(3, 3))

    def energies(deformed):
        return (target * (deformed @ deformed.mT)).sum(axis=(1, 2))

    # With F → (1 + ε) F the energy of F Fᵀ changes by ε · (target + targetᵀ) F Fᵀ.
    shapes = deformations(strains)
    virials = -(target + target.T) @ shapes @ shapes.mT
    found = strain_forces(strains, virials)
    for i, j in ((0, 0), (0, 1), (1, 2)):
        step = np.zeros((3, 3))
        step[i, j] = step[j, i] = 1e-5
        change = energies(deformations(strains + step)) - energies(deformations(strains - step))
        forces = found[:, i, j] * (1 if i == j else 2)
        np.testing.assert_allclose(forces, -change / 2e-5, rtol=1e-7, atol=1e-7)


def test_at_rest_the_force_is_the_virial():
    """Without strain, the force on it is the virial itself."""
    virial = np.array([[[1.0, 2, 3], [2, 4, 5], [3, 5, 6]]])
    np.testing.assert_allclose(strain_forces(np.zeros((1, 3, 3)), virial), virial)
