"""Laws of the fit of a stiffness to stresses."""

import numpy as np
import pytest
from pymatgen.analysis.elasticity import ElasticTensor, Strain, Stress

from aiida_crystalgen.science.stability.elasticity.strains import deformations, needed_strains
from aiida_crystalgen.science.stability.elasticity.tensor import (
    fit_stiffness,
    piola_kirchhoff_stresses,
)


def cauchy(strains, second):
    """Return Cauchy's stresses for second Piola–Kirchhoff ones."""
    deformed = deformations(strains)
    return deformed @ second @ deformed / np.linalg.det(deformed)[:, None, None]


def linear(stiffness, strains):
    """Return the stresses C η."""
    return np.einsum('ijkl,nkl->nij', ElasticTensor.from_voigt(stiffness), strains)


def quadratic(strains):
    """Return stresses that are the same for both signs of a strain."""
    return 1000 * strains @ strains


def test_pressure_in_closed_form():
    """A cube of edge s under the pressure p has T = −p s."""
    edges = np.array([0.9, 1.0, 1.1])
    strains = (edges**2 - 1)[:, None, None] / 2 * np.eye(3)
    stresses = np.tile(-7.0 * np.eye(3), (3, 1, 1))
    expected = -7.0 * edges[:, None, None] * np.eye(3)
    np.testing.assert_allclose(piola_kirchhoff_stresses(stresses, strains), expected, atol=1e-12)


@pytest.mark.parametrize('number', [1, 14, 62, 88, 141, 148, 149, 167, 194, 227])
def test_the_stiffness_comes_back(number, point_group_of, random_stiffness):
    """Fewest strains give back a stiffness of every class, under stress and anharmonic ones too."""
    rotations = point_group_of(number)
    stiffness = random_stiffness(number, np.random.default_rng(number))
    strains = needed_strains(rotations, 0.01)
    residual = np.eye(3)
    second = linear(stiffness, strains) + quadratic(strains) + residual
    fit = fit_stiffness(strains, cauchy(strains, second), residual, rotations)
    np.testing.assert_allclose(fit.stiffness, stiffness, atol=1e-8)


def test_it_is_the_fit_of_pymatgen(point_group_of):
    """Without symmetry to use, and with as many strains, the least squares are the same."""
    generator = np.random.default_rng(5)
    strains = needed_strains(point_group_of(1), 0.01)
    matrix = generator.normal(size=(6, 6), scale=50)
    stresses = linear(matrix + matrix.T, strains)
    fit = fit_stiffness(strains, cauchy(strains, stresses), np.zeros((3, 3)), np.eye(3)[None])
    with pytest.warns(UserWarning, match='use with caution'):
        theirs = ElasticTensor.from_pseudoinverse(
            [Strain(one) for one in strains], [Stress(one) for one in stresses]
        )
    np.testing.assert_allclose(fit.stiffness, theirs.voigt, atol=1e-8)
    assert fit.misfit < 1e-10


def test_misfit_is_relative_to_the_largest_stress(point_group_of):
    """A quadratic part as large as the linear one is half of the largest stress."""
    strains = needed_strains(point_group_of(227), 0.01)
    second = linear(10 * np.eye(6), strains) + quadratic(strains)
    fit = fit_stiffness(strains, cauchy(strains, second), np.zeros((3, 3)), point_group_of(227))
    assert fit.misfit == pytest.approx(0.5, abs=0.01)


def test_too_few_strains_are_refused(point_group_of):
    """The message says how many constants are not determined."""
    rotations = point_group_of(227)
    strains = needed_strains(rotations, 0.01)[:2]
    with pytest.raises(ValueError, match='determine only 2 of the 3 independent'):
        fit_stiffness(strains, 100 * strains, np.zeros((3, 3)), rotations)
