"""What a network knows of elements."""

from dataclasses import replace

import numpy as np
import pytest

from aiida_crystalgen.science.checkpoint import Checkpoint
from aiida_crystalgen.science.generators.elements import ComparesElements
from aiida_crystalgen.science.generators.site_network import SiteNetwork
from aiida_crystalgen.science.generators.site_network.elements import (
    element_confusion,
    element_map,
)
from aiida_crystalgen.science.generators.site_network.shipped import shipped_checkpoint

LAST = 'network.sigmoid.3.weight'  # of the only hidden layer of the small network


def taught(checkpoint, weights, seen):
    """Return a model with other last weights, which has seen other elements."""
    changes = {LAST: weights.astype(np.float32), 'seen': seen}
    return replace(checkpoint, weights={**checkpoint.weights, **changes})


@pytest.fixture(scope='module')
def shipped():
    """Return the map of the model that comes with the package."""
    numbers, coordinates = element_map(shipped_checkpoint())
    return dict(zip(numbers.tolist(), coordinates, strict=True))


def test_the_generator_compares_elements():
    """It fulfils the protocol by which reports ask."""
    assert isinstance(SiteNetwork(), ComparesElements)


def test_only_elements_that_were_seen_are_on_the_map(checkpoint):
    """Each has a finite place of its own."""
    numbers, coordinates = SiteNetwork().element_map(checkpoint)
    assert numbers.tolist() == (np.flatnonzero(checkpoint.weights['seen']) + 1).tolist()
    assert np.isfinite(coordinates).all()
    assert len(np.unique(coordinates, axis=0)) == len(numbers)


def test_the_map_is_the_same_every_time(checkpoint):
    """Nothing is left to chance."""
    assert np.array_equal(element_map(checkpoint)[1], element_map(checkpoint)[1])


def test_like_weights_are_near_each_other(checkpoint):
    """Elements of two kinds of weights fall into two groups, whatever their lengths are."""
    random = np.random.default_rng(0)
    kinds = np.repeat(np.eye(2, 16), 15, axis=0) + 0.05 * random.normal(size=(30, 16))
    weights = np.zeros((118, 16))
    weights[:30] = kinds * random.uniform(0.5, 2.0, (30, 1))
    _, places = element_map(taught(checkpoint, weights, np.arange(118) < 30))
    distances = np.linalg.norm(places[:, None] - places, axis=2)
    np.fill_diagonal(distances, np.inf)
    assert (distances.argmin(axis=1) // 15 == np.arange(30) // 15).all()


@pytest.mark.parametrize('number', [1, 2, 4])
def test_few_elements_have_a_map_too(checkpoint, number):
    """It has their principal components, of which one element has none."""
    weights = np.random.default_rng(0).normal(size=(118, 16))
    _, places = element_map(taught(checkpoint, weights, np.arange(118) < number))
    assert places.shape == (number, 2)
    assert np.isfinite(places).all()
    assert np.allclose(places.sum(axis=0), 0)


@pytest.mark.parametrize(
    ('element', 'like', 'unlike'),
    [(17, 35, 26), (19, 37, 8), (25, 26, 55), (14, 32, 57), (64, 65, 16), (76, 44, 11)],
)
def test_the_shipped_model_has_found_the_periodic_table(shipped, element, like, unlike):
    """Cl is near Br, K near Rb, Mn near Fe, Si near Ge, Gd near Tb, Os near Ru (figure 5)."""
    near, far = (np.linalg.norm(shipped[element] - shipped[one]) for one in (like, unlike))
    assert 3 * near < far


def test_confusion_counts_every_test_site(checkpoint):
    """Elements that have no test site and were never named are left out."""
    numbers, counts = SiteNetwork().element_confusion(checkpoint)
    full = checkpoint.weights['confusion']
    assert counts.sum() == full.sum() == checkpoint.summary['test']['sites']
    assert (np.diff(numbers) > 0).all()
    assert np.array_equal(full[np.ix_(numbers - 1, numbers - 1)], counts)
    assert (counts.sum(axis=0) + counts.sum(axis=1) > 0).all()


@pytest.mark.parametrize('ask', [element_map, element_confusion])
def test_models_of_others_are_refused(ask):
    """A checkpoint of another method knows no elements."""
    with pytest.raises(ValueError, match='trained by rdf_vae'):
        ask(Checkpoint('rdf_vae', {}, {}))


def test_a_model_that_was_never_tested_is_refused(checkpoint):
    """It has no confusion matrix."""
    weights = {name: one for name, one in checkpoint.weights.items() if name != 'confusion'}
    with pytest.raises(ValueError, match="lacks 'confusion'"):
        element_confusion(replace(checkpoint, weights=weights))
