"""Laws of the density of states and of thermal properties."""

import numpy as np
import pytest
from scipy import constants

from aiida_crystalgen.science.stability.phonons.force_constants import fit_force_constants
from aiida_crystalgen.science.stability.phonons.settings import TemperatureSettings
from aiida_crystalgen.science.stability.phonons.spectrum import (
    mesh_modes,
    modes_at,
    thermal_properties,
)

TEMPERATURES = TemperatureSettings(highest=3000.0, step=100.0)


@pytest.fixture
def diamond(cubic, by_potential):
    """Return diamond silicon with its force constants."""
    return fit_force_constants(*by_potential(cubic('diamond', 5.431)))


def test_the_density_counts_all_modes(diamond):
    """Its integral is the number of modes."""
    mesh = mesh_modes(diamond, 30.0, 0.05)
    integral = np.trapezoid(mesh.density_of_states, mesh.pitched_frequencies)
    assert integral == pytest.approx(6, rel=1e-2)


def test_acoustic_modes_at_gamma_are_translations(diamond):
    """Of the six modes three move all atoms alike, and those have no frequency."""
    modes = modes_at(diamond, np.zeros((1, 3)))
    np.testing.assert_allclose(modes.translation[0], [1, 1, 1, 0, 0, 0], atol=1e-9)
    np.testing.assert_allclose(modes.frequencies[0, :3], 0, atol=1e-4)


def test_thermal_properties_obey_the_laws(diamond):
    """Dulong and Petit's when it is hot, the third law when it is cold, S = −∂F/∂T between."""
    mesh = mesh_modes(diamond, 20.0, 0.1)
    found = thermal_properties(mesh, TEMPERATURES, 0.01)
    assert found.heat_capacity[-1] == pytest.approx(3, rel=2e-2)
    assert found.entropy[0] == found.heat_capacity[0] == 0
    boltzmann = constants.value('Boltzmann constant in eV/K')
    slopes = np.gradient(found.free_energy, found.temperatures) / boltzmann
    np.testing.assert_allclose(-slopes[5:-1], found.entropy[5:-1], rtol=5e-3)


def test_thermal_properties_are_those_of_phonopy(diamond):
    """Where they count the same modes, energies and entropies agree."""
    mesh = mesh_modes(diamond, 20.0, 0.1)
    found = thermal_properties(mesh, TEMPERATURES, 0.01)
    diamond.run_thermal_properties(temperatures=found.temperatures, cutoff_frequency=0.01)
    theirs = diamond.thermal_properties
    gas = constants.R
    np.testing.assert_allclose(found.heat_capacity, theirs.heat_capacity / gas / 2, atol=1e-5)
    np.testing.assert_allclose(found.entropy, theirs.entropy / gas / 2, atol=1e-4)
    per_ev = constants.eV * constants.Avogadro / 1000
    np.testing.assert_allclose(found.free_energy, theirs.free_energy / per_ev / 2, atol=1e-5)
