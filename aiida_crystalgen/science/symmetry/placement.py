"""Attempts at placing the atoms of random crystals, many at a time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int, UInt64

from aiida_crystalgen.science.symmetry.combinations import Combinations, Orbits
from aiida_crystalgen.science.symmetry.lattices import draw_metrics, shortest_squares
from aiida_crystalgen.science.symmetry.random_numbers import fold, uniform
from aiida_crystalgen.science.symmetry.wyckoff import wyckoff_table

__all__ = ('Attempts', 'Site')

_TRIES = 20


@dataclass(frozen=True)
class Frame:
    """What the crystals of a batch have in common.

    :param combinations: of Wyckoff positions, for the space groups ``groups``.
    :param groups: numbers of the space groups, all with as many lattice points in the cell.
    :param images: lattice vectors to search, see ``half_images``.
    :param volumes: smallest and largest volume of the conventional cell, in Å³.
    :param squares: smallest squared distance allowed between species, in Å².
    """

    combinations: Combinations
    groups: Int[np.ndarray, ' groups']
    images: Int[np.ndarray, 'images 3']
    volumes: tuple[float, float]
    squares: Float[np.ndarray, 'species species']


class Attempts:
    """One attempt each at a batch of crystals."""

    def __init__(self, frame, keys, groups, forced):
        self.frame = frame
        self.groups = groups
        number = frame.groups[groups]
        self.orbits = frame.combinations.draw(fold(keys, 0), groups)
        lattice_keys = fold(keys, 1)
        low, high = frame.volumes
        volumes = low + (high - low) * uniform(lattice_keys, 6)
        self.metrics = draw_metrics(lattice_keys, number, volumes)
        self.keys = fold(keys, 2)
        self.forced = forced
        n, atoms = len(keys), sum(frame.combinations.amounts)
        self.coordinates = np.full((3, n, atoms), np.nan)
        self.current = np.zeros(n, np.int64)
        self.tries = np.zeros(n, np.int64)
        self.draws = np.zeros(n, np.int64)
        table = wyckoff_table()
        self.translations = table.translations[number, : table.centrings[number[0]]]
        self.thresholds = np.repeat(frame.squares, frame.combinations.amounts, axis=1)
        self.failed = shortest_squares(self.metrics, frame.images) < frame.squares.diagonal().max()

    def run(self):
        rows = np.flatnonzero(~self.failed)
        self.rounds = 0
        self.work = 0
        while len(rows):
            self.rounds += 1
            self.work += len(rows)
            clear = self.place(rows)
            self.current[rows] += clear
            self.tries[rows] = np.where(clear, 0, self.tries[rows] + 1)
            # 
            freedom = self.last_freedom
            dead = ~clear & ((self.tries[rows] >= _TRIES) | (freedom == 0))
            self.failed[rows[dead]] = True
            done = self.current[rows] == self.orbits.counts[rows]
            rows = rows[~(dead | done)]
        return ~self.failed

    def place(self, rows):
        table = wyckoff_table()
        current = self.current[rows]
        position = self.orbits.positions[rows, current]
        species = self.orbits.species[rows, current]
        offset = self.orbits.offsets[rows, current]
        self.last_freedom = table.freedoms[position]
        parameters = uniform(self.keys[rows], 3 * self.draws[rows] + np.arange(3)[:, None])
        self.draws[rows] += 1
        sizes = table.sizes[position]
        owners = np.repeat(np.arange(len(rows)), sizes)
        within = np.arange(len(owners)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        maps = MAPS[:, table.map_bounds[position][owners] + within]
        where = (rows * self.coordinates.shape[2] + offset)[owners] + within
        x, y, z = parameters[:, owners]
        for axis in range(3):
            m = maps[4 * axis : 4 * axis + 4]
            self.coordinates[axis].ravel()[where] = m[0] * x + m[1] * y + m[2] * z + m[3]
        return self.clear(rows, species, offset)

    def clear(self, rows, species, offset):
        index = np.arange(len(rows))
        images = self.frame.images
        d = []
        for axis in range(3):
            co = self.coordinates[axis][rows]
            rep = co[index, offset]
            shift = self.translations[rows, :, axis] - rep[:, None]
            delta = co[:, None, :] + shift[:, :, None]
            delta -= np.rint(delta)
            d.append(delta)
        aa, bb, cc, bc, ac, ab = self.metrics[rows].T[:, :, None, None]
        a, b, c = d
        # gradient
        if not len(images):
            sq = a * a * aa
            b *= b
            b *= bb
            sq += b
            c *= c
            c *= cc
            sq += c
        else:
            ga = a * aa + b * ab + c * ac
            gb = a * ab + b * bb + c * bc
            gc = a * ac + b * bc + c * cc
            sq = a * ga + b * gb + c * gc
            best = np.zeros_like(sq)
            for n in images:
                na, nb, nc = n
                n2 = na * na * aa + nb * nb * bb + nc * nc * cc + 2 * (na * nb * ab + na * nc * ac + nb * nc * bc)
                lin = na * ga + nb * gb + nc * gc
                np.abs(lin, out=lin)
                lin *= -2
                lin += n2
                np.minimum(best, lin, out=best)
            sq += best
        sq[index, 0, offset] = np.inf
        th = self.thresholds[species]
        return ~(sq < th[:, None, :]).any((1, 2))

MAPS = np.ascontiguousarray(wyckoff_table().maps.reshape(-1, 12).T)
