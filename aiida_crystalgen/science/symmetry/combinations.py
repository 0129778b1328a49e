"""Ways to share a cell's atoms among Wyckoff positions: counted, and drawn evenly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from jaxtyping import Float, Int, UInt64

from aiida_crystalgen.science.symmetry.random_numbers import uniform
from aiida_crystalgen.science.symmetry.wyckoff import wyckoff_table

__all__ = ('Combinations', 'Orbits', 'combinations', 'count_combinations')


@dataclass(frozen=True)
class Orbits:
    """The orbits of each crystal of a batch, in the order in which they are to be placed.

    :param positions: row of the Wyckoff table; -1 beyond the last orbit.
    :param species: index of the element.
    :param offsets: index of the orbit's first atom in the primitive cell, where atoms are sorted by
        species.
    :param counts: number of orbits.
    """

    positions: Int[np.ndarray, 'crystals orbits']
    species: Int[np.ndarray, 'crystals orbits']
    offsets: Int[np.ndarray, 'crystals orbits']
    counts: Int[np.ndarray, ' crystals']


@dataclass(frozen=True)
class _FixedChoices:
    """Who gets the positions without freedom, one after another, as a graph of weighted choices.

    A node is a position together with the atoms that are still to be placed; outcome 0 leaves the
    position empty, outcome s + 1 gives it to species s.

    :param positions: row of the Wyckoff table for each node.
    :param cumulative: cumulative probability of the outcomes.
    :param successors: node that follows each outcome, -1 at the end.
    """

    positions: Int[np.ndarray, ' nodes']
    cumulative: Float[np.ndarray, 'nodes outcomes']
    successors: Int[np.ndarray, 'nodes outcomes']


@lru_cache(maxsize=8192)
def _free_ways(group: int, atoms: int) -> Float[np.ndarray, 'atoms+1 positions+1']:
    """Return the number of ways to place so many atoms on the positions with freedom.

    Entry (n, i) counts the ways to fill n atoms with any number of orbits on the i-th such position
    and those after it. Float numbers count exactly up to 2⁵³ and well enough beyond.
    """
    sizes = [int(wyckoff_table().sizes[one]) for one in _positions(group, free=True)]
    ways = np.zeros((atoms + 1, len(sizes) + 1))
    ways[0] = 1
    for index in reversed(range(len(sizes))):
        size = sizes[index]
        padded = np.zeros(-(-(atoms + 1) // size) * size)
        padded[: atoms + 1] = ways[:, index + 1]
        ways[:, index] = padded.reshape(-1, size).cumsum(axis=0).ravel()[: atoms + 1]
    return ways


def _positions(group: int, *, free: bool) -> list[int]:
    """Return the positions of a group that have free parameters, or those that have none."""
    table = wyckoff_table()
    return [one for one in table.positions(group) if bool(table.freedoms[one]) == free]
