"""Which space groups can hold what."""

from __future__ import annotations

import pytest

from aiida_crystalgen.science.symmetry.compatibility import compatible_space_groups
from aiida_crystalgen.science.symmetry.wyckoff import GROUPS

COMPOSITIONS = [(8,), (16,), (4, 4), (12, 12), (4, 4, 12), (1, 2, 3, 7)]

WITHOUT_SI8 = [
    *(144, 145, 146, 148, 151, 152, 153, 154, 155, 160, 161, 166, 167, 169, 170, 171, 172),
    *(178, 179, 180, 181, 220, 228, 230),
]


@pytest.mark.parametrize(
    ('amounts', 'number'), [({'Si': 8}, 206), ({'Si': 16}, 209), ({'Sn': 12, 'Se': 12}, 212)]
)
def test_known_numbers_of_compatible_groups(amounts, number):
    """24 groups cannot hold Si8, 21 cannot hold Si16, 18 cannot hold Sn12Se12."""
    assert len(compatible_space_groups(amounts, 'conventional')) == number


def test_the_groups_without_eight_silicon_atoms():
    """They are those listed in the literature."""
    possible = compatible_space_groups({'Si': 8}, 'conventional')
    assert sorted(set(GROUPS) - set(possible)) == WITHOUT_SI8


@pytest.mark.parametrize('amounts', COMPOSITIONS, ids=str)
def test_conventional_cells_agree_with_pyxtal(amounts):
    """PyXtal's own check gives the same verdict on all groups."""
    from pyxtal.symmetry import Group

    theirs = [one for one in GROUPS if Group(one).check_compatible(list(amounts))[0]]
    assert list(compatible_space_groups(amounts, 'conventional')) == theirs


@pytest.mark.parametrize('amounts', [(1,), (2, 3)], ids=str)
def test_primitive_cells_hold_what_multiples_of_conventional_ones_hold(amounts):
    """Atoms of a primitive cell fit if the multiple fits the conventional cell of PyXtal."""
    from pyxtal.symmetry import Group

    theirs = []
    for number in GROUPS:
        group = Group(number)
        if group.check_compatible([group.cellsize() * amount for amount in amounts])[0]:
            theirs.append(number)
    assert list(compatible_space_groups(amounts, 'primitive')) == theirs


@pytest.mark.parametrize('amounts', [{}, {'Si': 0}, (3, -1)], ids=str)
def test_atoms_must_be_there(amounts):
    """No atoms or negative ones are refused."""
    with pytest.raises(ValueError, match='at least one'):
        compatible_space_groups(amounts, 'conventional')
