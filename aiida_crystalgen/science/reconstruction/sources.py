"""Where the starts of a target come from: its cell or random ones, and the groups that fit."""

from __future__ import annotations

from dataclasses import dataclass
from math import gcd

import numpy as np
from jaxtyping import Float, Int, UInt64

from aiida_crystalgen.science.reconstruction.axes import (
    Axes,
    conventional_axes,
    kind_of_lattice,
)
from aiida_crystalgen.science.reconstruction.starts import Frames, Starts
from aiida_crystalgen.science.symmetry.lattices import (
    draw_metrics,
    lattice_vectors,
    primitive_basis,
)
from aiida_crystalgen.science.symmetry.multiplicities import can_fill
from aiida_crystalgen.science.symmetry.random_numbers import fold, uniform
from aiida_crystalgen.science.symmetry.wyckoff import wyckoff_table

__all__ = ('FreeCells', 'GivenCell', 'Source', 'StartShares')


@dataclass(frozen=True)
class StartShares:
    """How starts are shared among the kinds of crystals.

    :param unsymmetric: share of starts in group 1; of the rest every group gets as many.
    :param most_copies: most primitive cells in one cell.
    :param tolerance: largest relative deviation of a given cell from what a system demands.
    """

    unsymmetric: float
    most_copies: int
    tolerance: float


class GivenCell:
    """Starts in a cell that is known, of all groups whose axes fit its lattice.

    :param species: number of each atom's element among those of the crystal.
    :param lattice: vectors of the cell as rows, in Å.
    :param groups: numbers of the space groups allowed.
    :raises ValueError: if none of them fits the composition and the cell.
    """

    def __init__(
        self,
        species: Int[np.ndarray, ' atoms'],
        lattice: Float[np.ndarray, '3 3'],
        groups: tuple[int, ...],
        shares: StartShares,
    ) -> None:
        self._species, self._lattice, self._shares = species, lattice, shares
        self._choices: list[tuple[int, int, list[Axes]]] = []
        for copies, possible in _possible(species, groups, shares.most_copies):
            axes = conventional_axes(lattice, copies, shares.tolerance)
            self._choices += [
                (copies, group, axes[kind_of_lattice(group)])
                for group in possible
                if axes[kind_of_lattice(group)]
            ]
        if not self._choices:
            raise ValueError(
                f'no Wyckoff positions of space groups {list(groups)} fit the cell '
                f'{np.round(lattice, 4).tolist()} and its {len(species)} atoms'
            )
        self._groups = np.array([group for _, group, _ in self._choices])

    def draw(self, keys: UInt64[np.ndarray, ' starts']) -> Starts:
        """Return the starts of these keys."""
        chosen = _chosen(self._groups, keys, self._shares.unsymmetric)
        draws = uniform(fold(keys, 3), 0)
        copies = np.array([self._choices[one][0] for one in chosen])
        shifts = np.zeros((len(keys), int(copies.max(initial=1)), 3))
        to_cell = np.empty((len(keys), 3, 3))
        for row, one in enumerate(chosen.tolist()):
            listed = self._choices[one][2]
            axes = listed[int(draws[row] * len(listed))]
            to_cell[row], shifts[row, : copies[row]] = axes.to_cell, axes.shifts
        lattices = np.repeat(self._lattice[None], len(keys), axis=0)
        frames = Frames(copies, self._groups[chosen], lattices, to_cell, shifts)
        return frames.draw(self._species, fold(keys, 4))


class FreeCells:
    """Starts in random cells of the system of their groups, primitive or conventional.

    :param species: number of each atom's element among those of the crystal.
    :param volumes: smallest and largest volume of the cell, in Å³.
    :param groups: numbers of the space groups allowed.
    :raises ValueError: if none of them holds the composition.
    """

    def __init__(
        self,
        species: Int[np.ndarray, ' atoms'],
        volumes: tuple[float, float],
        groups: tuple[int, ...],
        shares: StartShares,
    ) -> None:
        self._species, self._volumes, self._shares = species, volumes, shares
        centrings = wyckoff_table().centrings
        found = [
            (copies, group)
            for copies, possible in _possible(species, groups, 4)
            for group in possible
            if copies in {1, centrings[group]}
        ]
        if not found:
            raise ValueError(
                f'no Wyckoff positions of space groups {list(groups)} hold the {len(species)} atoms'
            )
        self._copies, self._groups = np.array(found).T

    def draw(self, keys: UInt64[np.ndarray, ' starts']) -> Starts:
        """Return the starts of these keys."""
        chosen = _chosen(self._groups, keys, self._shares.unsymmetric)
        copies, groups = self._copies[chosen], self._groups[chosen]
        table = wyckoff_table()
        low, high = self._volumes
        volumes = low * (high / low) ** uniform(fold(keys, 3), 0)
        sizes = np.where(copies == 1, table.centrings[groups], 1)
        conventional = lattice_vectors(draw_metrics(fold(keys, 5), groups, volumes * sizes))
        bases = np.array([primitive_basis(group) for group in groups.tolist()]).reshape(-1, 3, 3)
        cells = np.where((copies == 1)[:, None, None], bases, np.eye(3))
        frames = Frames(
            copies, groups, cells @ conventional, np.linalg.inv(cells), table.translations[groups]
        )
        return frames.draw(self._species, fold(keys, 4))


Source = GivenCell | FreeCells


def _possible(
    species: Int[np.ndarray, ' atoms'], groups: tuple[int, ...], most_copies: int
) -> list[tuple[int, list[int]]]:
    """Return which groups can hold the atoms, by the number of primitive cells they make up."""
    amounts = np.bincount(species)
    divisor = gcd(*amounts.tolist())
    found = []
    for copies in range(1, most_copies + 1):
        if divisor % copies == 0:
            fits = can_fill(groups, tuple((amounts // copies).tolist()))
            found.append((copies, [one for one, fit in zip(groups, fits, strict=True) if fit]))
    return found


def _chosen(
    groups: Int[np.ndarray, ' choices'], keys: UInt64[np.ndarray, ' starts'], unsymmetric: float
) -> Int[np.ndarray, ' starts']:
    """Return a choice for each start.

    :param groups: number of the space group of each choice.
    :param unsymmetric: share of group 1, if it and others are among the choices.
    """
    plain, symmetric = np.flatnonzero(groups == 1)[:1], np.flatnonzero(groups != 1)
    draws = uniform(fold(keys, 2), np.arange(1))
    if len(plain) == 0 or len(symmetric) == 0:
        return (draws * len(groups)).astype(np.int64)
    rest = np.clip((draws - unsymmetric) / (1 - unsymmetric), 0, None) if unsymmetric < 1 else draws
    chosen = symmetric[np.minimum((rest * len(symmetric)).astype(np.int64), len(symmetric) - 1)]
    return np.where(draws < unsymmetric, plain[0], chosen)
