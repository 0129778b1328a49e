"""Tests of `aiida_crystalgen.science.generators.acsf_cvae.scaling` and `…network`."""

import numpy as np
import pytest
import torch

from aiida_crystalgen.science.generators.acsf_cvae.network import (
    ConditionalAutoencoder,
    Surrogate,
)
from aiida_crystalgen.science.generators.acsf_cvae.scaling import ConditionScale, FeatureScale

SIGNED = np.array([True, True, True, False])


@pytest.fixture
def features():
    """Return features of many magnitudes, the last of which may be negative."""
    random = np.random.default_rng(0)
    values = random.lognormal(0, 2, (40, 4)) * [1, 100, 0.01, 1]
    values[:, 3] *= random.choice([-1, 1], 40)
    return values


@pytest.mark.parametrize('scaling', ['logarithmic', 'range'])
def test_scales_can_be_undone(features, scaling):
    """Scaled features, restored, are the features."""
    scale = FeatureScale.fit(features, SIGNED, scaling, floor=0.001)
    np.testing.assert_allclose(scale.restored(scale.scaled(features)), features, rtol=1e-9)


def test_logarithms_are_standardized(features):
    """Mean and standard deviation of log(1 + x) become 0 and 1."""
    scaled = FeatureScale.fit(features, SIGNED, 'logarithmic', floor=1e-6).scaled(features)
    np.testing.assert_allclose(scaled.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(scaled.std(axis=0), 1)


def test_ranges_go_from_zero_to_one(features):
    """Least and largest value of each feature become 0 and 1, as published."""
    scaled = FeatureScale.fit(features, SIGNED, 'range', floor=1e-9).scaled(features)
    np.testing.assert_allclose([scaled.min(axis=0), scaled.max(axis=0)], [[0] * 4, [1] * 4])


def test_small_spreads_are_not_blown_up(features):
    """No feature is divided by less than a share of the largest spread."""
    scale = FeatureScale.fit(features, SIGNED, 'range', floor=0.5)
    np.testing.assert_allclose(scale.width.min(), 0.5 * scale.width.max())


def test_equal_crystals_teach_nothing():
    """Features that never differ are refused."""
    with pytest.raises(ValueError, match='the same symmetry functions'):
        FeatureScale.fit(np.ones((5, 4)), SIGNED, 'logarithmic', floor=0.01)


@pytest.mark.parametrize('scaling', ['logarithmic', 'range'])
def test_decoded_features_are_never_negative(features, scaling):
    """Whatever the code, only features that may be negative are."""
    scale = FeatureScale.fit(features, SIGNED, scaling, floor=0.001)
    network = ConditionalAutoencoder(4, 2, [8], 3).double()
    generator = torch.Generator().manual_seed(0)
    network.initialize(generator)
    codes = 100 * torch.randn(500, 5, generator=generator, dtype=torch.float64)
    floors = torch.from_numpy(scale.floors)
    with torch.inference_mode():
        decoded = scale.restored(network.decode(codes[:, :3], codes[:, 3:], floors).numpy())
    assert (decoded[:, SIGNED] >= 0).all()
    assert (decoded[:, ~SIGNED] < 0).any()


def test_floors_hardly_touch_what_is_far_above_them():
    """Values well above their floor are those of a network without floors."""
    network = ConditionalAutoencoder(3, 1, [4], 2)
    network.initialize(torch.Generator().manual_seed(0))
    codes, conditions = torch.ones(1, 2), torch.ones(1, 1)
    free = network.decode(codes, conditions, torch.full((3,), -torch.inf))
    bounded = network.decode(codes, conditions, torch.full((3,), -30.0))
    torch.testing.assert_close(bounded, free)


def test_conditions_are_properties_size_and_fractions():
    """They are standardised, and properties come back from them."""
    properties = np.array([[1.0], [3.0]])
    amounts = np.array([[2, 0], [1, 1]])
    scale = ConditionScale.fit(np.array([6, 14]), properties, amounts)
    expected = [[-1, 0, 1, 0], [1, 0, 0.5, 0.5]]
    np.testing.assert_allclose(scale.conditions(properties, amounts), expected)
    np.testing.assert_allclose(scale.properties(scale.standardized(properties)), properties)


def test_members_of_a_surrogate_do_not_mix():
    """Each predicts from its own inputs as it would alone."""
    network = Surrogate(3, 4, [5], 2)
    network.initialize(torch.Generator().manual_seed(0))
    inputs = torch.randn(3, 6, 4, generator=torch.Generator().manual_seed(1))
    expected = network(inputs)[1]
    inputs[[0, 2]] = 0
    torch.testing.assert_close(network(inputs)[1], expected)
