"""Attempts at random crystals: one lattice, one combination of positions, orbits set in turn."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int, UInt64

from aiida_crystalgen.science.symmetry.combinations import Combinations, Orbits
from aiida_crystalgen.science.symmetry.images import nearest_squares, shortest_squares
from aiida_crystalgen.science.symmetry.lattices import draw_metrics
from aiida_crystalgen.science.symmetry.random_numbers import fold, uniform
from aiida_crystalgen.science.symmetry.wyckoff import wyckoff_table

__all__ = ('Attempts', 'Frame')

# How often one orbit is set anew before the attempt is given up. Fewer waste good lattices, more
# waste time on full ones; between 10 and 40 the rate of crystals hardly changes.
_TRIALS = 20


@dataclass(frozen=True)
class Frame:
    """What all crystals of a batch have in common.

    :param groups: numbers of their space groups, which agree in oblique axes and in the number of
        lattice points in the conventional cell.
    :param combinations: of Wyckoff positions, for these groups in this order.
    :param images: lattice vectors to search, see ``half_images``.
    :param volumes: smallest and largest volume of the conventional cell, in Å³.
    :param squares: smallest squared distance between each two species, in Å².
    """

    groups: Int[np.ndarray, ' groups']
    combinations: Combinations
    images: Int[np.ndarray, 'images 3']
    volumes: tuple[float, float]
    squares: Float[np.ndarray, 'species species']

    @property
    def centring(self) -> int:
        """Number of lattice points in the conventional cell."""
        return int(wyckoff_table().centrings[self.groups[0]])


class Attempts:
    """One attempt at each crystal of a batch.

    Only the representative of an orbit is compared with all atoms: the others follow by symmetry.
    Coordinates are fractions of the conventional cell for the atoms of a primitive cell, whose
    centred copies are met as further images.

    :param frame: what the crystals have in common.
    :param groups: index of each crystal's space group in the frame.
    :param keys: of the random numbers of each attempt.
    """

    def __init__(
        self,
        frame: Frame,
        groups: Int[np.ndarray, ' crystals'],
        keys: UInt64[np.ndarray, ' crystals'],
    ) -> None:
        numbers = frame.groups[groups]
        low, high = frame.volumes
        volumes = low + (high - low) * uniform(fold(keys, 0), 0)
        self.frame = frame
        self.metrics: Float[np.ndarray, 'crystals 6'] = draw_metrics(
            fold(keys, 1), numbers, volumes
        )
        self.orbits: Orbits = frame.combinations.draw(fold(keys, 2), groups)
        # Atoms that are not there yet have no coordinates, and no distance to them is too short.
        atoms = sum(frame.combinations.amounts)
        self.coordinates: Float[np.ndarray, '3 crystals atoms'] = np.full(
            (3, len(keys), atoms), np.nan
        )
        self._keys = fold(keys, 3)
        self._translations = wyckoff_table().translations[numbers, : frame.centring]
        self._limits = np.repeat(frame.squares, frame.combinations.amounts, axis=1)
        self._counts = self.orbits.counts
        self._current, self._trials, self._draws = np.zeros((3, len(keys)), dtype=np.int64)

    def run(self) -> Bool[np.ndarray, ' crystals']:
        """Return which attempts succeeded, after setting orbit by orbit in all of them."""
        table, counts = wyckoff_table(), self._counts
        limit = self.frame.squares.diagonal().max()
        rows = np.flatnonzero(shortest_squares(self.metrics, self.frame.images) >= limit)
        while len(rows):
            positions = self.orbits.positions[rows, self._current[rows]]
            self._set_orbits(rows)
            is_clear = self._are_clear(rows)
            self._current[rows] += is_clear
            self._trials[rows] = np.where(is_clear, 0, self._trials[rows] + 1)
            is_lost = (self._trials[rows] >= _TRIALS) | (
                ~is_clear & (table.freedoms[positions] == 0)
            )
            rows = rows[~is_lost & (self._current[rows] < counts[rows])]
        return self._current == counts

    def complete(self, rows: Int[np.ndarray, ' rows']) -> None:
        """Set the orbits that failed attempts lack, regardless of distances."""
        while len(rows := rows[self._current[rows] < self._counts[rows]]):
            self._set_orbits(rows)
            self._current[rows] += 1

    def _set_orbits(self, rows: Int[np.ndarray, ' rows']) -> None:
        """Give the atoms of the current orbits coordinates, from random free parameters."""
        table = wyckoff_table()
        current = (rows, self._current[rows])
        positions, offsets = self.orbits.positions[current], self.orbits.offsets[current]
        parameters = [uniform(self._keys[rows], 3 * self._draws[rows] + axis) for axis in range(3)]
        self._draws[rows] += 1
        sizes = table.sizes[positions]
        owners = np.repeat(np.arange(len(rows)), sizes)
        members = np.arange(len(owners)) - np.repeat(sizes.cumsum() - sizes, sizes)
        maps = table.maps[table.map_bounds[positions][owners] + members]
        x, y, z = (parameter[owners] for parameter in parameters)
        for axis in range(3):
            by_x, by_y, by_z, shift = maps[:, axis].T
            values = by_x * x + by_y * y + by_z * z + shift
            self.coordinates[axis, rows[owners], offsets[owners] + members] = values

    def _are_clear(self, rows: Int[np.ndarray, ' rows']) -> Bool[np.ndarray, ' rows']:
        """Return whether the current orbits keep their distances from all atoms there are."""
        current = (rows, self._current[rows])
        offsets, species = self.orbits.offsets[current], self.orbits.species[current]
        everyone = np.arange(len(rows))
        differences = []
        for axis, values in enumerate(self.coordinates):
            others = values[rows]
            shifts = self._translations[rows, :, axis] - others[everyone, offsets, None]
            difference = others[:, None] + shifts[:, :, None]
            difference -= np.rint(difference)
            differences.append(difference)
        squares = nearest_squares(differences, self.metrics[rows], self.frame.images)
        squares[everyone, 0, offsets] = np.inf
        return ~(squares < self._limits[species][:, None]).any(axis=(1, 2))
