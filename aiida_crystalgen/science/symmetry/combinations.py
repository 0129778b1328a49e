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
    :param counts: number of orbits.
    """

    positions: Int[np.ndarray, 'crystals orbits']
    species: Int[np.ndarray, 'crystals orbits']
    offsets: Int[np.ndarray, 'crystals orbits']
    counts: Int[np.ndarray, ' crystals']


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
        # Adding a random number to these keys and sorting by them shuffles the positions without
        # freedom within their classes and leaves all others in place.
        width = int(np.where(self._classes.strides > 0, self._classes.counts, 0).sum(axis=1).max())
        columns = np.arange(width)
        ends = self._classes.starts + self._classes.counts
        of_class = (columns[:, None] >= ends[:, None]).sum(axis=-1)
        is_free = np.take_along_axis(self._classes.is_free, np.minimum(of_class, ends.shape[1]-1), axis=1)
        self._keys = np.where(is_free, columns + ends.shape[1], of_class)

    def draw(
        self, keys: UInt64[np.ndarray, ' crystals'], groups: Int[np.ndarray, ' crystals']
    ) -> Orbits:
        """Return a combination for each crystal.

        :param groups: index of each crystal's space group among those of this object.
        """
