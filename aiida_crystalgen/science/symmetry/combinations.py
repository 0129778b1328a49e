"""Combinations of Wyckoff positions that hold a composition, for many crystals at once.

The species are filled one after another, orbit by orbit. First a multiplicity is drawn, evenly
among those after which the rest can still be filled, then a position of that multiplicity. Drawing
evenly among whole combinations would be no better: where a group has a dozen axes, as P222 has,
almost all combinations put almost all atoms on axes, few of these keep their distances, and the
general position would hardly ever be seen. PyXtal goes by multiplicity too; it meets dead ends,
which are excluded here, and merges close atoms into special positions, which are drawn here.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Int, UInt64

from aiida_crystalgen.science.symmetry.multiplicities import multiplicity_classes, openings
from aiida_crystalgen.science.symmetry.random_numbers import fold, uniform
from aiida_crystalgen.science.symmetry.wyckoff import wyckoff_table

__all__ = ('Combinations', 'Orbits')


@dataclass(frozen=True)
class Orbits:
    """The orbits of each crystal of a batch, in the order in which they are to be placed.

    :param positions: row of the Wyckoff table; -1 beyond the last orbit.
    :param species: index of the element.
    :param offsets: index of the orbit's first atom in the primitive cell, atoms sorted by species.
    """

    positions: Int[np.ndarray, 'crystals orbits']
    species: Int[np.ndarray, 'crystals orbits']
    offsets: Int[np.ndarray, 'crystals orbits']

    @property
    def counts(self) -> Int[np.ndarray, ' crystals']:
        """Number of orbits of each crystal."""
        return (self.positions >= 0).sum(axis=1)


class Combinations:
    """The combinations of Wyckoff positions for some space groups and one composition.

    :param groups: numbers of the space groups, each of which can hold the composition.
    :param amounts: atoms of each species in the primitive cell.
    """

    def __init__(self, groups: tuple[int, ...], amounts: tuple[int, ...]) -> None:
        self.amounts = amounts
        self._classes = multiplicity_classes(groups)
        is_open = openings(groups, amounts)
        self._open_counts = is_open.sum(axis=-1)
        self._open_classes = np.argsort(~is_open, axis=-1, kind='stable').astype(np.int8)
        is_fixed = self._classes.strides > 0
        self._columns = np.arange(int(self._classes.counts[is_fixed].max(initial=0)))

    def draw(
        self, keys: UInt64[np.ndarray, ' crystals'], groups: Int[np.ndarray, ' crystals']
    ) -> Orbits:
        """Return a combination for each crystal.

        Orbits without freedom come first and then the largest: what is hard to place is placed
        while there is room, and what is bound to fail fails early.

        :param groups: index of each crystal's space group among those of this object.
        """
        positions = np.full((len(keys), sum(self.amounts)), -1)
        classes = np.full_like(positions, self._classes.counts.shape[1])
        species = np.zeros_like(positions)
        amounts = np.array([*self.amounts, 0])
        filled, stocks = np.zeros(len(keys), dtype=np.int64), self._classes.stocks[groups]
        rest = amounts[filled]
        class_keys, letter_keys = fold(keys, 0), fold(keys, 1)
        rows, step = np.arange(len(keys)), 0
        while len(rows):
            state = (groups[rows], filled[rows], rest[rows], stocks[rows])
            draws = uniform(class_keys[rows], step) * self._open_counts[state]
            chosen = self._open_classes[(*state, draws.astype(np.int64))].astype(np.int64)
            classes[rows, step], species[rows, step] = chosen, filled[rows]
            positions[rows, step] = self._letters(letter_keys[rows], step, chosen, state)
            stocks[rows] -= self._classes.strides[groups[rows], chosen]
            rest[rows] -= self._classes.sizes[groups[rows], chosen]
            filled[rows] += rest[rows] == 0
            rest[rows] = np.where(rest[rows] == 0, amounts[filled[rows]], rest[rows])
            rows, step = rows[rest[rows] > 0], step + 1
        sizes = np.where(positions < 0, 0, wyckoff_table().sizes[positions])
        offsets = sizes.cumsum(axis=1) - sizes
        order = np.argsort(classes, axis=1, kind='stable')
        arranged = [np.take_along_axis(one, order, 1) for one in (positions, species, offsets)]
        return Orbits(*arranged)

    def _letters(
        self,
        keys: UInt64[np.ndarray, ' crystals'],
        step: int,
        chosen: Int[np.ndarray, ' crystals'],
        state: tuple[Int[np.ndarray, ' crystals'], ...],
    ) -> Int[np.ndarray, ' crystals']:
        """Return a position of the chosen class for each crystal."""
        groups, _, _, stocks = state
        counts = self._classes.counts[groups, chosen]
        strides = self._classes.strides[groups, chosen]
        starts = self._classes.starts[groups, chosen]
        # Every orbit takes any letter with freedom, whatever the others took. The letters without
        # are ranked once for each crystal, by numbers of their own, and taken in that order.
        letters = (uniform(keys, step) * counts).astype(np.int64)
        rows = np.flatnonzero(strides)
        used = counts[rows] - stocks[rows] // strides[rows] % (counts[rows] + 1)
        ranks = uniform(fold(keys[rows], 2**32)[:, None], starts[rows, None] + self._columns)
        ranks += self._columns >= counts[rows, None]
        letters[rows] = np.argsort(ranks, axis=1)[np.arange(len(rows)), used]
        return self._classes.positions[groups, starts + letters]
