"""Composition fingerprints."""

import numpy as np
import pytest

from aiida_crystalgen.science.crystals import CrystalSet
from aiida_crystalgen.science.metrics.fingerprints.magpie import (
    CompositionScale,
    composition_fingerprints,
    composition_statistics,
)


def made_of(*numbers):
    """Return crystals of these atoms in a row."""
    return CrystalSet(
        lattices=np.tile(9 * np.eye(3), (len(numbers), 1, 1)),
        fractional_coordinates=np.concatenate(
            [np.linspace(0, 1, len(one), endpoint=False)[:, None] * [1, 1, 1] for one in numbers]
        ),
        atomic_numbers=np.concatenate([np.array(one) for one in numbers]),
        counts=np.array([len(one) for one in numbers]),
    )


VARIOUS = made_of([14], [26, 26, 8, 8, 8], [3, 25, 8, 8], [92, 9, 9, 9, 9], [57, 57, 27], [50, 34])


def test_statistics_of_the_atomic_number_are_right():
    """Minimum, maximum, range, mean, mean deviation and mode of Fe2O3."""
    statistics = composition_statistics(made_of([26, 26, 8, 8, 8]))[0, :6]
    assert np.allclose(statistics, [8, 26, 18, 15.2, 8.64, 8])


def test_only_proportions_count():
    """Multiples and other orders of a formula have its fingerprint."""
    crystals = made_of([11, 17], [17, 11, 11, 17])
    first, second = composition_fingerprints(crystals, CompositionScale.of(VARIOUS, 0.1))
    assert np.array_equal(first, second)


def test_features_of_the_references_are_standardised():
    """Known ones have mean 0 and deviation 1, but for constant ones."""
    known = composition_fingerprints(VARIOUS, CompositionScale.of(VARIOUS, 1e-6))
    deviations = known.std(axis=0)
    assert np.allclose(known.mean(axis=0), 0, atol=1e-6)
    assert np.allclose(deviations[deviations > 1e-6], 1)
    assert (deviations > 1e-6).sum() > 100


def test_constant_features_have_the_deviation_of_their_property():
    """Beside references of one formula a share of that is the unit."""
    salt, other = made_of([11, 17]), made_of([11, 35])
    near, far = (CompositionScale.of(salt, share) for share in (1.0, 0.5))
    assert np.abs(composition_fingerprints(salt, near)).max() == 0
    assert np.allclose(
        2 * composition_fingerprints(other, near), composition_fingerprints(other, far)
    )
    assert near.deviations[0] == pytest.approx(np.std(np.arange(1, 113)))


def test_what_is_unknown_is_at_the_mean():
    """Helium has no melting temperature in the table, which makes no difference then."""
    statistics = composition_statistics(made_of([2]))[0]
    scale = CompositionScale.of(VARIOUS, 0.1)
    fingerprint = composition_fingerprints(made_of([2]), scale)[0]
    assert np.isnan(statistics).any()
    assert (fingerprint[np.isnan(statistics)] == 0).all()


def test_elements_beyond_the_table_are_refused():
    """The message names the element."""
    with pytest.raises(ValueError, match='atomic number 118'):
        composition_statistics(made_of([118]))


def test_statistics_are_those_of_matminer():
    """Its featurizer gives the same, one formula after another."""
    from matminer.featurizers.composition import ElementProperty
    from pymatgen.core import Composition

    featurizer = ElementProperty.from_preset('magpie', impute_nan=False)
    sets = [[14], [26, 26, 8, 8, 8], [3, 25, 8, 8], [92, 9, 9, 9, 9], [2, 57, 57]]
    names = ['Si', 'Fe2O3', 'LiMnO2', 'UF4', 'HeLa2']
    expected = [featurizer.featurize(Composition(name)) for name in names]
    assert np.allclose(composition_statistics(made_of(*sets)), expected, equal_nan=True)
