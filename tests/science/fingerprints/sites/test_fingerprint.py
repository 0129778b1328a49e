"""What the fingerprints of sites tell, and what they do not depend on."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import i0

from aiida_crystalgen.science.crystals import concatenate
from aiida_crystalgen.science.fingerprints.sites import (
    Augmentation,
    SiteSettings,
    inequivalent_sites,
    nearest_distances,
    relative_sizes,
    site_fingerprints,
)
from aiida_crystalgen.science.structures import to_structure

PAPER = {'cutoff': 6.0, 'bins': 1024, 'points': 256, 'window': 128, 'shape': 14.0}
SETTINGS = SiteSettings(**PAPER, offsets=(0.05, 0.10, 0.15))
CENTRED = SiteSettings(**PAPER, offsets=(0.0,))
ROCK_SALT = np.array([[0, 0, 0], [0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]])


def seen(crystals, settings=SETTINGS):
    """Return the fingerprints of all inequivalent sites, at rest."""
    return site_fingerprints(crystals, inequivalent_sites(crystals, 0.01), settings)


@pytest.fixture
def rock_salt(crystal):
    """Return a function that makes a crystal of rock salt."""
    places = np.concatenate([ROCK_SALT, ROCK_SALT + 0.5])
    return lambda edge, numbers: crystal(edge * np.eye(3), places, np.repeat(numbers, 4))


@pytest.mark.parametrize('name', ['sc', 'bcc', 'fcc', 'diamond'])
def test_first_peak_is_at_one(cubic, name):
    """The nearest neighbours are at distance 1 of an atom that is looked at from its own place."""
    table = seen(cubic(name, 4.2), CENTRED)[0, 0]
    peak = np.flatnonzero((table[1:-1] > table[:-2]) & (table[1:-1] >= table[2:]))[0] + 1
    assert abs(CENTRED.radii[peak] - 1) <= CENTRED.cutoff / CENTRED.points / 2 + 1e-9


@pytest.mark.parametrize(
    ('name', 'neighbors'), [('sc', 6), ('bcc', 8), ('fcc', 12), ('diamond', 4)]
)
def test_first_peak_holds_the_nearest_neighbors(cubic, name, neighbors):
    """The area below the first peak is the number of nearest neighbours."""
    narrow = SiteSettings(**{**PAPER, 'window': 32}, offsets=(0.0,))
    table = seen(cubic(name, 4.2), narrow)[0, 0]
    area = table[narrow.radii < 1.07].sum() * narrow.cutoff / narrow.points
    assert area == pytest.approx(neighbors, rel=1e-3)


def test_scale_does_not_matter(rock_salt):
    """NaCl and LaAs are the same after normalization (figure 2 of the paper)."""
    first, second = seen(rock_salt(5.64, [11, 17])), seen(rock_salt(6.15, [57, 33]))
    assert np.allclose(first, second, rtol=1e-4, atol=1e-3)


def test_both_sites_of_rock_salt_are_alike(rock_salt):
    """Elements do not count."""
    sodium, chlorine = seen(rock_salt(5.64, [11, 17]))
    assert np.allclose(sodium, chlorine, rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize('change', [[[1, 0, 0], [3, 1, 0], [-2, 1, 1]], np.diag([2, 1, 3])])
def test_cell_and_supercell_do_not_matter(random_set, crystal, change):
    """Another cell of the same lattice, or a supercell, shows the same surroundings."""
    one = random_set(1, 3, elements=(8, 14, 22))
    change = np.array(change)
    times = [[i, 0, k] for i in range(2) for k in range(3)]
    shifts = np.array(times if abs(np.linalg.det(change)) > 1.5 else [[0, 0, 0]])
    fractions = (one.fractional_coordinates[None] + shifts[:, None]).reshape(-1, 3)
    other = crystal(
        change @ one.lattices[0],
        fractions @ np.linalg.inv(change),
        np.tile(one.atomic_numbers, len(shifts)),
    )
    sites = replace(inequivalent_sites(one, 0.01), atoms=np.arange(3))
    first, second = (
        site_fingerprints(one, sites, SETTINGS),
        site_fingerprints(other, sites, SETTINGS),
    )
    assert np.allclose(first, second, rtol=1e-4, atol=1e-2)


def test_plain_loop_agrees(random_set):
    """Pymatgen's neighbours, smeared one by one, give the same table."""
    crystals = random_set(1, 4)
    structure = to_structure(crystals, 0)
    nearest = min(one.nn_distance for one in structure.get_neighbors(structure[0], 6))
    steepness, half = np.pi * SETTINGS.shape, SETTINGS.window / 2 * SETTINGS.cutoff / SETTINGS.bins
    expected = np.zeros((SETTINGS.perspectives, SETTINGS.points))
    for neighbor in structure.get_neighbors(structure[0], SETTINGS.reach * nearest):
        vector = (neighbor.coords - structure[0].coords) / nearest
        for row, origin in enumerate(SETTINGS.origins):
            places = (SETTINGS.radii - np.linalg.norm(vector - origin)) / half
            expected[row] += np.where(
                abs(places) < 1, i0(steepness * np.sqrt(np.clip(1 - places**2, 0, 1))), 0
            )
    grid = np.linspace(-1, 1, 20001)
    expected /= i0(steepness * np.sqrt(1 - grid**2)).mean() * 2 * half
    found = seen(crystals)[0]
    assert np.abs(found - expected).max() < 5e-3 * expected.max()


def test_keeping_few_points_cuts_off_high_frequencies(cubic):
    """Points between those that are kept follow from the Fourier series of those that are."""
    fine = SiteSettings(**{**PAPER, 'points': 1024}, offsets=(0.0,))
    all_points, kept = (
        seen(cubic('diamond', 5.4), fine)[0, 0],
        seen(cubic('diamond', 5.4), CENTRED)[0, 0],
    )
    assert np.array_equal(all_points[::4], kept)
    spectrum = np.abs(np.fft.rfft(all_points * np.hanning(1024)))
    assert spectrum[128:].max() < 1e-4 * spectrum.max()


def test_augmentation_turns_and_shakes_a_site_by_its_key_alone(random_set):
    """A site looks the same in another batch, and different for another key."""
    crystals = random_set(4, 3)
    sites = inequivalent_sites(crystals, 0.01)
    keys = np.arange(len(sites), dtype=np.uint64)
    together = site_fingerprints(crystals, sites, SETTINGS, None, Augmentation(keys, 0.01))
    last = crystals.select([3])
    of_last = inequivalent_sites(last, 0.01)
    alone = site_fingerprints(last, of_last, SETTINGS, None, Augmentation(keys[-3:], 0.01))
    assert np.allclose(together[-3:], alone, rtol=1e-5, atol=1e-4)
    other = site_fingerprints(last, of_last, SETTINGS, None, Augmentation(keys[:3], 0.01))
    assert np.abs(alone - other).max() > 1


def test_mean_over_perspectives_hardly_knows_the_orientation(random_set):
    """Turning the tetrahedra changes the mean of the four tables of a set by little."""
    crystals = random_set(2, 4)
    sites = inequivalent_sites(crystals, 0.01)
    means = [
        site_fingerprints(crystals, sites, SETTINGS, None, Augmentation(keys, 0.0))
        .reshape(len(sites), 3, 4, -1)
        .mean(axis=2)
        for keys in np.arange(2 * len(sites), dtype=np.uint64).reshape(2, -1)
    ]
    assert np.abs(means[0] - means[1]).mean() < 0.05 * means[0].mean()


def test_nearest_distances_are_those_of_pymatgen(random_set):
    """Each atom's nearest neighbour, images included."""
    crystals = random_set(3, 4)
    expected = [
        min(one.nn_distance for one in structure.get_neighbors(site, 8))
        for structure in (to_structure(crystals, row) for row in range(3))
        for site in structure
    ]
    assert np.allclose(nearest_distances(crystals), expected)


def test_relative_sizes_compare_with_the_shortest_distance(random_set):
    """The site with the shortest distance of its crystal has the relative size 1."""
    crystals = concatenate([random_set(1, 5), random_set(1, 5, seed=1)])
    sites = inequivalent_sites(crystals, 0.01)
    sizes = relative_sizes(sites, nearest_distances(crystals))
    assert sizes.max() == 1
    assert (np.bincount(sites.crystals, sizes == 1) >= 1).all()


def test_sites_are_orbits(rock_salt):
    """Rock salt has two sites of four atoms each."""
    sites = inequivalent_sites(rock_salt(5.64, [11, 17]), 0.01)
    assert sites.multiplicities.tolist() == [4, 4]
    assert sorted(sites.letters) == ['a', 'b']
    assert sites.space_groups.tolist() == [225]


def test_atoms_upon_each_other_are_refused(crystal):
    """Nothing can be normalized by a distance of zero."""
    broken = crystal(4 * np.eye(3), [[0, 0, 0], [0, 0, 0]])
    with pytest.raises(ValueError, match='two atoms'):
        seen(broken)


@pytest.mark.parametrize(
    ('changes', 'message'),
    [({'points': 300}, 'does not divide'), ({'offsets': (0.9,)}, 'between 0 and')],
)
def test_impossible_settings_are_refused(changes, message):
    """Points divide the bins, and origins stay near their atom."""
    with pytest.raises(ValueError, match=message):
        SiteSettings.parse({**PAPER, 'offsets': (0.05,), **changes})
