"""Laws of the combinations of Wyckoff positions."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from aiida_crystalgen.science.symmetry.combinations import Combinations
from aiida_crystalgen.science.symmetry.compatibility import (
    compatible_space_groups,
    primitive_amounts,
)
from aiida_crystalgen.science.symmetry.random_numbers import crystal_seeds
from aiida_crystalgen.science.symmetry.wyckoff import wyckoff_table


@pytest.fixture
def draw():
    """Return a function that draws orbits for groups of primitive lattices, in turn."""

    def build(groups, amounts, count):
        rows = np.arange(count) % len(groups)
        keys = crystal_seeds(11, count).view(np.uint64)
        return rows, Combinations(tuple(groups), amounts).draw(keys, rows)

    return build


def primitive_groups(amounts):
    """Return the compatible groups without centring."""
    centrings = wyckoff_table().centrings
    return [one for one in compatible_space_groups(amounts, 'conventional') if centrings[one] == 1]


@pytest.mark.parametrize('amounts', [(8,), (12, 12), (4, 4, 12)], ids=str)
def test_orbits_add_up_to_the_composition(draw, amounts):
    """Every species gets all its atoms, and orbits fill the cell without gap or overlap."""
    groups = primitive_groups(amounts)
    _, orbits = draw(groups, amounts, 3000)
    for positions, species, offsets in zip(
        orbits.positions, orbits.species, orbits.offsets, strict=True
    ):
        used = positions >= 0
        sizes = wyckoff_table().sizes[positions[used]]
        found = np.bincount(species[used], sizes, len(amounts))
        assert found.tolist() == list(amounts)
        atoms = [
            n
            for start, size in zip(offsets[used], sizes, strict=True)
            for n in range(start, start + size)
        ]
        assert sorted(atoms) == list(range(sum(amounts)))


def test_positions_belong_to_the_group_and_fixed_ones_hold_one_orbit(draw):
    """A position without freedom is never taken twice, not even by two species."""
    groups, table = primitive_groups((12, 12)), wyckoff_table()
    rows, orbits = draw(groups, (12, 12), 3000)
    for row, positions in zip(rows, orbits.positions, strict=True):
        counts = Counter(positions[positions >= 0].tolist())
        assert set(counts) <= set(table.positions(groups[row]))
        assert all(number == 1 for one, number in counts.items() if table.freedoms[one] == 0)


@pytest.mark.parametrize(
    ('group', 'amounts'),
    [(2, (2, 2)), (12, (4, 4)), (64, (4, 8)), (136, (2, 4)), (139, (2, 4)), (225, (4, 8))],
)
def test_all_combinations_of_pyxtal_are_drawn(draw, group, amounts):
    """What is drawn is exactly what PyXtal's enumeration lists."""
    from pyxtal.symmetry import Group

    listed = Group(group).list_wyckoff_combinations(list(amounts))[0]
    theirs = {tuple(tuple(sorted(letters)) for letters in one) for one in listed}
    centring = int(wyckoff_table().centrings[group])
    _, orbits = draw([group], primitive_amounts(amounts, 'conventional', centring), 20_000)
    ours = set()
    for positions, species in zip(orbits.positions, orbits.species, strict=True):
        labels = [[], []]
        for position, one in zip(positions, species, strict=True):
            if position >= 0:
                labels[one].append(wyckoff_table().labels[position])
        ours.add(tuple(tuple(sorted(letters)) for letters in labels))
    assert ours == theirs


def test_multiplicities_are_drawn_evenly(draw):
    """The two atoms of a P-1 cell share a general orbit as often as they sit on centres."""
    _, orbits = draw([2], (2,), 10_000)
    assert np.mean(orbits.counts == 1) == pytest.approx(1 / 2, abs=0.02)


def test_letters_are_drawn_evenly(draw):
    """The eight centres of inversion of P-1 hold an atom equally often."""
    _, orbits = draw([2], (1,), 16_000)
    counts = np.unique(orbits.positions[:, 0], return_counts=True)[1]
    assert counts == pytest.approx(np.full(8, 2000), rel=0.1)


def test_orbits_without_freedom_come_first_and_then_the_largest(draw):
    """The order of placing is from the hardest to the easiest."""
    _, orbits = draw([123], (12, 12), 500)
    table = wyckoff_table()
    for positions in orbits.positions:
        used = positions[positions >= 0]
        ranks = [(table.freedoms[one] > 0, -table.sizes[one]) for one in used]
        assert ranks == sorted(ranks)
