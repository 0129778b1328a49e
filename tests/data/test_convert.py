"""Tests of `aiida_crystalgen.data.convert`."""

import time
from dataclasses import replace

import numpy as np
import pytest
from aiida import orm

from aiida_crystalgen.data.convert import (
    crystals_from_node,
    crystals_from_structures,
    node_from_crystals,
    structure_from_row,
)
from aiida_crystalgen.science.crystals import CrystalSet
from aiida_crystalgen.science.structures import to_structure

CELL = [[3.0, 0.0, 0.0], [0.5, 3.0, 0.0], [0.0, 0.5, 3.0]]


@pytest.mark.parametrize('number', [0, 1, 17])
def test_sets_survive_storage(aiida_profile, make_crystals, number):
    """Geometry, columns of every kind, units and metadata come back bit for bit."""
    crystals = make_crystals(number)
    node = orm.load_node(node_from_crystals(crystals).store().pk)
    loaded = crystals_from_node(node)
    for name in ('lattices', 'fractional_coordinates', 'atomic_numbers', 'counts'):
        np.testing.assert_array_equal(getattr(loaded, name), getattr(crystals, name))
    assert list(loaded.columns) == list(crystals.columns)
    for name, column in crystals.columns.items():
        np.testing.assert_array_equal(loaded[name], column.values)
        assert loaded[name].dtype == column.values.dtype
        assert loaded.columns[name].unit == column.unit
    forces = loaded.atom_columns['forces']
    np.testing.assert_array_equal(forces.values, crystals.atom_columns['forces'].values)
    assert forces.unit == 'eV/Å'
    assert loaded.metadata == crystals.metadata


def test_refuses_columns_of_objects(aiida_profile, make_crystals):
    """Python objects would have to be pickled, which is refused."""
    crystals = make_crystals(2).with_columns(thing=np.array([{}, None], dtype=object))
    with pytest.raises(ValueError, match="column 'thing' holds object"):
        node_from_crystals(crystals)


def test_refuses_names_that_are_no_words(aiida_profile, make_crystals):
    """A column must have a name that a file can have."""
    with pytest.raises(ValueError, match='letters and underscores'):
        node_from_crystals(make_crystals(2).with_columns(**{'e/atom': np.zeros(2)}))


def test_a_hundred_thousand_crystals_take_seconds(aiida_profile, make_crystals):
    """Storing and loading 100 000 crystals of 8 atoms takes less than ten seconds."""
    crystals = make_crystals(100_000)
    start = time.perf_counter()
    node = orm.load_node(node_from_crystals(crystals).store().pk)
    assert len(crystals_from_node(node)) == 100_000
    assert time.perf_counter() - start < 10


def test_a_row_becomes_the_same_structure(aiida_profile, make_crystals):
    """AiiDA's structure of a row has the cell, species and positions that pymatgen's has."""
    crystals = make_crystals(3)
    structure = structure_from_row(crystals, 1).store().get_pymatgen()
    expected = to_structure(crystals, 1)
    np.testing.assert_allclose(structure.lattice.matrix, expected.lattice.matrix, rtol=1e-13)
    np.testing.assert_allclose(structure.cart_coords, expected.cart_coords, atol=1e-12)
    assert structure.atomic_numbers == expected.atomic_numbers


def test_structures_become_the_same_crystals(aiida_profile, make_crystals):
    """Rows that were taken out and put together again are the set they come from."""
    crystals = make_crystals(4)
    structures = [structure_from_row(crystals, row).store() for row in range(4)]
    back = crystals_from_structures(structures)
    np.testing.assert_allclose(back.lattices, crystals.lattices, atol=1e-12)
    np.testing.assert_allclose(
        back.fractional_coordinates, crystals.fractional_coordinates, atol=1e-12
    )
    np.testing.assert_array_equal(back.atomic_numbers, crystals.atomic_numbers)
    assert back['uuid'].tolist() == [one.uuid for one in structures]


def test_labels_name_structures(aiida_profile):
    """A structure is called by its label, or by its formula."""
    structures = [orm.StructureData(cell=CELL) for _ in range(2)]
    for structure in structures:
        structure.append_atom(symbols='Si', position=(0.0, 0.0, 0.0))
    structures[0].label = 'simple cubic'
    labels = crystals_from_structures(structures)['label']
    assert labels[0] == 'simple cubic'
    assert labels[1].startswith('Si ')


def structure_with(pbc=(True, True, True), **atom) -> orm.StructureData:
    """Return a structure of one atom."""
    structure = orm.StructureData(cell=CELL, pbc=pbc)
    structure.append_atom(position=(0.0, 0.0, 0.0), **atom)
    structure.label = 'odd one'
    return structure


@pytest.mark.parametrize(
    ('make', 'message'),
    [
        (lambda: structure_with(symbols=['Si', 'Ge'], weights=[0.5, 0.5]), 'partial occupancy'),
        (lambda: structure_with(symbols='Si', weights=0.5), 'partial occupancy'),
        (lambda: structure_with(symbols='Si', pbc=(True, True, False)), 'periodic along 2 of 3'),
        (lambda: structure_with(symbols='X'), "species 'X', which is no element"),
        (lambda: orm.StructureData(cell=CELL), 'has no sites'),
    ],
)
def test_refuses_what_is_no_crystal(aiida_profile, make, message):
    """Disordered, non-periodic and empty structures are refused by name."""
    structure = make()
    with pytest.raises(ValueError, match=message) as caught:
        crystals_from_structures([structure])
    assert structure.uuid in str(caught.value)


def test_no_structures_make_an_empty_set(aiida_profile):
    """Nothing becomes a set of nothing."""
    assert isinstance(crystals_from_structures([]), CrystalSet)


def test_clusters_stay_clusters(aiida_profile, make_crystals):
    """Nodes of sets and of single structures say that nothing repeats, and what is read does."""
    clusters = replace(make_crystals(3), periodic=False)
    node = orm.load_node(node_from_crystals(clusters).store().pk)
    assert node.periodic is crystals_from_node(node).periodic is False
    structures = [structure_from_row(clusters, row).store() for row in range(3)]
    assert {structure.pbc for structure in structures} == {(False, False, False)}
    assert crystals_from_structures(structures).periodic is False


def test_sets_from_before_there_were_clusters_are_of_crystals(aiida_profile, make_crystals):
    """A node that does not say what it holds holds crystals."""
    node = node_from_crystals(make_crystals(1))
    node.base.attributes.delete('periodic')
    assert crystals_from_node(node).periodic


def test_structures_of_both_kinds_are_refused(aiida_profile):
    """A set holds crystals or clusters; the first cluster among crystals is named."""
    structures = [structure_with(symbols='Si', pbc=(kind,) * 3) for kind in (True, False)]
    with pytest.raises(ValueError, match=f'{structures[1].uuid}.* is a cluster'):
        crystals_from_structures(structures)
