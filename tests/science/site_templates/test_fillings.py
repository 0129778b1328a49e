"""Laws of the fillings of Wyckoff positions."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from aiida_crystalgen.science.site_templates.fillings import fillings, number_of_fillings
from aiida_crystalgen.science.symmetry.compatibility import (
    compatible_space_groups,
    primitive_amounts,
)
from aiida_crystalgen.science.symmetry.random_numbers import crystal_seeds
from aiida_crystalgen.science.symmetry.wyckoff import GROUPS, wyckoff_table

FORMULAS = [(8,), (4, 4), (2, 4), (4, 8)]


def keys(count):
    """Return keys of random numbers."""
    return crystal_seeds(5, count).view(np.uint64)


def sizes_of(group):
    """Return the atoms of each position by letter, and whether it has free parameters."""
    table = wyckoff_table()
    positions = list(table.positions(group))[::-1]
    return table.sizes[positions], table.freedoms[positions] > 0


@pytest.mark.parametrize('amounts', FORMULAS, ids=str)
@pytest.mark.parametrize('group', [12, 62, 64, 136, 139, 166, 194, 225, 227])
def test_number_is_that_of_pyxtal(group, amounts):
    """There are as many fillings as PyXtal lists."""
    from pyxtal.symmetry import Group

    listed = Group(group).list_wyckoff_combinations(list(amounts))[0]
    theirs = {tuple(tuple(sorted(letters)) for letters in one) for one in listed}
    primitive = primitive_amounts(amounts, 'conventional', int(wyckoff_table().centrings[group]))
    ours = number_of_fillings(group, primitive) if primitive else 0
    assert ours == len(theirs)


@pytest.mark.parametrize('amounts', [(1,), (8,), (2, 3), (4, 4, 12)], ids=str)
def test_a_group_has_room_if_it_has_fillings(amounts):
    """The count is zero exactly where the search for an opening finds none."""
    possible = [group for group in GROUPS if number_of_fillings(group, amounts)]
    assert possible == list(compatible_space_groups(amounts, 'primitive'))


@pytest.mark.parametrize(('group', 'amounts'), [(2, (2, 1)), (123, (1, 2)), (225, (1, 1))])
def test_all_fillings_are_drawn_equally_often(group, amounts):
    """Without weights, frequencies are equal within what chance allows."""
    count = 200 * number_of_fillings(group, amounts)
    counts = fillings(group, None, amounts).draw(keys(count), np.tile(amounts, (count, 1)))
    found = Counter(one.tobytes() for one in counts)
    assert len(found) == number_of_fillings(group, amounts)
    squares = sum((many - 200) ** 2 / 200 for many in found.values())
    assert squares < len(found) + 5 * np.sqrt(2 * len(found))


def test_fillings_are_drawn_by_weight():
    """A pair of general atoms of weight w² stands beside pairs of centres of weight 1."""
    weights = (1.0,) * 8 + (0.5,)
    found = fillings(2, weights, (2,))
    assert found.total((2,)) == pytest.approx(8 * 7 / 2 + 0.5)
    counts = found.draw(keys(20_000), np.full((20_000, 1), 2))
    assert counts[:, 8, 0].mean() == pytest.approx(0.5 / 28.5, abs=0.004)


@pytest.mark.parametrize('group', [1, 16, 47, 62, 123, 166, 191, 225, 230])
def test_fillings_add_up(group):
    """Every species gets all its atoms, and a position without freedom one orbit at most."""
    sizes, is_free = sizes_of(group)
    amounts = np.array([2, 1, 3]) * sizes.max()
    counts = fillings(group, None, tuple(amounts.tolist())).draw(
        keys(300), np.tile(amounts, (300, 1))
    )
    assert (np.einsum('rls,l->rs', counts, sizes) == amounts).all()
    assert counts[:, ~is_free].sum(axis=2).max(initial=0) <= 1


@pytest.mark.parametrize('group', [1, 47, 62, 166, 225])
def test_numbers_of_sites_are_kept_and_atoms_find_room(group):
    """Each species has the sites asked for, whatever the atoms, which are not too many."""
    sizes, is_free = sizes_of(group)
    wanted = np.tile([2, 1, 1, 24], (300, 1))
    found = fillings(group, None, (3, 2, 1, 24), counts_orbits=True)
    counts = found.draw(keys(300), wanted)
    assert (counts.sum(axis=1) == [2, 1, 1]).all()
    assert np.einsum('rls,l->r', counts, sizes).max() <= 24
    assert counts[:, ~is_free].sum(axis=2).max(initial=0) <= 1


def test_each_is_drawn_by_its_key_alone():
    """Drawing some of the rows changes nothing."""
    found, sizes = fillings(62, None, (8, 12)), np.tile([8, 12], (50, 1))
    together = found.draw(keys(50), sizes)
    assert (found.draw(keys(50)[7:9], sizes[7:9]) == together[7:9]).all()


def test_weights_in_large_cells_stay_finite():
    """A hundred atoms have a number of fillings that is rounded, not lost."""
    assert number_of_fillings(47, (28, 12, 8, 48)) > 2**53
