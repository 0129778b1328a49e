"""Which space groups can hold a composition, known before anything is tried."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Literal

from aiida_crystalgen.science.symmetry.combinations import count_combinations
from aiida_crystalgen.science.symmetry.wyckoff import GROUPS, wyckoff_table

__all__ = ('compatible_space_groups', 'primitive_amounts')


def compatible_space_groups(
    amounts: Mapping[str, int] | Sequence[int], cell: Literal['conventional', 'primitive']
) -> tuple[int, ...]:
    """Return the numbers of the space groups with Wyckoff positions for these atoms.

    :param amounts: number of atoms of each element in the cell.
    :param cell: the cell they are counted in.
    :raises ValueError: if there are no atoms or an amount is not positive.
    """
    counts = tuple(amounts.values()) if isinstance(amounts, Mapping) else tuple(amounts)
    if not counts or min(counts) < 1:
        raise ValueError(f'amounts of atoms are {counts}, but every element needs at least one')
    return _compatible(counts, cell)


@lru_cache(maxsize=256)
def _compatible(counts: tuple[int, ...], cell: Literal['conventional', 'primitive']) -> tuple[int, ...]:
    """Return the space groups with at least one combination of positions."""
    amounts = {group: primitive_amounts(group, counts, cell) for group in GROUPS}
    return tuple(
        group for group, some in amounts.items() if some and count_combinations(group, some) > 0
    )


def primitive_amounts(
    group: int, amounts: tuple[int, ...], cell: Literal['conventional', 'primitive']
) -> tuple[int, ...]:
    """Return the atoms per primitive cell, or nothing if the centring does not divide them."""
    centring = int(wyckoff_table().centrings[group]) if cell == 'conventional' else 1
    if any(amount % centring for amount in amounts):
        return ()
    return tuple(amount // centring for amount in amounts)
