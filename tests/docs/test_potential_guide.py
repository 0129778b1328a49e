"""The potential of the guide follows the conventions that the guide states."""

import numpy as np
import pytest

from aiida_crystalgen.science.crystals import CrystalSet


@pytest.fixture
def argon(blocks):
    """Return the potential of the guide."""
    [code] = [one for one in blocks('howto/own_potential.md') if one.language == 'python']
    names = {}
    exec(code.text, names)  # noqa: S102
    return names['Argon']('lj-argon')


def fcc(constant, strain=0.0, number=18):
    """Return a primitive cell of a face-centred cubic crystal, strained along x."""
    lattice = constant / 2 * (np.ones((3, 3)) - np.eye(3))
    lattice[:, 0] *= 1 + strain
    return CrystalSet(lattice[None], np.zeros((1, 3)), np.array([number]), np.array([1]))


def test_stress_is_the_derivative_of_the_energy(argon):
    """Energy, strain and stress agree, so that a compressed crystal has a negative trace."""
    step = 1e-4
    above, below = (argon.evaluate(fcc(5.0, one)).energies[0] for one in (step, -step))
    stress = argon.evaluate(fcc(5.0)).stresses[0]
    assert stress[0, 0] == pytest.approx((above - below) / (2 * step * 5.0**3 / 4), rel=1e-3)
    assert np.trace(stress) < 0


def test_unknown_element_is_named(argon):
    """An element that the potential does not know is refused."""
    with pytest.raises(ValueError, match='argon only'):
        argon.evaluate(fcc(5.4, number=10))
