"""All ways to fill the Wyckoff positions of a space group, counted and drawn without listing them.

A filling says how many orbits of each element stand on each position; one without freedom holds one
orbit at most. The fillings of a given size are the coefficient of a generating function, which is a
product over positions and elements. Its partial products, kept as tables over all smaller sizes,
let a filling be drawn backwards, position by position, with exactly its share of the total.
"""

from __future__ import annotations

from functools import lru_cache
from math import prod
from typing import NamedTuple

import numpy as np
from jaxtyping import Int, UInt64

from aiida_crystalgen.science.symmetry.random_numbers import fold, uniform
from aiida_crystalgen.science.symmetry.wyckoff import wyckoff_table

__all__ = ('Fillings', 'fillings', 'number_of_fillings')

_MOST_KEPT = 2**17  # entries of the tables of one space group: a megabyte


class _Choice(NamedTuple):
    """Something a filling may have: a number of orbits on a position.

    :param weight: factor in the weight of a filling.
    :param size: what it takes of the total.
    :param orbits: number of them.
    :param species: that they are of.
    """

    weight: float
    size: tuple[int, ...]
    orbits: int
    species: int


class Fillings:
    """The fillings of one space group, each with the product of its positions' weights.

    Sizes are atoms of each species, or orbits of each species and then the room for atoms.

    :param group: number of the space group.
    :param weights: of an orbit on each position, by letter.
    :param largest: sizes that are looked at end here.
    :param counts_orbits: whether sizes are orbits and room.
    """

    def __init__(
        self,
        group: int,
        weights: tuple[float, ...],
        largest: tuple[int, ...],
        *,
        counts_orbits: bool,
    ) -> None:
        positions = wyckoff_table().positions(group)[::-1]
        atoms = wyckoff_table().sizes[list(positions)]
        self._letters = len(weights)
        self._species = len(largest) - counts_orbits
        # All orbits may have even numbers of atoms, so that every other entry would be zero.
        self._units = np.full(len(largest), np.gcd.reduce(atoms))
        self._units[: self._species if counts_orbits else 0] = 1
        self._shape = np.array(largest) // self._units + 1
        self._strides = np.append(np.cumprod(self._shape[:0:-1])[::-1], 1)
        self._stages: list[tuple[int, list[_Choice]]] = []
        table = np.zeros(self._shape)
        # Room may be left over, atoms that are asked for may not.
        table[(0,) * self._species + ((slice(None),) if counts_orbits else ())] = 1
        self._tables = [table]
        for letter, (position, weight) in enumerate(zip(positions, weights, strict=True)):
            sizes = [
                self._size(one, int(atoms[letter]), counts_orbits) for one in range(self._species)
            ]
            if wyckoff_table().freedoms[position]:
                for species, size in enumerate(sizes):
                    self._add(letter, self._series(weight, size, species))
            else:
                self._add(letter, [_Choice(weight, one, 1, s) for s, one in enumerate(sizes)])

    def _series(self, weight: float, size: tuple[int, ...], species: int) -> list[_Choice]:
        """Return the choice of one orbit, two, and so on, as far as they fit."""
        return [
            _Choice(weight**many, tuple(many * one for one in size), many, species)
            for many in range(1, self._most(size) + 1)
        ]

    def _size(self, species: int, atoms: int, counts_orbits: bool) -> tuple[int, ...]:
        """Return what an orbit of so many atoms takes of the total."""
        size = np.zeros_like(self._units)
        size[species] = 1 if counts_orbits else atoms
        if counts_orbits:
            size[-1] = atoms
        return tuple((size // self._units).tolist())

    def _most(self, size: tuple[int, ...]) -> int:
        """Return how many orbits of some size there can be."""
        return min(
            (end - 1) // one for end, one in zip(self._shape.tolist(), size, strict=True) if one
        )

    def _add(self, letter: int, choices: list[_Choice]) -> None:
        """Multiply the generating function by one and these choices."""
        possible = [one for one in choices if one.weight > 0 and self._most(one.size)]
        if not possible:
            return
        before = self._tables[-1]
        after = before.copy()
        for weight, size, _, _ in possible:
            grown = tuple(slice(one, None) for one in size)
            kept = tuple(slice(end - one) for end, one in zip(self._shape, size, strict=True))
            after[grown] += weight * before[kept]
        self._stages.append((letter, possible))
        self._tables.append(after)

    def total(self, size: tuple[int, ...]) -> float:
        """Return the sum of the weights of all fillings of a size."""
        if (np.array(size) % self._units)[: self._species].any():
            return 0.0
        return float(self._tables[-1][tuple(np.array(size) // self._units)])

    def draw(
        self, keys: UInt64[np.ndarray, ' rows'], sizes: Int[np.ndarray, 'rows axes']
    ) -> Int[np.ndarray, 'rows letters species']:
        """Return the numbers of orbits of a filling for each key, drawn by weight.

        :param sizes: of each filling, none of which is impossible.
        """
        counts = np.zeros((len(keys), self._letters, self._species), dtype=np.int64)
        rest, rows = sizes // self._units, np.arange(len(keys))
        stages = list(zip(self._stages, self._tables, strict=False))
        for stage, ((letter, choices), table) in reversed(list(enumerate(stages))):
            taken = np.array([(0,) * len(self._shape), *(one.size for one in choices)])
            weights = np.array([1.0, *(one.weight for one in choices)])
            left = rest[:, None] - taken
            is_possible = (left >= 0).all(axis=2)
            places = np.where(is_possible, left @ self._strides, 0)
            shares = np.where(is_possible, weights * table.ravel()[places], 0).cumsum(axis=1)
            draws = uniform(fold(keys, stage), 0) * shares[:, -1]
            chosen = (draws[:, None] >= shares).sum(axis=1)
            rest -= taken[chosen]
            orbits = np.array([0, *(one.orbits for one in choices)])
            species = np.array([0, *(one.species for one in choices)])
            counts[rows, letter, species[chosen]] += orbits[chosen]
        return counts


def fillings(
    group: int,
    weights: tuple[float, ...] | None,
    largest: tuple[int, ...],
    *,
    counts_orbits: bool = False,
) -> Fillings:
    """Return the fillings of a space group, all with equal weight if none are given.

    :param weights: of an orbit on each position, by letter.
    :param largest: see `Fillings`.
    """
    letters = len(wyckoff_table().positions(group))
    entries = letters * len(largest) * prod(one + 1 for one in largest)
    make = _kept if entries <= _MOST_KEPT else Fillings
    return make(group, weights or (1.0,) * letters, largest, counts_orbits=counts_orbits)


@lru_cache(maxsize=256)
def _kept(
    group: int, weights: tuple[float, ...], largest: tuple[int, ...], *, counts_orbits: bool
) -> Fillings:
    """Return fillings whose tables are small enough to be kept."""
    return Fillings(group, weights, largest, counts_orbits=counts_orbits)


def number_of_fillings(group: int, amounts: tuple[int, ...]) -> int:
    """Return in how many ways Wyckoff positions hold some atoms; rounded beyond 2⁵³.

    :param group: number of the space group.
    :param amounts: atoms of each element in the primitive cell.
    """
    return round(fillings(group, None, amounts).total(amounts))
