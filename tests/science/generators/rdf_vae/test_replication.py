"""Tests of `aiida_crystalgen.science.generators.rdf_vae.replication`."""

import numpy as np
import pytest
from scipy.spatial.distance import cdist, pdist
from scipy.stats import norm

from aiida_crystalgen.science.generators.rdf_vae import (
    RdfVaeSettings,
    decode,
    replica_grid,
    replicas,
)
from aiida_crystalgen.science.generators.rdf_vae.replication import replica_statistics


@pytest.fixture
def make_grid(make_settings):
    """Return a factory of grids of latent points."""

    def factory(grid, confidence, latent=2):
        changes = {'latent': latent, 'replicas': {'grid': grid, 'confidence': confidence}}
        return replica_grid(RdfVaeSettings.parse(make_settings(**changes)))

    return factory


@pytest.mark.parametrize('confidence', [0.5, 0.9, 0.99])
def test_probabilities_are_linearly_spaced(make_grid, confidence):
    """Along each axis the normal distribution function takes equal steps over the interval."""
    grid = make_grid(15, confidence)
    assert grid.shape == (225, 2)
    expected = np.linspace(0.5 - confidence / 2, 0.5 + confidence / 2, 15)
    np.testing.assert_allclose(norm.cdf(grid[:15, 1]), expected)
    np.testing.assert_allclose(norm.cdf(grid[::15, 0]), expected)


def test_the_grid_of_the_paper_ends_at_1_645(make_grid):
    """A 90 % interval of the standard normal distribution, symmetric about zero."""
    grid = make_grid(15, 0.9)
    assert grid.max() == pytest.approx(1.6448536)
    np.testing.assert_allclose(grid, -grid[::-1], atol=1e-12)


@pytest.mark.parametrize(('latent', 'number'), [(1, 4), (2, 16), (3, 64)])
def test_the_grid_fills_all_axes(make_grid, latent, number):
    """It has every combination once."""
    assert np.unique(make_grid(4, 0.9, latent), axis=0).shape == (number, latent)


def test_replicas_are_decoded_from_the_grid(checkpoint):
    """In the order of the grid, and in the unit of the fingerprints."""
    found = replicas(checkpoint)
    assert found.shape == (25, 60)
    grid = replica_grid(RdfVaeSettings.parse(checkpoint.settings))
    np.testing.assert_array_equal(found, decode(checkpoint, grid))


@pytest.mark.parametrize('block', [4, 1000])
def test_statistics_are_those_of_all_pairs(monkeypatch, block):
    """They agree with SciPy's correlation distances, however the table is cut."""
    monkeypatch.setattr(f'{replica_statistics.__module__}._BLOCK', block)
    random = np.random.default_rng(1)
    known, copies = random.random((9, 30)), random.random((13, 30))
    found = replica_statistics(known, copies)
    expected = {
        'database': pdist(known, 'correlation'),
        'replicas': pdist(copies, 'correlation'),
        'all': pdist(np.concatenate([known, copies]), 'correlation'),
        'nearest': cdist(copies, known, 'correlation').min(axis=1),
    }
    for name, distances in expected.items():
        values = {'mean': distances.mean(), 'std': distances.std()}
        assert found[name] == pytest.approx(values, rel=1e-6)


def test_equal_replicas_have_no_distances():
    """A collapsed model shows as zero mean and zero deviation."""
    known = np.random.default_rng(1).random((4, 30))
    found = replica_statistics(known, np.repeat(known[:1], 5, axis=0))
    assert found['replicas'] == pytest.approx({'mean': 0, 'std': 0}, abs=1e-7)
