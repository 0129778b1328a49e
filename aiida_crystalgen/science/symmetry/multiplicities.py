"""Which multiplicities can follow at each stage of filling a cell with orbits."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from jaxtyping import Bool, Int

from aiida_crystalgen.science.symmetry.wyckoff import wyckoff_table

__all__ = ('MultiplicityClasses', 'can_fill', 'multiplicity_classes', 'openings')


@dataclass(frozen=True)
class MultiplicityClasses:
    """The Wyckoff positions of some space groups, in classes of equal multiplicity.

    A position without freedom holds one orbit, any other holds as many as the distances allow. So
    the former make classes of their own, put first, which are full after as many orbits as they
    have positions. The orbits that still fit all these classes are kept as one number, the stock:
    their sum, each class weighted with its stride.

    :param positions: rows of the Wyckoff table, class after class; -1 beyond the last.
    :param starts: place of each class's first position among those.
    :param counts: number of positions of each class.
    :param sizes: atoms of an orbit in the primitive cell; 0 beyond the last class.
    :param strides: weight of each class in the stock; 0 if its positions have freedom.
    :param stocks: the stock of an empty cell.
    """

    positions: Int[np.ndarray, 'groups positions']
    starts: Int[np.ndarray, 'groups classes']
    counts: Int[np.ndarray, 'groups classes']
    sizes: Int[np.ndarray, 'groups classes']
    strides: Int[np.ndarray, 'groups classes']
    stocks: Int[np.ndarray, ' groups']

    @property
    def is_free(self) -> Bool[np.ndarray, 'groups classes']:
        """Whether the positions of each class have free parameters."""
        return (self.strides == 0) & (self.sizes > 0)


@lru_cache(maxsize=64)
def multiplicity_classes(groups: tuple[int, ...]) -> MultiplicityClasses:
    """Return the classes of each space group, without freedom and with, by falling multiplicity."""
    found = [_positions_by_class(group) for group in groups]
    width = max(len(classes) for classes in found)
    places = max(sum(map(len, classes)) for classes in found)
    positions = np.full((len(groups), places), -1)
    counts, sizes, strides = np.zeros((3, len(groups), width), dtype=np.int64)
    stocks = np.zeros(len(groups), dtype=np.int64)
    table = wyckoff_table()
    for row, classes in enumerate(found):
        listed = [position for members in classes for position in members]
        positions[row, : len(listed)] = listed
        counts[row, : len(classes)] = [len(members) for members in classes]
        sizes[row, : len(classes)] = [table.sizes[members[0]] for members in classes]
        stride = 1
        for column, members in enumerate(classes):
            if table.freedoms[members[0]] == 0:
                strides[row, column] = stride
                stocks[row] += stride * len(members)
                stride *= len(members) + 1
    starts = counts.cumsum(axis=1) - counts
    return MultiplicityClasses(positions, starts, counts, sizes, strides, stocks)


def _positions_by_class(group: int) -> list[list[int]]:
    """Return the positions without freedom, then those with, each by falling multiplicity."""
    table = wyckoff_table()
    classes: dict[tuple[bool, int], list[int]] = {}
    for position in table.positions(group):
        key = (bool(table.freedoms[position]), -int(table.sizes[position]))
        classes.setdefault(key, []).append(position)
    return [classes[key] for key in sorted(classes)]


@lru_cache(maxsize=16)
def openings(
    groups: tuple[int, ...], amounts: tuple[int, ...]
) -> Bool[np.ndarray, 'groups species atoms stocks classes']:
    """Return the classes that the next orbit may have so that the cell can still be filled.

    :param groups: numbers of the space groups.
    :param amounts: atoms of each species in the primitive cell; species are filled in this order.
    :returns: by group, species, atoms of this species still to be placed, stock, and class.
    """
    classes = multiplicity_classes(groups)
    stocks = np.arange(int(classes.stocks.max()) + 1)[:, None]
    strides = classes.strides[:, None]
    left = stocks // np.maximum(strides, 1) % (classes.counts[:, None] + 1)
    fits = classes.is_free[:, None] | ((strides > 0) & (left > 0))
    later = np.maximum(stocks - strides, 0)
    rows = np.arange(len(groups))[:, None, None]
    result = np.zeros((len(groups), len(amounts), max(amounts) + 1, *fits.shape[1:]), dtype=bool)
    end = np.ones((len(groups), len(stocks)), dtype=bool)
    for species in reversed(range(len(amounts))):
        fillable = np.zeros((len(groups), amounts[species] + 1, len(stocks)), dtype=bool)
        fillable[:, 0] = end
        for atoms in range(1, amounts[species] + 1):
            rest = atoms - classes.sizes[:, None]
            reached = fillable[rows, np.maximum(rest, 0), later]
            result[:, species, atoms] = fits & (rest >= 0) & reached
            fillable[:, atoms] = result[:, species, atoms].any(axis=-1)
        end = fillable[:, -1]
    return result


def can_fill(groups: tuple[int, ...], amounts: tuple[int, ...]) -> Bool[np.ndarray, ' groups']:
    """Return whether some combination of positions holds exactly these atoms.

    :param groups: numbers of the space groups.
    :param amounts: atoms of each species in the primitive cell.
    """
    stocks = multiplicity_classes(groups).stocks
    rows = np.arange(len(groups))
    return openings(groups, amounts)[rows, 0, amounts[0], stocks].any(axis=-1)
