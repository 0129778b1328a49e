"""Sets of crystals."""

import numpy as np
import pytest
from jaxtyping import TypeCheckError

from aiida_crystalgen.science.crystals import Column, CrystalSet, concatenate
from aiida_crystalgen.science.structures import to_structures


@pytest.fixture
def mixed(random_set):
    """Return five crystals of different sizes with a number, a vector and a text each."""
    crystals = concatenate([random_set(2, 3), random_set(1, 1), random_set(2, 5, seed=1)])
    return crystals.with_columns(
        energy=Column(np.arange(5.0), 'eV/atom'),
        vector=np.arange(10).reshape(5, 2),
        label=np.array(['a', 'b', 'c', 'd', 'e']),
    )


def content(crystals):
    """Return all that a set says about each crystal."""
    columns = [
        [crystals[name][row].tolist() for name in crystals.columns] for row in range(len(crystals))
    ]
    structures = [one.as_dict() for one in to_structures(crystals)]
    return list(zip(structures, columns, strict=True))


@pytest.mark.parametrize('rows', [[3], [4, 0, 2], [1, 1, 1], [-1, -5], [], range(5)])
def test_selection_keeps_what_belongs_together(mixed, rows):
    """Rows may be taken in any order, repeatedly, or from the end."""
    everything = content(mixed)
    assert content(mixed.select(list(rows))) == [everything[row] for row in rows]


def test_mask_selects_where_it_is_true(mixed):
    """A mask is the same as the rows where it is true."""
    mask = mixed['energy'] > 1.5
    assert content(mixed.select(mask)) == content(mixed.select([2, 3, 4]))


@pytest.mark.parametrize('rows', [[5], [-6], np.array([True, False])])
def test_rows_that_are_not_there_are_refused(mixed, rows):
    """A row outside the set never gives another crystal."""
    with pytest.raises(IndexError):
        mixed.select(rows)


def test_parts_add_up_to_the_whole(mixed):
    """Concatenating the parts of a set gives the set."""
    parts = [mixed.select([0, 1]), mixed.select([]), mixed.select([2]), mixed.select([3, 4])]
    assert content(concatenate(parts)) == content(mixed)


def test_concatenation_keeps_common_columns(mixed):
    """Only columns that every set has can be kept."""
    other = mixed.without_columns().with_columns(label=np.array(list('vwxyz')))
    both = concatenate([mixed, other])
    assert list(both.columns) == ['label']
    assert ''.join(both['label']) == 'abcdevwxyz'


def test_concatenation_keeps_common_metadata(mixed):
    """Each fact remains that is true of all, as the engine where only the sources differ."""
    engine = {'name': 'vasp', 'version': '6.4.3'}
    sets = [
        mixed.with_metadata(engine=engine, source={'kind': kind}) for kind in ('files', 'random')
    ]
    assert concatenate([sets[0], sets[0]]).metadata == sets[0].metadata
    assert concatenate(sets).metadata == {'engine': engine}
    assert concatenate([*sets, mixed]).metadata == {}
    other = mixed.with_metadata(engine={**engine, 'version': '6.5.0'})
    assert concatenate([*sets, other]).metadata == {}


def test_different_units_are_refused(mixed):
    """Values in different units never get into one column."""
    other = mixed.with_columns(energy=Column(np.arange(5.0), 'eV'))
    with pytest.raises(
        ValueError, match=r"'energy' is given in different units: \['eV', 'eV/atom'\]"
    ):
        concatenate([mixed, other])


def test_nothing_cannot_be_concatenated():
    """Without sets there is no set."""
    with pytest.raises(ValueError, match='no sets'):
        concatenate([])


def test_atoms_of_a_crystal(mixed):
    """Slices, offsets and owners of atoms describe the same partition."""
    for row in range(len(mixed)):
        atoms = mixed.atoms(row)
        assert (atoms.start, atoms.stop) == tuple(mixed.offsets[row : row + 2])
        assert set(mixed.crystal_of_atom[atoms]) == {row}


def test_volumes_and_positions_agree_with_pymatgen(mixed):
    """Volumes and Cartesian coordinates are those of pymatgen's structures."""
    structures = to_structures(mixed)
    assert mixed.volumes == pytest.approx([one.volume for one in structures])
    positions = np.concatenate([one.cart_coords for one in structures])
    assert mixed.cartesian_coordinates == pytest.approx(positions)


def test_columns_are_added_replaced_and_removed(mixed):
    """Sets are never changed, only made anew."""
    changed = mixed.with_columns(energy=Column(np.zeros(5), 'eV'))
    assert (changed.columns['energy'].unit, mixed.columns['energy'].unit) == ('eV', 'eV/atom')
    assert changed['energy'].sum() == 0
    assert 'energy' not in changed.without_columns()
    assert 'energy' in mixed


def test_properties_of_atoms_follow_them(mixed):
    """Selected, turned round and joined, every atom keeps what belongs to it."""
    numbers = Column(mixed.atomic_numbers * 1.5)
    turned = mixed.with_atom_columns(charge=numbers).select(np.arange(len(mixed))[::-1])
    both = concatenate([turned, mixed.with_atom_columns(charge=numbers)])
    np.testing.assert_array_equal(both.atom_columns['charge'].values, both.atomic_numbers * 1.5)
    assert not concatenate([turned, mixed]).atom_columns
    assert not turned.without_columns().atom_columns


def test_missing_column_is_named(mixed):
    """The message names the columns that there are."""
    with pytest.raises(KeyError, match=r"no column 'size', only \['energy', 'label', 'vector'\]"):
        mixed['size']


def with_changes(**changes):
    """Return a set of one crystal of two atoms, but for these changes."""
    content = {
        'lattices': np.eye(3)[None],
        'fractional_coordinates': np.zeros((2, 3)),
        'atomic_numbers': np.array([14, 14]),
        'counts': np.array([2]),
    }
    return CrystalSet(**{**content, **changes})


@pytest.mark.parametrize(
    'changes',
    [
        {'lattices': np.zeros((2, 3, 3))},
        {'fractional_coordinates': np.zeros((3, 3))},
        {'counts': np.array([2, 0])},
    ],
)
def test_shapes_that_contradict_each_other_are_refused(changes):
    """Numbers of crystals and atoms must be the same everywhere."""
    with pytest.raises((ValueError, TypeCheckError)):
        with_changes(**changes)


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        ({'counts': np.array([3])}, 'counts add up to 3 atoms, but 2 are given'),
        ({'lattices': np.full((1, 3, 3), np.nan)}, 'finite'),
        ({'fractional_coordinates': np.full((2, 3), np.inf)}, 'finite'),
        ({'columns': {'energy': Column(np.zeros(2))}}, "'energy' has 2 values for 1 crystals"),
        ({'atom_columns': {'charge': Column(np.zeros(1))}}, "'charge' has 1 values for 2 atoms"),
    ],
)
def test_impossible_values_are_refused(changes, message):
    """The message says what does not fit."""
    with pytest.raises(ValueError, match=message):
        with_changes(**changes)
