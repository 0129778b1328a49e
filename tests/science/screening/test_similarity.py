"""Pearson distances of fingerprints."""

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from aiida_crystalgen.science.screening.similarity import nearest, pearson_distances


@pytest.fixture
def fingerprints():
    """Return a function that makes fingerprints that look like radial distribution functions."""

    def make(number, points=200, seed=0):
        generator = np.random.default_rng(seed)
        return generator.normal(1, 0.7, (number, points)).clip(min=0)

    return make


def test_distances_are_one_minus_the_correlation(fingerprints):
    """Numpy and scipy give the same."""
    first, second = fingerprints(20), fingerprints(30, seed=1)
    distances = pearson_distances(first, second)
    assert distances == pytest.approx(1 - np.corrcoef(first, second)[:20, 20:], abs=1e-12)
    assert distances == pytest.approx(cdist(first, second, 'correlation'), abs=1e-12)


def test_scale_and_offset_do_not_matter(fingerprints):
    """A fingerprint is alike any multiple of itself, and most unlike its mirror image."""
    values = fingerprints(3)
    assert np.diag(pearson_distances(values, 5 * values + 2)) == pytest.approx(0, abs=1e-12)
    assert np.diag(pearson_distances(values, -values)) == pytest.approx(2, abs=1e-12)


def test_distances_stay_in_their_range(fingerprints):
    """Rounding never makes a distance negative or larger than two."""
    values = fingerprints(200, points=20)
    distances = pearson_distances(values, np.concatenate([values, -values]))
    assert distances.min() >= 0
    assert distances.max() <= 2


@pytest.mark.parametrize('value', [0.0, 1.0, 0.1, -3e5])
def test_constant_fingerprint_is_like_nothing(fingerprints, value):
    """What does not vary has distance one from everything, itself included."""
    constant = np.full((1, 200), value)
    others = np.concatenate([fingerprints(5), constant])
    assert pearson_distances(constant, others) == pytest.approx(np.ones((1, 6)))
    assert nearest(constant, others)[1].tolist() == [1.0]


@pytest.mark.parametrize('dtype', [np.float32, np.float64])
def test_nearest_is_the_least_distance(fingerprints, dtype):
    """Searching in blocks finds the least of all distances."""
    candidates = fingerprints(2500).astype(dtype)
    references = fingerprints(61, seed=1).astype(dtype)
    rows, found = nearest(candidates, references)
    distances = pearson_distances(candidates, references)
    assert rows.tolist() == distances.argmin(axis=1).tolist()
    assert found == pytest.approx(distances.min(axis=1), abs=1e-6)


def test_first_of_equal_references_counts(fingerprints):
    """Of references that are alike up to rounding, the first is named."""
    references = fingerprints(40)
    repeated = np.concatenate([references, references * (1 + 1e-9), references])
    rows, distances = nearest(references, repeated)
    assert rows.tolist() == list(range(40))
    assert distances == pytest.approx(0, abs=1e-12)


def test_small_variations_count_in_full(fingerprints):
    """Fingerprints that hardly vary beside their mean are compared by how they vary."""
    references = fingerprints(30)
    rows, distances = nearest(1e4 + references, references)
    assert rows.tolist() == list(range(30))
    assert distances == pytest.approx(0, abs=1e-9)


def test_bits_do_not_depend_on_the_block(fingerprints):
    """A candidate gives the same bits alone and among others."""
    candidates, references = fingerprints(1200), fingerprints(20, seed=1)
    rows, distances = nearest(candidates, references)
    some, theirs = nearest(candidates[777:], references)
    assert some.tolist() == rows[777:].tolist()
    assert theirs.tolist() == distances[777:].tolist()


def test_no_candidates_have_no_nearest(fingerprints):
    """An empty set is no error."""
    rows, distances = nearest(fingerprints(0), fingerprints(3))
    assert len(rows) == len(distances) == 0


def test_no_references_are_refused(fingerprints):
    """Without references nothing is nearest."""
    with pytest.raises(ValueError, match='no references'):
        nearest(fingerprints(3), fingerprints(0))
