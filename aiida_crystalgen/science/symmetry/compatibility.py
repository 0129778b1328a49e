"""Which space groups can hold a composition, known before anything is tried."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from aiida_crystalgen.science.symmetry.multiplicities import can_fill
from aiida_crystalgen.science.symmetry.wyckoff import GROUPS, wyckoff_table

__all__ = ('compatible_space_groups', 'primitive_amounts')


def compatible_space_groups(
    amounts: Mapping[str, int] | Sequence[int], cell: Literal['conventional', 'primitive']
) -> tuple[int, ...]:
    """Return the numbers of the space groups that have Wyckoff positions for these atoms.

    :param amounts: number of atoms of each element in the cell.
    :param cell: the cell they are counted in.
    :raises ValueError: if there are no elements, or an amount is not positive.
    """
    counts = tuple(amounts.values()) if isinstance(amounts, Mapping) else tuple(amounts)
    if not counts or min(counts) < 1:
        raise ValueError(f'amounts of atoms are {list(counts)}; each element needs at least one')
    found: list[int] = []
    for centring in (1, 2, 3, 4):
        groups = tuple(one for one in GROUPS if wyckoff_table().centrings[one] == centring)
        primitive = primitive_amounts(counts, cell, centring)
        if primitive:
            fits = can_fill(groups, primitive)
            found += [group for group, fit in zip(groups, fits, strict=True) if fit]
    return tuple(sorted(found))


def primitive_amounts(
    amounts: tuple[int, ...], cell: Literal['conventional', 'primitive'], centring: int
) -> tuple[int, ...]:
    """Return the atoms per primitive cell, or nothing if the centring does not divide them.

    :param amounts: atoms of each element in the cell.
    :param centring: number of lattice points in the conventional cell.
    """
    divisor = centring if cell == 'conventional' else 1
    if any(amount % divisor for amount in amounts):
        return ()
    return tuple(amount // divisor for amount in amounts)
