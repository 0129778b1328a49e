"""Laws of the moduli of polycrystals."""

import numpy as np
import pytest
from pymatgen.analysis.elasticity import ElasticTensor
from scipy.spatial.transform import Rotation

from aiida_crystalgen.science.stability.elasticity.kelvin import (
    from_kelvin,
    kelvin_rotations,
    to_kelvin,
)
from aiida_crystalgen.science.stability.elasticity.moduli import elastic_moduli


@pytest.fixture
def stiffness():
    """Return a triclinic stiffness that is stable."""
    matrix = np.random.default_rng(1).normal(size=(6, 6))
    return 20 * (matrix @ matrix.T) + 30 * np.eye(6)


def test_they_are_those_of_pymatgen(stiffness):
    """Averages, Poisson's ratio, Young's modulus and anisotropy agree."""
    ours, theirs = elastic_moduli(stiffness), ElasticTensor.from_voigt(stiffness)
    assert ours.bulk_modulus_voigt == pytest.approx(theirs.k_voigt)
    assert ours.bulk_modulus_reuss == pytest.approx(theirs.k_reuss)
    assert ours.bulk_modulus == pytest.approx(theirs.k_vrh)
    assert ours.shear_modulus_voigt == pytest.approx(theirs.g_voigt)
    assert ours.shear_modulus_reuss == pytest.approx(theirs.g_reuss)
    assert ours.shear_modulus == pytest.approx(theirs.g_vrh)
    assert ours.young_modulus == pytest.approx(theirs.y_mod / 1e9)
    assert ours.poisson_ratio == pytest.approx(theirs.homogeneous_poisson)
    assert ours.universal_anisotropy == pytest.approx(theirs.universal_anisotropy)


def test_they_do_not_depend_on_the_axes(stiffness):
    """A turned crystal has the same."""
    turn = kelvin_rotations(Rotation.random(1, random_state=2).as_matrix())[0]
    turned = from_kelvin(turn @ to_kelvin(stiffness) @ turn.T)
    expected = pytest.approx(elastic_moduli(stiffness).model_dump())
    assert elastic_moduli(turned).model_dump() == expected


def test_an_isotropic_crystal_has_its_own_moduli():
    """With Lamé's λ and μ, K = λ + 2μ/3, G = μ, ν = λ / 2(λ + μ), and there is no anisotropy."""
    lame, shear = 60.0, 40.0
    stiffness = shear * np.diag([2.0, 2, 2, 1, 1, 1])
    stiffness[:3, :3] += lame
    found = elastic_moduli(stiffness)
    assert found.bulk_modulus == pytest.approx(lame + 2 * shear / 3)
    assert found.shear_modulus == pytest.approx(shear)
    assert found.poisson_ratio == pytest.approx(lame / 2 / (lame + shear))
    assert found.universal_anisotropy == pytest.approx(0, abs=1e-12)


def test_an_unstable_crystal_has_none():
    """The message gives the smallest eigenvalue."""
    with pytest.raises(ValueError, match=r'smallest eigenvalue of the stiffness is -6 GPa'):
        elastic_moduli(np.diag([9.0, 9, 9, -3, 3, 3]))
