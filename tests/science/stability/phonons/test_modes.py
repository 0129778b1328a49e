"""Laws of structures along imaginary modes."""

import numpy as np
import pytest

from aiida_crystalgen.science.potentials.interface import load_potential
from aiida_crystalgen.science.stability.phonons.analysis import analyse_phonons
from aiida_crystalgen.science.stability.phonons.modes import (
    commensurate_supercell,
    displaced_crystals,
)
from aiida_crystalgen.science.symmetry.analysis import space_groups

LATTICE = np.array([[3.0, 0, 0], [1.5, 2.6, 0], [0.3, 0.4, 5.0]])


@pytest.mark.parametrize(
    ('q_point', 'cells'),
    [
        ((0.0, 0.0, 0.0), 1),
        ((0.5, 0.0, 0.0), 2),
        ((0.5, 0.5, 0.5), 2),
        ((1 / 3, 1 / 3, 0.0), 3),
        ((0.25, -0.5, 0.75), 4),
        ((0.5, 1 / 3, 0.0), 6),
    ],
)
def test_the_wave_fits_into_the_smallest_supercell(q_point, cells):
    """Along each of its vectors the phase is whole, and no supercell is smaller."""
    matrix = commensurate_supercell(LATTICE, q_point)
    assert round(np.linalg.det(matrix)) == cells
    phases = matrix @ np.array(q_point)
    np.testing.assert_allclose(phases, np.rint(phases), atol=1e-9)


def test_waves_that_fit_nowhere_are_refused():
    """The message gives the q-point."""
    with pytest.raises(ValueError, match=r'holds the wave at \(0.123, 0.0, 0.0\)'):
        commensurate_supercell(LATTICE, (0.123, 0.0, 0.0))


@pytest.fixture
def followed(cubic, by_potential, settings):
    """Return fcc silicon, the crystals along its imaginary modes, and the settings."""
    chosen = settings()
    crystal, supercells, evaluated = by_potential(cubic('fcc', 4.15))
    analysis = analyse_phonons(crystal, supercells, evaluated, chosen)
    displaced = displaced_crystals(analysis.harmonic, analysis.summary, chosen.following)
    return crystal, displaced, chosen.following


def test_the_energy_falls_along_the_softest_mode(followed):
    """The softest comes first, and the curvature is that of its frequency."""
    crystal, displaced, _ = followed
    potential = load_potential('stillinger-weber')
    energies = potential.evaluate(displaced).energies / displaced.counts
    assert displaced['label'][0] == 'L'
    assert energies[0] < potential.evaluate(crystal).energies[0] - 1e-3


def test_the_amplitude_is_that_of_the_atom_that_moves_most(followed):
    """In the smallest supercell of L the two atoms move against each other by as much."""
    _, displaced, settings = followed
    assert displaced.counts[0] == 2
    atoms = displaced.atoms(0)
    difference = np.diff(displaced.fractional_coordinates[atoms], axis=0)[0]
    images = np.array(list(np.ndindex(5, 5, 5))) - 2
    vectors = (difference + images) @ displaced.lattices[0]
    shortest = np.linalg.norm(vectors, axis=1).min()
    fcc = 4.15 / np.sqrt(2)
    assert fcc - 2 * settings.amplitude <= shortest < fcc


def test_modes_break_symmetry(followed):
    """The space group is another one, of fewer operations."""
    crystal, displaced, _ = followed
    assert space_groups(crystal, 1e-3).tolist() == [225]
    assert (space_groups(displaced, 1e-3) < 225).all()


def test_stable_crystals_have_no_mode_to_follow(cubic, by_potential, settings):
    """The refusal says what the verdict is."""
    analysis = analyse_phonons(*by_potential(cubic('diamond', 5.431)), settings())
    with pytest.raises(ValueError, match='the verdict is stable'):
        displaced_crystals(analysis.harmonic, analysis.summary, settings().following)
