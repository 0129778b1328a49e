"""Random crystals to start from."""

import numpy as np
import pytest
import spglib

from aiida_crystalgen.science.reconstruction.sources import FreeCells, GivenCell, StartShares
from aiida_crystalgen.science.reconstruction.starts import swapped
from aiida_crystalgen.science.symmetry.random_numbers import fold, root_key
from aiida_crystalgen.science.symmetry.wyckoff import wyckoff_table

SHARES = StartShares(unsymmetric=0.1, most_copies=4, tolerance=1e-3)
SPECIES = np.array([0, 1, 1, 0, 0, 1, 1, 0])
KEYS = fold(root_key(0, 0), np.arange(60))
GROUPS = tuple(range(1, 231))
SOURCES = [
    GivenCell(SPECIES, np.diag([4.0, 4.0, 6.0]), GROUPS, SHARES),
    FreeCells(SPECIES, (90.0, 100.0), GROUPS, SHARES),
]


@pytest.mark.parametrize('source', SOURCES)
def test_starts_have_their_space_group(source):
    """The number of operations is a multiple of that of the group, and each set of atoms stays."""
    starts = source.draw(KEYS)
    table = wyckoff_table()
    for row, group in enumerate(starts.groups.tolist()):
        cell = (starts.lattices[row], starts.coordinates[row], SPECIES)
        found = spglib.get_symmetry_dataset(cell, symprec=1e-4)
        wanted = len(table.operations(group)) // table.centrings[group]
        assert found is None or len(found.rotations) % wanted == 0


@pytest.mark.parametrize('source', SOURCES)
def test_a_start_depends_on_its_key_alone(source):
    """Starts drawn alone are those drawn together."""
    together, alone = source.draw(KEYS), source.draw(KEYS[7:9])
    assert np.array_equal(together.coordinates[7:9], alone.coordinates)
    assert np.array_equal(together.lattices[7:9], alone.lattices)


@pytest.mark.parametrize('source', SOURCES)
def test_swaps_keep_symmetry_and_composition(source):
    """A swap exchanges the places of elements, and does nothing where it is not asked for."""
    starts = source.draw(KEYS)
    chosen = np.arange(len(KEYS)) % 2 == 0
    other = swapped(starts, SPECIES, KEYS, chosen)
    for row in range(len(KEYS)):
        both = (one.coordinates[row].round(9) for one in (starts, other))
        places = [{tuple(atom) for atom in atoms} for atoms in both]
        assert places[0] == places[1]
    assert np.array_equal(other.coordinates[1::2], starts.coordinates[1::2])
    assert not np.array_equal(other.coordinates, starts.coordinates)


@pytest.mark.parametrize('share', [0.0, 0.3, 1.0])
def test_share_without_symmetry(share):
    """As many starts have no symmetry as is asked for."""
    shares = StartShares(unsymmetric=share, most_copies=1, tolerance=1e-3)
    keys = fold(root_key(0, 0), np.arange(2000))
    starts = GivenCell(SPECIES, np.diag([4.0, 4.0, 6.0]), GROUPS, shares).draw(keys)
    assert (starts.groups == 1).mean() == pytest.approx(share, abs=0.04)


def test_group_that_does_not_fit():
    """A cubic group has no axes in a flat cell, which is said in a sentence."""
    with pytest.raises(ValueError, match='no Wyckoff positions of space groups'):
        GivenCell(SPECIES, np.diag([4.0, 4.0, 6.0]), (225,), SHARES)
    with pytest.raises(ValueError, match='no Wyckoff positions of space groups'):
        FreeCells(np.array([0]), (20.0, 20.0), (2, 19)[1:], SHARES)
