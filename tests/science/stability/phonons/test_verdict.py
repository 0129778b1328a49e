"""Which crystals are stable, and where others are not."""

import numpy as np
import pytest

from aiida_crystalgen.science.stability.phonons.analysis import analyse_phonons
from aiida_crystalgen.science.stability.phonons.points import (
    are_interpolated_from_gamma,
    star,
    star_names,
)
from aiida_crystalgen.science.stability.phonons.settings import VerdictSettings
from aiida_crystalgen.science.stability.phonons.verdict import judge_modes

GAMMA_TO_X = np.linspace(0, 0.5, 41)[:, None] * np.array([1.0, 0, 0])


@pytest.mark.parametrize(
    ('crystal', 'potential'),
    [
        (('diamond', 5.431), 'stillinger-weber'),
        (('diamond', 5.432), 'tersoff'),
        (('fcc', 3.994, 13), 'emt'),
    ],
)
def test_ground_states_are_stable(crystal, potential, cubic, by_potential, settings):
    """Diamond silicon and fcc aluminium have no imaginary mode anywhere."""
    summary = analyse_phonons(*by_potential(cubic(*crystal), potential), settings()).summary
    assert summary.verdict == 'stable'
    assert summary.imaginary_points == ()
    assert summary.smallest_frequency > -0.1


@pytest.mark.parametrize(('crystal', 'label'), [(('bcc', 3.25), 'N'), (('fcc', 4.15), 'L')])
def test_silicon_is_unstable_in_the_structures_of_metals(
    crystal, label, cubic, by_potential, settings
):
    """The softest mode is at a special point, far below zero."""
    summary = analyse_phonons(*by_potential(cubic(*crystal)), settings()).summary
    assert summary.verdict == 'imaginary'
    assert summary.label == summary.imaginary_points[0].label == label
    assert summary.smallest_frequency == summary.imaginary_points[0].frequency < -2


def test_only_the_stable_have_thermal_properties(cubic, by_potential, settings):
    """The free energy of an imaginary mode means nothing."""
    stable = analyse_phonons(*by_potential(cubic('diamond', 5.431)), settings())
    assert stable.thermal is not None
    assert analyse_phonons(*by_potential(cubic('fcc', 4.15)), settings()).thermal is None


@pytest.mark.parametrize(
    ('radius', 'acoustic_tolerance', 'verdict'),
    [(1.0, 2.0, 'acoustic noise'), (0.1, 2.0, 'imaginary'), (1.0, 0.1, 'imaginary')],
)
def test_noise_is_acoustic_small_and_near_gamma(radius, acoustic_tolerance, verdict, springs):
    """Springs whose sound is unstable, but nothing else, are noise only within both windows."""
    phonon = springs(1.0, -0.26)
    chosen = VerdictSettings(
        tolerance=0.1, acoustic_tolerance=acoustic_tolerance, acoustic_radius=radius
    )
    points = {'Γ': np.zeros(3), 'R': np.full(3, 0.5)}
    found = judge_modes(phonon, points, GAMMA_TO_X, chosen)
    assert found.smallest_acoustic_frequency < -0.1
    assert found.verdict == verdict
    assert (found.smallest_frequency < -0.1) == (verdict == 'imaginary')


@pytest.mark.parametrize(
    ('elastically_stable', 'verdict'),
    [(None, 'imaginary'), (False, 'imaginary'), (True, 'acoustic noise')],
)
def test_elastic_constants_decide_between_gamma_and_its_neighbours(
    elastically_stable, verdict, springs
):
    """All exact points are real; those between them are worth no more than the interpolation."""
    chosen = VerdictSettings(tolerance=0.1, acoustic_tolerance=0.1, acoustic_radius=0.2)
    found = judge_modes(
        springs(1.0, -0.26),
        {'Γ': np.zeros(3), 'R': np.full(3, 0.5)},
        GAMMA_TO_X,
        chosen,
        elastically_stable=elastically_stable,
    )
    assert found.interpolated
    assert found.imaginary_points == ()
    assert found.verdict == verdict


def test_elastic_constants_excuse_no_mode_of_the_supercell(springs):
    """What is imaginary at an exact point is so, however stiff the crystal is."""
    chosen = VerdictSettings(tolerance=0.1, acoustic_tolerance=0.1, acoustic_radius=0.2)
    points = {'Γ': np.zeros(3), 'R': np.full(3, 0.5)}
    found = judge_modes(springs(1.0, -0.5), points, GAMMA_TO_X, chosen, elastically_stable=True)
    assert not found.interpolated
    assert found.verdict == 'imaginary'


def test_points_nearer_gamma_than_its_neighbours_are_interpolated(springs):
    """With a supercell of five cells that is up to a tenth of a reciprocal vector, but not Γ."""
    q_points = np.array([[x, 0, 0] for x in (0.0, 0.05, 0.1, 0.11, 0.2, 0.5, 0.95, 1.0)])
    found = are_interpolated_from_gamma(springs(1.0), q_points)
    assert found.tolist() == [False, True, True, False, False, False, True, False]


def test_an_imaginary_optical_mode_at_gamma_is_no_noise(cubic, by_potential, evaluate, settings):
    """However wide the windows of acoustic noise are: its atoms do not move alike."""
    crystal, supercells, evaluated = by_potential(cubic('diamond', 5.431))
    opposite = evaluate(supercells, -evaluated.atom_columns['forces'].values)
    windows = {'tolerance': 0.1, 'acoustic_tolerance': 50.0, 'acoustic_radius': 50.0}
    summary = analyse_phonons(crystal, supercells, opposite, settings(verdict=windows)).summary
    gamma = next(one for one in summary.imaginary_points if one.label == 'Γ')
    assert (summary.verdict, summary.label) == ('imaginary', 'Γ')
    assert (gamma.modes, gamma.commensurate) == (3, True)


def test_symmetry_makes_points_equal(springs):
    """All corners of the cube's faces have one name."""
    phonon = springs(1.0)
    names = star_names(phonon, {'X': np.array([0, 0.5, 0]), 'R': np.full(3, 0.5)})
    for q_point in ([0.5, 0, 0], [0, 0, -0.5], [1.5, 0, 0]):
        assert names[star(phonon, np.array(q_point))] == 'X'
    assert star(phonon, np.array([0.25, 0.5, 0])) not in names
