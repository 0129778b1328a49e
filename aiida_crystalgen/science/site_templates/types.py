"""Templates told apart by structure type, whatever their elements, origins and names of axes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from itertools import groupby, permutations, product
from string import ascii_letters
from typing import NamedTuple

from aiida_crystalgen.science.characterization.prototype import wyckoff_renamings

__all__ = ('Letters', 'TypeOfSites', 'type_of_sites')

Letters = tuple[tuple[int, ...], ...]  # of the orbits of each element, in ascending order


class TypeOfSites(NamedTuple):
    """The structure type of a template.

    :param letters: of the orbits of each role that an element can play, in the description with
        the earliest letters.
    :param orders: every way to give elements these roles: the place of each role's element.
    """

    letters: Letters
    orders: tuple[tuple[int, ...], ...]


@lru_cache(maxsize=1 << 16)
def type_of_sites(space_group: int, letters: Letters) -> TypeOfSites:
    """Return the type of a template, and which element plays which of its roles.

    Templates have one type if some description of theirs, by another origin or other axes, has the
    same letters for some order of the elements.

    :param letters: of the orbits of each element.
    """
    described = [
        tuple(tuple(sorted(renaming[letter] for letter in one)) for one in letters)
        for renaming in _renamings()[space_group]
    ]
    earliest = min(tuple(sorted(one)) for one in described)
    orders = {
        order for one in described if tuple(sorted(one)) == earliest for order in _sortings(one)
    }
    return TypeOfSites(earliest, tuple(sorted(orders)))


def _sortings(listed: Sequence[tuple[int, ...]]) -> Iterator[tuple[int, ...]]:
    """Yield every order that sorts a list: several if some of its entries are equal."""
    places = sorted(range(len(listed)), key=listed.__getitem__)
    ties = [list(tied) for _, tied in groupby(places, key=listed.__getitem__)]
    for arranged in product(*map(permutations, ties)):
        yield tuple(place for tied in arranged for place in tied)


@cache
def _renamings() -> dict[int, list[list[int]]]:
    """Return what the numbers of letters become in equivalent descriptions, by space group."""
    place = ascii_letters.index
    return {
        group: [[place(one[letter]) for letter in sorted(one, key=place)] for one in descriptions]
        for group, descriptions in wyckoff_renamings().items()
    }
