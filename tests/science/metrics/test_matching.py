"""Matches of predictions with the crystals looked for."""

import numpy as np
import pytest
from pymatgen.analysis.structure_matcher import StructureMatcher

from aiida_crystalgen.science.crystals import CrystalSet, concatenate
from aiida_crystalgen.science.metrics.matching import match_predictions
from aiida_crystalgen.science.structures import to_structures


def displaced(crystals, amount, *, seed=0):
    """Return the crystals with their atoms moved, in fractions of the cell."""
    noise = np.random.default_rng(seed).normal(size=crystals.fractional_coordinates.shape)
    return CrystalSet(
        crystals.lattices,
        crystals.fractional_coordinates + amount * noise,
        crystals.atomic_numbers,
        crystals.counts,
    )


def test_displacements_are_those_of_pymatgen(random_set, settings):
    """Each pair has the distance that get_rms_dist gives, or none."""
    targets = random_set(8, 3, elements=(8, 22), seed=1)
    predictions = displaced(targets, 0.08)
    found = match_predictions(predictions, targets, settings().matching, wanted=np.arange(8))
    matcher = StructureMatcher(ltol=0.3, stol=0.5, angle_tol=10)
    pairs = zip(to_structures(predictions), to_structures(targets), strict=True)
    distances = [matcher.get_rms_dist(*pair) for pair in pairs]
    expected = [np.nan if one is None else one[0] for one in distances]
    assert np.allclose(found.displacements, expected, equal_nan=True, atol=1e-6)


def test_disguised_crystals_match_without_displacement(random_set, disguised, settings):
    """Another cell, a supercell, a rotation and another order of atoms hide nothing."""
    targets = random_set(5, 3, elements=(8, 22), seed=2)
    found = match_predictions(disguised(targets), targets, settings().matching)
    assert found.rate == 1
    assert found.mean_displacement == pytest.approx(0, abs=1e-4)


def test_the_nearest_of_several_predictions_counts(rock_salts, random_set, settings):
    """More samples never make it worse, and what matches nothing does not count."""
    target = random_set(1, 4, elements=(8,), seed=3)
    tries = concatenate([displaced(target, amount) for amount in (0.05, 0.01, 0.03)])
    single = match_predictions(displaced(target, 0.01), target, settings().matching)
    several = match_predictions(tries, target, settings().matching)
    assert several.mean_displacement == single.mean_displacement


def test_other_formulas_and_invalid_crystals_match_nothing(rock_salts, settings):
    """They lower the rate."""
    targets = rock_salts((11, 17), (12, 8), (3, 9))
    predictions = rock_salts((11, 17), (12, 16), (3, 9))
    valid = np.array([True, True, False])
    found = match_predictions(predictions, targets, settings().matching, valid=valid)
    assert np.isnan(found.displacements).tolist() == [False, True, True]
    assert found.rate == pytest.approx(1 / 3)


def test_nothing_predicted_is_nothing_found(rock_salts, settings):
    """The rate is zero, and there is no displacement."""
    targets = rock_salts((11, 17))
    found = match_predictions(targets, targets, settings().matching, valid=np.array([False]))
    assert found.rate == 0
    assert np.isnan(found.mean_displacement)


def test_targets_must_exist(rock_salts, settings):
    """A prediction of what is not there is refused."""
    targets = rock_salts((11, 17))
    with pytest.raises(ValueError, match='targets 1 to 1, but there are 1'):
        match_predictions(targets, targets, settings().matching, wanted=np.array([1]))
