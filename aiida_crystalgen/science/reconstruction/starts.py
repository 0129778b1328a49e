"""Random crystals to start from, as affine functions of the parameters that symmetry leaves free.

A start has a space group, Wyckoff positions that hold the composition, and free parameters. All
groups that the composition and, where it is known, the cell allow take part; a crystal without
symmetry is one of group 1. Every random number is a function of the key of a start, so that a start
depends on nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from functools import lru_cache

import numpy as np
from jaxtyping import Bool, Float, Int, UInt64

from aiida_crystalgen.science.symmetry.combinations import Combinations, Orbits
from aiida_crystalgen.science.symmetry.random_numbers import fold, uniform
from aiida_crystalgen.science.symmetry.wyckoff import wyckoff_table

__all__ = ('Frames', 'Starts', 'swapped')


@dataclass(frozen=True)
class Starts:
    """Crystals with equally many atoms whose coordinates are affine in free parameters.

    The parameters of atom a are those in the row ``slots[a]``; the rows of other atoms of an orbit
    are not used.

    :param groups: numbers of the space groups.
    :param lattices: vectors of the cells as rows, in Å.
    :param maps: matrix and, in the last column, shift that take the parameters to fractional
        coordinates of the cell.
    :param slots: row of the parameters of each atom.
    :param parameters: fractions of the conventional axes.
    :param lengths: of the conventional axes, in Å.
    """

    groups: Int[np.ndarray, ' starts']
    lattices: Float[np.ndarray, 'starts 3 3']
    maps: Float[np.ndarray, 'starts atoms 3 4']
    slots: Int[np.ndarray, 'starts atoms']
    parameters: Float[np.ndarray, 'starts atoms 3']
    lengths: Float[np.ndarray, 'starts 3']

    def select(self, rows: np.ndarray) -> Starts:
        """Return the starts of these rows, or of this mask."""
        return Starts(*(getattr(self, one.name)[rows] for one in fields(self)))

    def replace(self, rows: Int[np.ndarray, ' rows'], others: Starts) -> None:
        """Put other starts in the place of these rows."""
        for one in fields(self):
            getattr(self, one.name)[rows] = getattr(others, one.name)

    @property
    def coordinates(self) -> Float[np.ndarray, 'starts atoms 3']:
        """Fractional coordinates."""
        parameters = np.take_along_axis(self.parameters, self.slots[..., None], axis=1)
        return (self.maps[..., :3] * parameters[..., None, :]).sum(axis=-1) + self.maps[..., 3]


@dataclass(frozen=True)
class Frames:
    """Cells and space groups, in each of which a start can be drawn.

    :param copies: number of primitive cells in each cell.
    :param groups: number of the space group of each.
    :param lattices: vectors of the cells as rows, in Å.
    :param to_cell: matrix that takes conventional coordinates (a row) to those of the cell.
    :param shifts: lattice vectors of the crystal inside the cell, in its coordinates; rows beyond
        ``copies`` are zero.
    """

    copies: Int[np.ndarray, ' frames']
    groups: Int[np.ndarray, ' frames']
    lattices: Float[np.ndarray, 'frames 3 3']
    to_cell: Float[np.ndarray, 'frames 3 3']
    shifts: Float[np.ndarray, 'frames copies 3']

    def draw(
        self, species: Int[np.ndarray, ' atoms'], keys: UInt64[np.ndarray, ' frames']
    ) -> Starts:
        """Return one start in each frame, with Wyckoff positions and parameters by the keys.

        :param species: number of each atom's element among those of the crystal.
        """
        atoms, number = len(species), len(keys)
        amounts = np.bincount(species)
        maps = np.empty((number, atoms, 3, 4))
        slots = np.empty((number, atoms), dtype=np.int64)
        for copies in np.unique(self.copies).tolist():
            rows = np.flatnonzero(self.copies == copies)
            groups, index = np.unique(self.groups[rows], return_inverse=True)
            combinations = _combinations(
                tuple(groups.tolist()), tuple((amounts // copies).tolist())
            )
            orbits = combinations.draw(fold(keys[rows], 0), index)
            primitive, primitive_slots = _primitive_maps(orbits, atoms // copies)
            shifts = self.shifts[rows, :copies]
            target = (rows[:, None], _places(species, copies))
            maps[target] = _in_cell(primitive, self.to_cell[rows], shifts)
            slots[target] = np.tile(primitive_slots, (1, copies))
        counters = np.arange(3 * atoms).reshape(1, atoms, 3)
        return Starts(
            groups=self.groups,
            lattices=self.lattices,
            maps=maps,
            slots=slots,
            parameters=uniform(fold(keys, 1)[:, None, None], counters),
            lengths=np.linalg.norm(self.to_cell @ self.lattices, axis=2),
        )


def _places(species: Int[np.ndarray, ' atoms'], copies: int) -> Int[np.ndarray, ' atoms']:
    """Return which atom of the target each is, listed by copy and in these by species."""
    listed = np.tile(np.sort(species).reshape(-1, copies)[:, 0], copies)
    places = np.empty(len(listed), dtype=np.int64)
    places[np.argsort(listed, kind='stable')] = np.argsort(species, kind='stable')
    return places


@lru_cache(maxsize=64)
def _combinations(groups: tuple[int, ...], amounts: tuple[int, ...]) -> Combinations:
    """Return the combinations of positions of these groups, which take a while to count."""
    return Combinations(groups, amounts)


def _primitive_maps(
    orbits: Orbits, atoms: int
) -> tuple[Float[np.ndarray, 'starts atoms 3 4'], Int[np.ndarray, 'starts atoms']]:
    """Return map and slot of each atom of the primitive cells, in conventional coordinates."""
    table = wyckoff_table()
    rows, columns = np.nonzero(orbits.positions >= 0)
    positions, offsets = orbits.positions[rows, columns], orbits.offsets[rows, columns]
    sizes = table.sizes[positions]
    owners = np.repeat(np.arange(len(rows)), sizes)
    members = np.arange(len(owners)) - np.repeat(sizes.cumsum() - sizes, sizes)
    maps = np.empty((len(orbits.positions), atoms, 3, 4))
    slots = np.empty((len(orbits.positions), atoms), dtype=np.int64)
    place = (rows[owners], offsets[owners] + members)
    maps[place] = table.maps[table.map_bounds[positions][owners] + members]
    slots[place] = offsets[owners]
    return maps, slots


def _in_cell(
    maps: Float[np.ndarray, 'starts atoms 3 4'],
    to_cell: Float[np.ndarray, 'starts 3 3'],
    shifts: Float[np.ndarray, 'starts copies 3'],
) -> Float[np.ndarray, 'starts copied 3 4']:
    """Return the maps to coordinates of the cell, of all copies one after another."""
    moved = (to_cell.transpose(0, 2, 1)[:, None, :, :, None] * maps[:, :, None]).sum(axis=3)
    copied = np.repeat(moved[:, None], shifts.shape[1], axis=1)
    copied[..., 3] += shifts[:, :, None]
    return copied.reshape(len(maps), -1, 3, 4)


def swapped(
    starts: Starts,
    numbers: Int[np.ndarray, ' atoms'],
    keys: UInt64[np.ndarray, ' starts'],
    chosen: Bool[np.ndarray, ' starts'],
) -> Starts:
    """Return the starts with two orbits of different elements swapped in the chosen ones.

    Nothing is swapped where there are no two such orbits of equally many atoms.

    :param numbers: atomic numbers of the atoms.
    """
    trials, atoms = starts.slots.shape
    same = starts.slots[:, :, None] == starts.slots[:, None]
    sizes = same.sum(axis=2)
    possible = (sizes[:, :, None] == sizes[:, None]) & (numbers[:, None] != numbers)
    possible &= chosen[:, None, None]
    weights = np.where(possible, uniform(keys[:, None], np.arange(atoms**2)).reshape(same.shape), 0)
    first, second = np.divmod(weights.reshape(trials, -1).argmax(axis=1), atoms)
    rows = np.arange(trials)
    order = np.tile(np.arange(atoms), (trials, 1))
    # The members of both orbits are paired in the order of the atoms.
    members = [np.argsort(~same[rows, one], axis=1, kind='stable') for one in (first, second)]
    moved = np.where(possible.any(axis=(1, 2)), sizes[rows, first], 0)
    row, column = np.nonzero(np.arange(atoms) < moved[:, None])
    order[row, members[0][row, column]] = members[1][row, column]
    order[row, members[1][row, column]] = members[0][row, column]
    return replace(
        starts,
        maps=starts.maps[rows[:, None], order],
        slots=starts.slots[rows[:, None], order],
    )
