"""Laws of crystals as inequivalent sites on Wyckoff positions."""

from __future__ import annotations

import numpy as np
import pytest

from aiida_crystalgen.science.crystals import CrystalSet, concatenate
from aiida_crystalgen.science.neighbors import shortest_distances
from aiida_crystalgen.science.structures import to_structure
from aiida_crystalgen.science.symmetric_crystals import SiteTemplates, symmetric_crystals
from aiida_crystalgen.science.symmetry.analysis import space_groups
from aiida_crystalgen.science.symmetry.random_crystals import CellContents, random_crystals

# One group or two of each system and centring; 48, 70, 88, 134, 203 and 227 have two origins.
GROUPS = (
    1,
    2,
    5,
    8,
    14,
    15,
    19,
    38,
    43,
    48,
    62,
    70,
    79,
    88,
    134,
    139,
    146,
    148,
    166,
    176,
    194,
    203,
)
TOLERANCE = 1e-3


def one(lattice, fractions, numbers):
    """Return a set of one crystal."""
    return CrystalSet(
        lattices=np.asarray(lattice, dtype=float)[None],
        fractional_coordinates=np.asarray(fractions, dtype=float),
        atomic_numbers=np.asarray(numbers, dtype=np.int64),
        counts=np.array([len(numbers)]),
    )


RUTILE = one(
    np.diag([4.594, 4.594, 2.959]),
    [
        [0, 0, 0],
        [0.5, 0.5, 0.5],
        [0.305, 0.305, 0],
        [0.695, 0.695, 0],
        [0.195, 0.805, 0.5],
        [0.805, 0.195, 0.5],
    ],
    [22, 22, 8, 8, 8, 8],
)
DIAMOND = one(3.57 / 2 * (1 - np.eye(3)), [[0, 0, 0], [0.25, 0.25, 0.25]], [6, 6])


@pytest.fixture(scope='module')
def random_set():
    """Return one random crystal of each of the space groups."""
    contents = CellContents(
        amounts={'Si': 8, 'O': 8},
        cell='primitive',
        volume_per_atom=20.0,
        volume_tolerance=0.1,
        distances={'Si-Si': 1.0, 'Si-O': 1.0, 'O-O': 1.0},
        attempts=200,
    )
    return random_crystals(contents, np.array(GROUPS), np.arange(len(GROUPS)))


def facts(crystals, row):
    """Return what does not depend on how a crystal is described: distances between elements."""
    structure = to_structure(crystals, row)
    first, second, _, distances = structure.get_neighbor_list(4.0)
    numbers = np.array(structure.atomic_numbers)
    return sorted(
        zip(numbers[first].tolist(), numbers[second].tolist(), distances.tolist(), strict=True)
    )


def test_crystals_come_back(random_set):
    """Description and crystal say the same, whatever space group, centring and origin."""
    described = symmetric_crystals(random_set, TOLERANCE)
    back = described.to_crystals()
    np.testing.assert_array_equal(described.rows, np.arange(len(GROUPS)))
    np.testing.assert_array_equal(described.space_groups, space_groups(random_set, TOLERANCE))
    np.testing.assert_array_equal(space_groups(back, TOLERANCE), described.space_groups)
    for row in range(len(back)):
        np.testing.assert_allclose(facts(back, row), facts(random_set, row), atol=1e-5)


def test_descriptions_come_back(random_set):
    """A crystal of the standard setting is described by as many sites and atoms again."""
    described = symmetric_crystals(random_set, TOLERANCE)
    again = symmetric_crystals(described.to_crystals(), TOLERANCE)
    np.testing.assert_array_equal(again.space_groups, described.space_groups)
    np.testing.assert_array_equal(again.orbit_counts, described.orbit_counts)
    np.testing.assert_array_equal(again.templates.atom_counts, described.templates.atom_counts)
    volumes = [np.linalg.det(these.lattices) for these in (again, described)]
    np.testing.assert_allclose(*volumes)


@pytest.mark.parametrize(
    ('crystal', 'group', 'letters', 'numbers'),
    [(RUTILE, 136, 'af', [22, 8]), (DIAMOND, 227, 'a', [6])],
    ids=['rutile', 'diamond'],
)
def test_known_structures_have_their_sites(crystal, group, letters, numbers):
    """Space group and Wyckoff letters are those of the literature."""
    described = symmetric_crystals(crystal, TOLERANCE)
    assert described.space_groups.tolist() == [group]
    found = ['abcdef'[letter] for letter in described.letters]
    # descriptions with another origin have 'b' in place of 'a'
    assert sorted(letter.replace('b', 'a') for letter in found) == sorted(letters)
    assert sorted(described.atomic_numbers.tolist()) == sorted(numbers)


def test_representatives_are_atoms_of_the_crystal(random_set):
    """The first point of each orbit is an atom of the crystal that is made of it."""
    described = symmetric_crystals(random_set, TOLERANCE)
    crystals = described.to_crystals()
    firsts = np.cumsum(described.templates.multiplicities) - described.templates.multiplicities
    places = crystals.cartesian_coordinates[firsts]
    owners = described.templates.crystal_of_orbit
    expected = np.einsum('oi,oij->oj', described.representatives, described.lattices[owners])
    steps = np.einsum('oi,oij->oj', places - expected, np.linalg.inv(crystals.lattices)[owners])
    np.testing.assert_allclose(steps, np.rint(steps), atol=1e-9)


def test_supercells_are_described_as_their_crystal():
    """A supercell has the sites of the primitive cell."""
    structure = to_structure(RUTILE, 0)
    structure.make_supercell([2, 1, 1])
    numbers = np.array(structure.atomic_numbers)
    doubled = symmetric_crystals(
        one(structure.lattice.matrix, structure.frac_coords, numbers), TOLERANCE
    )
    assert doubled.templates.atom_counts.tolist() == [6]
    assert doubled.orbit_counts.tolist() == [2]


def test_crystals_without_space_group_are_left_out():
    """Rows tell which crystals are there."""
    twice = one(3 * np.eye(3), [[0, 0, 0], [0, 0, 0]], [14, 14])
    described = symmetric_crystals(concatenate([twice, RUTILE, twice, DIAMOND]), TOLERANCE)
    assert described.rows.tolist() == [1, 3]


def test_chosen_crystals_keep_their_sites(random_set):
    """Selecting crystals and making them are the same in any order."""
    described = symmetric_crystals(random_set, TOLERANCE)
    rows = [5, 2, 17]
    one_way, other_way = described.select(rows).to_crystals(), described.to_crystals().select(rows)
    np.testing.assert_array_equal(one_way.fractional_coordinates, other_way.fractional_coordinates)
    np.testing.assert_array_equal(one_way.lattices, other_way.lattices)
    templates = described.templates.select(rows)
    np.testing.assert_array_equal(templates.letters, described.select(rows).letters)
    assert (shortest_distances(one_way) > 0.5).all()


def test_templates_refuse_letters_that_are_not_there():
    """The message names the space group."""
    with pytest.raises(ValueError, match='space group 2 has no Wyckoff letter'):
        SiteTemplates(np.array([2]), np.array([1]), np.array([14]), np.array([20]))
    with pytest.raises(ValueError, match='add up to 2 sites'):
        SiteTemplates(np.array([2]), np.array([2]), np.array([14]), np.array([0]))
