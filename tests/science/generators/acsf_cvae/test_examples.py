"""Tests of `aiida_crystalgen.science.generators.acsf_cvae.examples`."""

import numpy as np
import pytest

from aiida_crystalgen.science.crystals import Column
from aiida_crystalgen.science.generators.acsf_cvae import AcsfCvaeSettings
from aiida_crystalgen.science.generators.acsf_cvae.examples import examples_of


@pytest.fixture
def examine(make_settings):
    """Return a function that takes crystals apart, with changed settings."""

    def function(crystals, **changes):
        return examples_of(crystals, AcsfCvaeSettings.parse(make_settings(**changes)))

    return function


def test_amounts_and_properties_are_those_of_the_crystals(examine, crystals):
    """One number for each element, and each property in the order of the settings."""
    examples = examine(crystals, properties=['shape', 'size'])
    assert examples.elements == (14, 32)
    np.testing.assert_array_equal(examples.amounts.sum(axis=1), crystals.counts)
    columns = np.column_stack([crystals['shape'], crystals['size']])
    np.testing.assert_array_equal(examples.properties, columns)
    assert examples.units == ('', 'Å³')


def test_extents_do_not_depend_on_orientation(examine, clusters):
    """They are the edges of the rectangles, longest first."""
    corners = clusters.cartesian_coordinates.reshape(30, 4, 3)
    edges = np.sort(corners[:, 3] - corners[:, 0], axis=1)[:, ::-1]
    np.testing.assert_allclose(examine(clusters).extents, edges, atol=1e-9)


def test_a_missing_property_is_named(examine, crystals):
    """So are the columns that there are."""
    with pytest.raises(ValueError, match=r"no column 'gap', only label, shape, size"):
        examine(crystals, properties=['gap'])


def test_crystals_without_the_property_are_counted(examine, crystals):
    """The message says how many, which, and what to do."""
    values = crystals['size'].copy()
    values[[3, 8]] = np.nan
    some = crystals.with_columns(size=Column(values, 'Å³'))
    sentence = r"2 of 60 training crystals have no 'size' \(rows 3, 8\); leave them out"
    with pytest.raises(ValueError, match=sentence):
        examine(some)


@pytest.mark.parametrize(
    ('values', 'sentence'),
    [
        (np.full(60, 2.0), "the same 'size', 2"),
        (np.full(60, 'large'), "column 'size' does not hold one number"),
        (np.ones((60, 3)), "column 'size' does not hold one number"),
    ],
)
def test_useless_properties_are_refused(examine, crystals, values, sentence):
    """A property must be a number that varies."""
    with pytest.raises(ValueError, match=sentence):
        examine(crystals.with_columns(size=values))


def test_crystals_without_neighbors_are_refused(examine, crystals, make_settings):
    """An empty representation resembles nothing; the message names the crystal."""
    acsf = {**make_settings()['acsf'], 'cutoff': 1.0, 'angular_cutoff': 1.0}
    with pytest.raises(ValueError, match=r"'sc-14-1-14' has no neighbours within 1.0 Å"):
        examine(crystals, acsf=acsf)
