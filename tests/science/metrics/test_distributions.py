"""Distances between distributions."""

import numpy as np
import pytest
from scipy.linalg import sqrtm

from aiida_crystalgen.science.metrics.distributions import (
    densities,
    diversity,
    element_counts,
    frechet_distance,
    wasserstein,
)
from aiida_crystalgen.science.structures import to_structure


def points(number, features, *, seed=0):
    """Return points of a normal distribution with correlations."""
    generator = np.random.default_rng(seed)
    return generator.normal(size=(number, features)) @ generator.normal(size=(features, features))


def test_equal_sets_have_no_distance():
    """Fréchet and Wasserstein distances of a set to itself are zero."""
    some = points(200, 5)
    assert frechet_distance(some, some) == pytest.approx(0, abs=1e-10)
    assert wasserstein(some[:, 0], some[::-1, 0]) == 0


@pytest.mark.parametrize(('shift', 'scale'), [(0.0, 2.0), (1.5, 1.0), (1.0, 3.0)])
def test_frechet_distance_of_scaled_sets_is_the_closed_form(shift, scale):
    """For x and s x + d it is |Δμ|² + (1 − s)² tr C."""
    some = points(300, 4)
    other = scale * some + shift
    moved = ((other.mean(axis=0) - some.mean(axis=0)) ** 2).sum()
    expected = moved + (1 - scale) ** 2 * np.trace(np.cov(some, rowvar=False))
    assert frechet_distance(some, other) == pytest.approx(expected)


def test_frechet_distance_is_that_of_the_published_code():
    """The trace of scipy's matrix square root, with the squared distance of the means."""
    first, second = points(100, 6), points(80, 6, seed=1)
    one, other = (np.cov(some, rowvar=False) for some in (first, second))
    moved = ((first.mean(axis=0) - second.mean(axis=0)) ** 2).sum()
    expected = moved + np.trace(one + other - 2 * np.real(sqrtm(one @ other)))
    assert frechet_distance(first, second) == pytest.approx(expected)


def test_frechet_distance_bears_constant_features():
    """Features that never vary, of which fingerprints have many, do no harm."""
    some = np.concatenate([points(50, 3), np.zeros((50, 2))], axis=1)
    assert frechet_distance(some, some + np.array([0, 0, 0, 2, 0])) == pytest.approx(4)


def test_frechet_distance_needs_two_points():
    """One point has no covariance."""
    with pytest.raises(ValueError, match='two points'):
        frechet_distance(points(1, 3), points(9, 3))


def test_wasserstein_distance_of_a_shift_is_the_shift():
    """So it is for every distribution."""
    assert wasserstein(np.array([0.0, 1, 5]), np.array([2.0, 3, 7])) == pytest.approx(2)


def test_diversity_is_the_mean_distance():
    """Of three points on a line, and of a single one."""
    assert diversity(np.array([[0.0], [1], [3]])) == pytest.approx(2)
    assert diversity(np.array([[1.0]])) == 0


def test_densities_and_element_counts_are_those_of_pymatgen(random_set):
    """On crystals of several elements."""
    crystals = random_set(10, 4, elements=(3, 8, 26))
    structures = [to_structure(crystals, row) for row in range(10)]
    assert np.allclose(densities(crystals), [float(one.density) for one in structures], rtol=1e-4)
    assert element_counts(crystals).tolist() == [len(one.elements) for one in structures]
