"""Space groups that were kept."""

import numpy as np
import pytest
import spglib

from aiida_crystalgen.science.metrics.retention import have_kept_groups

ALL = np.arange(1, 231)


@pytest.mark.parametrize(
    ('requested', 'found', 'kept'),
    [
        (221, 221, True),
        (123, 221, True),  # translationengleiche
        (221, 225, True),  # klassengleiche, the same cell without its centring
        (221, 123, False),
        (194, 225, False),  # hexagonal and cubic
        (166, 225, True),
        (2, 5, False),  # no inversion
        (221, 0, False),
    ],
)
def test_supergroups_keep_what_was_asked_for(requested, found, kept):
    """A subgroup or a stranger does not."""
    assert have_kept_groups(np.array([requested]), np.array([found])).tolist() == [kept]


def test_every_group_keeps_itself_and_none():
    """P1 is in every group."""
    assert have_kept_groups(ALL, ALL).all()
    assert have_kept_groups(np.ones_like(ALL), ALL).all()


def test_orders_of_point_groups_divide():
    """The order of the point group asked for divides that of a group that keeps it."""
    halls = {spglib.get_spacegroup_type(hall).number: hall for hall in range(530, 0, -1)}
    rotations = [spglib.get_symmetry_from_database(halls[number])['rotations'] for number in ALL]
    orders = np.array([len(np.unique(one, axis=0)) for one in rotations])
    requested, found = (one.ravel() for one in np.meshgrid(ALL, ALL))
    kept = have_kept_groups(requested, found)
    assert (orders[found[kept] - 1] % orders[requested[kept] - 1] == 0).all()
