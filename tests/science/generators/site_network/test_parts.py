"""Splits, calibration, projection, volumes and charges."""

import numpy as np
import pytest

from aiida_crystalgen.science.composition import reduced_formulas
from aiida_crystalgen.science.crystals import concatenate
from aiida_crystalgen.science.fingerprints.sites import nearest_distances
from aiida_crystalgen.science.generators.site_network.calibration import (
    Calibration,
    calibration_error,
)
from aiida_crystalgen.science.generators.site_network.charges import are_charge_balanced
from aiida_crystalgen.science.generators.site_network.model import log_likelihoods
from aiida_crystalgen.science.generators.site_network.projection import Projection
from aiida_crystalgen.science.generators.site_network.settings import SiteNetworkSettings
from aiida_crystalgen.science.generators.site_network.volumes import VolumeModel
from aiida_crystalgen.science.generators.splitting import (
    TEST,
    TRAINING,
    VALIDATION,
    parts_of_crystals,
)

ELEMENTS = (3, 8, 14, 16, 25, 26, 32, 50)


@pytest.mark.parametrize('seed', [0, 1, 2])
def test_parts_share_no_composition(random_set, seed):
    """Crystals of one reduced formula, multiples included, are in one part."""
    small, large = (random_set(200, atoms, elements=ELEMENTS, seed=atoms) for atoms in (2, 4))
    crystals = concatenate([small, large])
    parts = parts_of_crystals(crystals, 0.2, 0.2, seed)
    formulas = reduced_formulas(crystals)
    members = [set(formulas[parts == part]) for part in (TRAINING, VALIDATION, TEST)]
    assert all(members)
    assert not members[0] & members[1]
    assert not members[0] & members[2]
    assert not members[1] & members[2]


def test_parts_do_not_depend_on_the_other_crystals(random_set):
    """A formula falls to the same part in every set."""
    crystals = random_set(100, 3, elements=ELEMENTS)
    order = np.random.default_rng(0).permutation(100)[:40]
    parts = parts_of_crystals(crystals, 0.2, 0.2, 0)
    assert np.array_equal(parts_of_crystals(crystals.select(order), 0.2, 0.2, 0), parts[order])


def test_parts_have_the_shares_asked_for(random_set):
    """About as many formulas are kept apart as was asked for."""
    crystals = random_set(4000, 4, elements=ELEMENTS)
    _, first = np.unique(reduced_formulas(crystals), return_index=True)
    parts = parts_of_crystals(crystals, 0.1, 0.2, 0)[first]
    assert np.abs(np.bincount(parts) / len(first) - [0.7, 0.1, 0.2]).max() < 0.06


def test_calibration_takes_a_weight_back():
    """Logits that were scaled and shifted come back to those that mean what they say."""
    generator = np.random.default_rng(0)
    true = generator.normal(-3, 2, (4000, 10))
    shares = np.exp(true) / np.exp(true).sum(axis=1, keepdims=True)
    elements = np.array([generator.choice(10, p=one) for one in shares])
    logits = np.log(shares / (1 - shares))
    wrong = 2 * logits + np.log(118)
    found = Calibration.fit(wrong, elements)
    assert found.slope == pytest.approx(0.5, abs=0.03)
    before, after = (calibration_error(one, elements, 20) for one in (wrong, found.log_odds(wrong)))
    assert after < 0.05 < before


def test_likelihoods_are_odds_times_leniency():
    """Even odds give the share leniency / (1 + leniency)."""
    found = np.exp(log_likelihoods(np.zeros((1, 1), dtype=np.float32), 118.0))
    assert found[0, 0] == pytest.approx(118 / 119)


def test_projection_keeps_lengths_when_the_tetrahedron_is_turned_into_itself(make_settings):
    """Exchanging the four origins of all sets alike changes no scalar and no length."""
    settings = SiteNetworkSettings.parse(make_settings()).sites
    tables = np.random.default_rng(0).random((40, 12, settings.points)).astype(np.float32)
    projection = Projection.fit(tables, settings, 8, 4, 0.02)
    turned = tables.reshape(40, 3, 4, -1)[:, :, [1, 0, 3, 2]].reshape(tables.shape)
    first, second = projection.apply(tables), projection.apply(turned)
    assert np.allclose(first[:, :8], second[:, :8], atol=1e-4)
    lengths = [np.linalg.norm(one[:, 8:].reshape(40, 3, 4), axis=1) for one in (first, second)]
    assert np.allclose(*lengths, rtol=1e-3, atol=1e-4)


def test_components_have_unit_mean_square(make_settings):
    """What goes into the network is of the order of one."""
    settings = SiteNetworkSettings.parse(make_settings()).sites
    tables = np.random.default_rng(0).random((60, 12, settings.points)).astype(np.float32)
    features = Projection.fit(tables, settings, 8, 4, 0.02).apply(tables)
    assert np.allclose((features[:, :8] ** 2).mean(axis=0), 1, rtol=1e-3)


def test_volumes_of_known_crystals_are_found_again(compounds):
    """The model gives back what it has learned, whatever the scale of the crystals is now."""
    distances = nearest_distances(compounds)
    everything = np.ones(len(compounds), dtype=bool)
    model = VolumeModel.fit(compounds, distances, everything, 1e-6)
    predicted = model.predict(compounds, distances)
    assert np.median(np.abs(predicted * compounds.counts / compounds.volumes - 1)) < 0.02


@pytest.mark.parametrize(
    ('elements', 'amounts', 'balanced'),
    [
        ((11, 17), (1, 1), True),
        ((12, 8), (1, 1), True),
        ((11, 17), (1, 2), False),
        ((25, 8), (1, 2), True),
        ((26,), (1,), True),
        ((11, 19), (1, 1), False),
    ],
)
def test_charges(elements, amounts, balanced):
    """NaCl, MgO and MnO2 are balanced, NaCl2 and NaK are not."""
    assert are_charge_balanced(elements, np.array([amounts])).tolist() == [balanced]


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        ({'validation': 0.6, 'test': 0.4}, 'nothing to train on'),
        ({'reconstruction_weight': 1.0}, 'only a convolutional encoder'),
        ({'latent': 0}, "'latent'"),
    ],
)
def test_impossible_settings_are_refused(make_settings, changes, message):
    """A sentence says what is wrong."""
    with pytest.raises(ValueError, match=message):
        SiteNetworkSettings.parse(make_settings(**changes))
