"""Ways to share a cell's atoms among Wyckoff positions: counted, and drawn evenly."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from math import prod

import numpy as np
from jaxtyping import Float, Int, UInt64

from aiida_crystalgen.science.symmetry.random_numbers import fold, uniform
from aiida_crystalgen.science.symmetry.wyckoff import wyckoff_table

__all__ = ('Combinations', 'Orbits', 'combinations', 'count_combinations')


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


@dataclass(frozen=True)
class Combinations:
    """All combinations of Wyckoff positions for some space groups and one composition.

    Species compete only for the positions without freedom, since any number of orbits fits on the
    others. So a combination is drawn in two steps: who gets the former, as a walk over a graph of
    weighted choices, and then, for each species by itself, which of the latter take the rest.

    :param amounts: number of atoms of each species in the primitive cell.
    :param roots: node of the graph where each space group starts, -1 if it has nothing to choose.
    :param nodes: position that is given away at each node of the graph.
    :param cumulative: cumulative probability of a node's outcomes: nobody, or one of the species.
    :param successors: node that follows each outcome, -1 at the end.
    :param free: positions with freedom of each space group.
    :param ways: see ``_free_ways``, for each space group.
    """

    amounts: tuple[int, ...]
    roots: Int[np.ndarray, ' groups']
    nodes: Int[np.ndarray, ' nodes']
    cumulative: Float[np.ndarray, 'nodes outcomes']
    successors: Int[np.ndarray, 'nodes outcomes']
    free: Int[np.ndarray, 'groups letters']
    ways: Float[np.ndarray, 'groups atoms letters+1']

    def draw(
        self, keys: UInt64[np.ndarray, ' crystals'], groups: Int[np.ndarray, ' crystals']
    ) -> Orbits:
        """Return a combination for each crystal, every one equally likely.

        :param groups: index of each crystal's space group among those of this object.
        """
        bench = _Bench.empty(len(keys), self.amounts)
        self._draw_fixed(bench, fold(keys, 0), self.roots[groups])
        for species in range(len(self.amounts)):
            self._draw_free(bench, fold(keys, species + 1), groups, species)
        return bench.orbits

    def _draw_fixed(
        self, bench: _Bench, keys: UInt64[np.ndarray, ' crystals'], node: Int[np.ndarray, ' crystals']
    ) -> None:
        """Give away the positions without freedom."""
        rows, step = np.flatnonzero(node >= 0), 0
        while len(rows):
            here = node[rows]
            draws = uniform(keys[rows], step)
            outcome = (self.cumulative[here] <= draws[:, None]).sum(axis=1)
            taken = outcome > 0
            bench.add(rows[taken], self.nodes[here[taken]], outcome[taken] - 1)
            node[rows] = self.successors[here, outcome]
            rows, step = rows[node[rows] >= 0], step + 1

    def _draw_free(
        self,
        bench: _Bench,
        keys: UInt64[np.ndarray, ' crystals'],
        groups: Int[np.ndarray, ' crystals'],
        species: int,
    ) -> None:
        """Fill the rest of a species, from the positions of highest multiplicity downwards."""
        rows, step = np.flatnonzero(bench.remaining[:, species]), 0
        letter = np.zeros(len(bench.remaining), dtype=np.int64)
        while len(rows):
            ways = self.ways[groups[rows], bench.remaining[rows, species]]
            draws = uniform(keys[rows], step) * ways[np.arange(len(rows)), letter[rows]]
            # Ways fall from letter to letter; the drop at a letter counts those that begin with it.
            letter[rows] = (ways > draws[:, None]).sum(axis=1) - 1
            chosen = self.free[groups[rows], letter[rows]]
            bench.add(rows, chosen, np.full(len(rows), species))
            rows, step = rows[bench.remaining[rows, species] > 0], step + 1


@dataclass
class _Bench:
    """Combinations in the making.

    :param remaining: number of atoms of each species that have no position yet.
    """

    orbits: Orbits
    remaining: Int[np.ndarray, 'crystals species']
    next_offsets: Int[np.ndarray, 'crystals species']

    @classmethod
    def empty(cls, crystals: int, amounts: tuple[int, ...]) -> _Bench:
        """Return a bench of crystals without any orbit."""
        shape = (crystals, sum(amounts))
        starts = np.cumsum(amounts) - np.array(amounts)
        return cls(
            orbits=Orbits(
                positions=np.full(shape, -1),
                species=np.zeros(shape, dtype=np.int64),
                offsets=np.zeros(shape, dtype=np.int64),
                counts=np.zeros(crystals, dtype=np.int64),
            ),
            remaining=np.tile(np.array(amounts), (crystals, 1)),
            next_offsets=np.tile(starts, (crystals, 1)),
        )

    def add(
        self,
        rows: Int[np.ndarray, ' rows'],
        positions: Int[np.ndarray, ' rows'],
        species: Int[np.ndarray, ' rows'],
    ) -> None:
        """Add one orbit to each of these crystals."""
        orbits, sizes = self.orbits, wyckoff_table().sizes[positions]
        place = orbits.counts[rows]
        orbits.positions[rows, place] = positions
        orbits.species[rows, place] = species
        orbits.offsets[rows, place] = self.next_offsets[rows, species]
        orbits.counts[rows] += 1
        self.next_offsets[rows, species] += sizes
        self.remaining[rows, species] -= sizes


def count_combinations(group: int, amounts: tuple[int, ...]) -> float:
    """Return the number of combinations that give these amounts; 0 if there is none.

    :param group: number of the space group.
    :param amounts: number of atoms of each species in the primitive cell.
    """
    return _Choices(group).count(0, amounts)


@lru_cache(maxsize=64)
def combinations(groups: tuple[int, ...], amounts: tuple[int, ...]) -> Combinations:
    """Return the combinations of these space groups, each of which must have some.

    :param amounts: number of atoms of each species in the primitive cell.
    """
    graph = _Graph()
    roots = [graph.grow(_Choices(group), 0, amounts) for group in groups]
    free = [_positions(group, free=True) for group in groups]
    letters, atoms = max(len(one) for one in free), max(amounts)
    ways = np.zeros((len(groups), atoms + 1, letters + 1))
    for row, group in enumerate(groups):
        ways[row, :, : len(free[row]) + 1] = _free_ways(group, atoms)
    outcomes = len(amounts) + 1
    return Combinations(
        amounts=amounts,
        roots=np.array(roots),
        nodes=np.array(graph.positions, dtype=np.int64),
        cumulative=_cumulative(np.array(graph.weights).reshape(-1, outcomes)),
        successors=np.array(graph.successors, dtype=np.int64).reshape(-1, outcomes),
        free=np.array([one + [-1] * (letters - len(one)) for one in free]),
        ways=ways,
    )


def _positions(group: int, *, free: bool) -> list[int]:
    """Return the positions of a group that have free parameters, or those that have none."""
    table = wyckoff_table()
    return [one for one in table.positions(group) if bool(table.freedoms[one]) == free]


@lru_cache(maxsize=4096)
def _free_ways(group: int, atoms: int) -> Float[np.ndarray, 'counts letters']:
    """Return in how many ways a species can occupy the positions with freedom.

    Entry (n, i) is the number of ways to place n atoms on the i-th such position and those after
    it, n from 0 to ``atoms``. The numbers are exact up to 2⁵³ and well enough beyond.
    """
    sizes = wyckoff_table().sizes[_positions(group, free=True)].tolist()
    ways = np.zeros((atoms + 1, len(sizes) + 1))
    ways[0] = 1
    for index in reversed(range(len(sizes))):
        # ways(n, i) = ways(n, i + 1) + ways(n - size, i): a running sum in steps of the size
        padded = np.zeros((atoms // sizes[index] + 1, sizes[index]))
        padded.flat[: atoms + 1] = ways[:, index + 1]
        ways[:, index] = padded.cumsum(axis=0).flat[: atoms + 1]
    return ways


class _Choices:
    """What can become of a group's positions without freedom, each of which holds one orbit.

    :param group: number of the space group.
    """

    def __init__(self, group: int) -> None:
        self.group = group
        self.fixed = _positions(group, free=False)
        self.sizes = wyckoff_table().sizes[self.fixed].tolist()
        self._counts: dict[tuple[int, tuple[int, ...]], float] = {}

    def count(self, index: int, amounts: tuple[int, ...]) -> float:
        """Return the number of combinations from the fixed position ``index`` onwards."""
        key = (index, amounts)
        if key not in self._counts:
            if index == len(self.fixed):
                ways = _free_ways(self.group, max(amounts))[:, 0]
                self._counts[key] = prod(float(ways[amount]) for amount in amounts)
            else:
                self._counts[key] = sum(self.weights(index, amounts))
        return self._counts[key]

    def weights(self, index: int, amounts: tuple[int, ...]) -> list[float]:
        """Return the number of combinations after each outcome at a fixed position."""
        return [
            self.count(index + 1, rest) if min(rest) >= 0 else 0.0
            for rest in self.outcomes(index, amounts)
        ]

    def outcomes(self, index: int, amounts: tuple[int, ...]) -> list[tuple[int, ...]]:
        """Return the atoms left if nobody or one of the species takes a fixed position."""
        size = self.sizes[index]
        taken = [
            (*amounts[:one], amounts[one] - size, *amounts[one + 1 :]) for one in range(len(amounts))
        ]
        return [amounts, *taken]


@dataclass
class _Graph:
    """The graph of all choices of several space groups in the making; see ``Combinations``."""

    positions: list[int] = field(default_factory=list)
    weights: list[list[float]] = field(default_factory=list)
    successors: list[list[int]] = field(default_factory=list)

    def grow(self, choices: _Choices, index: int, amounts: tuple[int, ...]) -> int:
        """Return the node for this position and these amounts, made with all that follow it."""
        known: dict[tuple[int, tuple[int, ...]], int] = {}

        def node(index: int, amounts: tuple[int, ...]) -> int:
            if index == len(choices.fixed):
                return -1
            if (index, amounts) not in known:
                weights = choices.weights(index, amounts)
                after = [
                    node(index + 1, rest) if weight > 0 else -1
                    for weight, rest in zip(weights, choices.outcomes(index, amounts), strict=True)
                ]
                known[index, amounts] = len(self.positions)
                self.positions.append(choices.fixed[index])
                self.weights.append(weights)
                self.successors.append(after)
            return known[index, amounts]

        return node(index, amounts)


def _cumulative(weights: Float[np.ndarray, 'nodes outcomes']) -> Float[np.ndarray, 'nodes outcomes']:
    """Return cumulative probabilities that reach 1 exactly at the last possible outcome."""
    sums = weights.cumsum(axis=1)
    return np.where(sums == sums[:, -1:], 1.0, sums / sums[:, -1:])
