"""What the templates of a request hold, and in which space groups there is room for it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby

import numpy as np
from ase.data import atomic_numbers
from jaxtyping import Int

from aiida_crystalgen.science.generators.interface import Request
from aiida_crystalgen.science.site_templates.settings import TemplateSettings
from aiida_crystalgen.science.symmetry.compatibility import (
    compatible_space_groups,
    primitive_amounts,
)
from aiida_crystalgen.science.symmetry.multiplicities import can_fill
from aiida_crystalgen.science.symmetry.wyckoff import GROUPS, wyckoff_table

__all__ = ('Contents', 'contents_of', 'fewest_atoms')

_MOST_UNITS = 24  # formula units that a message looks for room for


@dataclass(frozen=True)
class Contents:
    """What some templates hold.

    :param elements: atomic numbers.
    :param groups: numbers of the space groups that have room for it, in ascending order.
    :param amounts: atoms of each element in the primitive cell by number of the space group; None
        if any will do.
    :param most_atoms: in the primitive cell, if any amounts will do.
    :param sites: number of inequivalent sites of each element; any if empty.
    """

    elements: tuple[int, ...]
    groups: Int[np.ndarray, ' groups']
    amounts: Int[np.ndarray, '231 elements'] | None
    most_atoms: int = 0
    sites: tuple[int, ...] = ()


def contents_of(request: Request, settings: TemplateSettings) -> list[Contents]:
    """Return what the templates of a request hold, for each number of formula units with room.

    A chemical system has no formula units, so that there is one entry for it.

    :raises ValueError: if clusters are asked for, elements are left open, or no space group that
        is allowed has room.
    """
    if not request.periodic:
        raise ValueError('clusters have no sites to be drawn; ask another generator for them')
    if request.further_elements:
        raise ValueError(
            f"'composition' is {request.composition}, which leaves elements open; name all of them"
        )
    if request.is_system:
        return [_system(request, settings)]
    if settings.sites:
        raise ValueError(
            f"'sites' counts those of a chemical system, and {request.composition} is a formula"
        )
    wanted = request.space_groups or tuple(GROUPS)
    found = [_formula(request, units, wanted) for units in request.formula_units]
    if not any(len(one.groups) for one in found):
        raise ValueError(_no_room(request))
    return [one for one in found if len(one.groups)]


def _formula(request: Request, units: int, wanted: tuple[int, ...]) -> Contents:
    """Return what a cell of so many formula units holds, and which of these groups have room."""
    counts = tuple(units * amount for amount in request.amounts.values())
    amounts = np.zeros((len(GROUPS) + 1, len(counts)), dtype=np.int64)
    table = wyckoff_table()
    for centring in (1, 2, 3, 4):
        groups = tuple(sorted(one for one in set(wanted) if table.centrings[one] == centring))
        primitive = primitive_amounts(counts, request.cell, centring)
        if groups and primitive:
            fits = can_fill(groups, primitive)
            amounts[np.array(groups)[fits]] = primitive
    elements = tuple(atomic_numbers[name] for name in request.elements)
    return Contents(
        elements, np.flatnonzero(amounts.any(axis=1)), amounts, int(amounts.sum(1).max())
    )


def _system(request: Request, settings: TemplateSettings) -> Contents:
    """Return what the cells of a chemical system hold, and which space groups have room.

    :raises ValueError: if none has, or other elements than those of the system have sites.
    """
    sites = tuple(settings.sites.get(name, 0) for name in request.elements)
    if settings.sites and (0 in sites or len(settings.sites) > len(sites)):
        raise ValueError(
            f"'sites' counts those of {', '.join(settings.sites)}, but {request.composition} is "
            'asked for'
        )
    number = sum(sites) or len(request.elements)
    wanted = sorted(set(request.space_groups or GROUPS))
    needed = {group: fewest_atoms(group, number) for group in wanted}
    groups = [group for group, atoms in needed.items() if atoms <= settings.most_atoms]
    if not groups:
        least = min(needed, key=lambda group: needed[group])
        raise ValueError(
            f'{number} inequivalent sites of {request.composition} need at least {needed[least]} '
            f"atoms in the primitive cell, in space group {least}, but 'most_atoms' is "
            f'{settings.most_atoms}; allow more atoms, or other space groups'
        )
    elements = tuple(atomic_numbers[name] for name in request.elements)
    return Contents(
        elements, np.array(groups), None, settings.most_atoms, sites if any(sites) else ()
    )


@lru_cache(maxsize=1 << 12)
def fewest_atoms(group: int, orbits: int) -> int:
    """Return how many atoms so many orbits of a space group have in the primitive cell at least."""
    table = wyckoff_table()
    positions = np.array(table.positions(group))
    sizes, is_free = table.sizes[positions], table.freedoms[positions] > 0
    repeated = np.repeat(sizes[is_free].min(), orbits)
    return int(np.sort(np.concatenate([sizes[~is_free], repeated]))[:orbits].sum())


def _no_room(request: Request) -> str:
    """Return what could be asked for instead of what no space group has room for."""
    possible = {
        units: compatible_space_groups(_amounts(request, units), request.cell)
        for units in request.formula_units
    }
    wanted = request.space_groups or tuple(GROUPS)
    enough = [
        units for units in range(1, _MOST_UNITS + 1) if len(_formula(request, units, wanted).groups)
    ]
    told = '; '.join(f'{units}: {_ranges(groups) or "none"}' for units, groups in possible.items())
    instead = ', '.join(map(str, enough)) or f'more than {_MOST_UNITS}'
    return (
        f'no Wyckoff positions of space groups {_ranges(wanted)} hold '
        f'{list(request.formula_units)} formula units of {request.composition} in the '
        f'{request.cell} cell. They have room for {instead} formula units; by number of formula '
        f'units, these groups have room: {told}'
    )


def _amounts(request: Request, units: int) -> dict[str, int]:
    """Return the atoms of each element in so many formula units."""
    return {element: units * amount for element, amount in request.amounts.items()}


def _ranges(numbers: tuple[int, ...]) -> str:
    """Return ascending numbers as text, as in '1-4, 7'."""
    ordered = sorted(set(numbers))
    runs = [
        [number for _, number in run]
        for _, run in groupby(enumerate(ordered), key=lambda one: one[1] - one[0])
    ]
    return ', '.join(f'{run[0]}-{run[-1]}' if len(run) > 1 else str(run[0]) for run in runs)
