"""Whether generated crystals have the space groups that were asked for."""

from __future__ import annotations

from functools import cache

import numpy as np
from jaxtyping import Bool, Int

__all__ = ('have_kept_groups',)

_GROUPS = 230


def have_kept_groups(
    requested: Int[np.ndarray, ' crystals'], found: Int[np.ndarray, ' crystals']
) -> Bool[np.ndarray, ' crystals']:
    """Return which crystals have the space group asked for, or a supergroup of it.

    A supergroup is one from whose type chains of maximal subgroups lead to the other's, larger
    cells included: atoms that happen to sit on more symmetric places have lost nothing.

    :param found: 0 where no group was found, which is then not kept.
    """
    return _contains()[found, requested]


@cache
def _contains() -> Bool[np.ndarray, '231 231']:
    """Return which group types are subgroups (second index) of which (first), or equal to them.

    From PyXtal's tables of maximal translationengleiche and klassengleiche subgroups.
    """
    from pyxtal.symmetry import Group

    result = np.zeros((_GROUPS + 1, _GROUPS + 1), dtype=bool)
    for number in range(1, _GROUPS + 1):
        group = Group(number, quick=True)
        result[number, number] = True
        result[number, group.get_max_t_subgroup()['subgroup']] = True
        result[number, group.get_max_k_subgroup()['subgroup']] = True
    while True:
        longer = (result.astype(np.float32) @ result.astype(np.float32)) > 0
        if (longer == result).all():
            return result
        result = longer
