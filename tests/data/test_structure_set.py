"""Tests of `aiida_crystalgen.data.structure_set`."""

import numpy as np
import pytest
from aiida import orm
from aiida.common.exceptions import ModificationNotAllowed, ValidationError

from aiida_crystalgen.data.convert import node_from_crystals
from aiida_crystalgen.data.structure_set import StructureSetData


@pytest.mark.usefixtures('aiida_profile_clean')
def test_is_found_by_its_elements_and_engine(make_crystals):
    """The database answers which sets hold some elements, with energies of some engine."""
    node = node_from_crystals(make_crystals(3)).store()
    filters = {'attributes.chemical_system': 'Se-Sn', 'attributes.metadata.engine.name': 'emt'}
    found = orm.QueryBuilder().append(StructureSetData, filters=filters).all(flat=True)
    assert [one.pk for one in found] == [node.pk]


def test_attributes_describe_the_set(aiida_profile, make_crystals):
    """Number, elements, formulas, units and facts are attributes."""
    node = node_from_crystals(make_crystals(3)).store()
    assert (node.number, node.elements, node.formulas) == (3, ['Se', 'Sn'], ['SnSe'])
    assert node.properties['energy'] == 'eV/atom'
    assert node.facts['source'] == {'kind': 'test'}


def test_number_of_formulas_is_bounded(aiida_profile, make_crystals):
    """A set of very many formulas lists the first of them."""
    crystals = make_crystals(400)
    numbers = np.random.default_rng(0).integers(1, 90, len(crystals.atomic_numbers))
    crystals.atomic_numbers[:] = numbers
    formulas = node_from_crystals(crystals).formulas
    assert len(formulas) == StructureSetData.MAXIMUM_FORMULAS
    assert formulas == sorted(formulas)


@pytest.mark.parametrize(
    ('array', 'message'),
    [
        ('lattices', r"'lattices' has shape \(2, 3, 3\), not \(3, 3, 3\)"),
        ('atomic_numbers', r"'atomic_numbers' has shape \(2,\), not \(24,\)"),
        ('column_seed', r"'column_seed' has shape \(2,\) for 3 crystals"),
        ('atom_column_forces', r"'atom_column_forces' has shape \(2,\) for 3 crystals of 24"),
        ('column_foreign', r'column_foreign.* are not those of the properties'),
    ],
)
def test_refuses_contradicting_shapes(aiida_profile, make_crystals, array, message):
    """A node whose arrays do not fit each other is never stored."""
    node = node_from_crystals(make_crystals(3))
    node.set_array(array, np.zeros((2, 3, 3) if array == 'lattices' else 2))
    with pytest.raises(ValidationError, match=message):
        node.store()


def test_refuses_missing_arrays(aiida_profile):
    """A bare array is no set of structures."""
    with pytest.raises(ValidationError, match='node_from_crystals'):
        StructureSetData({'lattices': np.zeros((1, 3, 3))}).store()


def test_is_immutable(aiida_profile, make_crystals):
    """A stored set cannot be changed."""
    node = node_from_crystals(make_crystals(2)).store()
    with pytest.raises(ModificationNotAllowed):
        node.set_array('counts', np.ones(2))


def test_equal_sets_have_equal_hashes(aiida_profile, make_crystals):
    """Caching recognises the same set, and tells sets with one different number apart."""
    one, same = (node_from_crystals(make_crystals(3)).store() for _ in range(2))
    crystals = make_crystals(3)
    crystals['energy'][1] += 1e-9
    other = node_from_crystals(crystals).store()
    assert one.base.caching.get_hash() == same.base.caching.get_hash()
    assert one.base.caching.get_hash() != other.base.caching.get_hash()
