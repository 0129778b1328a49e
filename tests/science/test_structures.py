"""Crystals as pymatgen structures."""

import numpy as np
import pytest
from pymatgen.core import DummySpecies, Lattice, Species, Structure

from aiida_crystalgen.science.crystals import concatenate
from aiida_crystalgen.science.structures import (
    formulas,
    from_structures,
    to_structure,
    to_structures,
)

CELL = Lattice.cubic(4.0)


def test_there_and_back_changes_nothing(random_set):
    """Structures hold all that the bare crystals are."""
    crystals = concatenate([random_set(3, 4, elements=(1, 8, 118)), random_set(2, 1)])
    again = from_structures(to_structures(crystals))
    for name in ('lattices', 'fractional_coordinates', 'atomic_numbers', 'counts'):
        assert np.array_equal(getattr(again, name), getattr(crystals, name))


def test_one_structure_is_that_row(random_set):
    """A single crystal is the same as among all."""
    crystals = random_set(4, 3)
    assert to_structure(crystals, 2) == to_structures(crystals)[2]


def test_labels_become_a_column(random_set):
    """Labels are kept as text; without any there is no column."""
    structures = to_structures(random_set(2, 3))
    assert from_structures(structures, ['first', 'second'])['label'].tolist() == ['first', 'second']
    assert not from_structures(structures).columns


def test_no_structures_are_an_empty_set():
    """An empty list is a set without crystals."""
    assert len(from_structures([])) == 0


def test_oxidation_states_are_dropped():
    """What matters of an ion is its element."""
    salt = Structure(CELL, [Species('Na', 1), Species('Cl', -1)], [[0, 0, 0], [0.5, 0.5, 0.5]])
    assert from_structures([salt]).atomic_numbers.tolist() == [11, 17]


@pytest.mark.parametrize(
    ('species', 'message'),
    [
        (
            [{'Si': 0.5, 'Ge': 0.5}],
            "'odd' has a site with partial occupancy: .* at .0.25, 0.0, 0.0",
        ),
        ([{'Si': 0.9}], "'odd' has a site with partial occupancy"),
        ([DummySpecies('X')], "'odd' has species 'X.*', which is no element"),
        ([], "'odd' has no sites"),
    ],
)
def test_what_is_no_ordered_crystal_is_refused_by_name(species, message):
    """The message names the structure, and the site where there is one."""
    good = Structure(CELL, ['Si'], [[0, 0, 0]])
    odd = Structure(CELL, species, [[0.25, 0, 0]] * len(species))
    with pytest.raises(ValueError, match=message):
        from_structures([good, odd], ['good', 'odd'])


def test_formulas_are_those_of_pymatgen(random_set):
    """Formulas count the atoms of the cell, in pymatgen's order of elements."""
    crystals = concatenate([random_set(20, 5, elements=(8, 22, 38)), random_set(2, 1)])
    expected = [one.formula.replace(' ', '') for one in to_structures(crystals)]
    assert formulas(crystals) == expected
