"""The Wyckoff positions of the 230 space groups as flat arrays of affine maps."""

from __future__ import annotations

import ast
import csv
import re
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from string import ascii_letters

import numpy as np
from jaxtyping import Float, Int

__all__ = ('GROUPS', 'WyckoffTable', 'wyckoff_table')

GROUPS = range(1, 231)

_TERM = re.compile(r'([+-]?)(?:(\d*)([xyz])|(\d+)(?:/(\d+))?)')


@dataclass(frozen=True)
class WyckoffTable:
    """The positions of all space groups, group after group, each from the general one down to 'a'.

    The settings are the standard ones of the International Tables, Vol. A: monoclinic unique axis b
    and cell choice 1, hexagonal axes for rhombohedral groups, origin choice 2. Of the points of a
    position that differ by a centring translation only one is listed, so that everything counts
    atoms of the primitive cell in coordinates of the conventional one.

    :param bounds: first position of each space group by its number, closed by their total.
    :param labels: multiplicity in the conventional cell and letter of each position, as in '4a';
        the 27th letter of group 47 is 'A'.
    :param map_bounds: first map of each position, closed by their total.
    :param maps: rotation and, in the last column, translation that take a position's free
        parameters x, y, z to fractional coordinates; the first map of a position is its
        representative.
    :param freedoms: number of free parameters of each position.
    :param centrings: number of lattice points in the conventional cell, by group number.
    :param translations: fractional centring translations by group number, the zero one first;
        rows beyond ``centrings`` are zero.
    """

    bounds: Int[np.ndarray, ' 232']
    labels: tuple[str, ...]
    map_bounds: Int[np.ndarray, ' map_bounds']
    maps: Float[np.ndarray, 'maps 3 4']
    freedoms: Int[np.ndarray, ' positions']
    centrings: Int[np.ndarray, ' 231']
    translations: Float[np.ndarray, '231 4 3']

    @property
    def sizes(self) -> Int[np.ndarray, ' positions']:
        """Number of atoms of each position in the primitive cell."""
        return np.diff(self.map_bounds)

    def positions(self, group: int) -> range:
        """Return the positions of a space group, the general one first."""
        return range(int(self.bounds[group]), int(self.bounds[group + 1]))

    def operations(self, group: int) -> Float[np.ndarray, 'operations 3 4']:
        """Return all operations of a space group on conventional fractional coordinates."""
        general = self.positions(group)[0]
        maps = self.maps[self.map_bounds[general] : self.map_bounds[general + 1]]
        centred = np.tile(maps, (int(self.centrings[group]), 1, 1))
        centred[:, :, 3] += np.repeat(
            self.translations[group, : self.centrings[group]], len(maps), axis=0
        )
        return centred


@lru_cache(maxsize=1)
def wyckoff_table() -> WyckoffTable:
    """Return the table, read from the data file of PyXtal without importing it."""
    listed = _listed_positions()
    parsed = {text: _affine_map(text) for group in listed for one in group for text in one}
    centrings, translations = np.zeros(231, dtype=np.int64), np.zeros((231, 4, 3))
    maps: list[np.ndarray] = []
    labels: list[str] = []
    for number, group in zip(GROUPS, listed, strict=True):
        general = np.array([parsed[text] for text in group[0]])
        pure = general[(general[:, :, :3] == np.eye(3)).all((1, 2)), :, 3]
        centrings[number] = len(pure)
        translations[number, : len(pure)] = pure
        # The file lists the points block by block, one block for each centring translation.
        maps += [np.array([parsed[text] for text in one[: len(one) // len(pure)]]) for one in group]
        letters = reversed(ascii_letters[: len(group)])
        labels += [f'{len(one)}{letter}' for one, letter in zip(group, letters, strict=True)]
    return WyckoffTable(
        bounds=np.concatenate([[0, 0], np.cumsum([len(group) for group in listed])]),
        labels=tuple(labels),
        map_bounds=np.concatenate([[0], np.cumsum([len(one) for one in maps])]),
        maps=np.concatenate(maps),
        freedoms=np.array([int(one[0, :, :3].any(axis=0).sum()) for one in maps]),
        centrings=centrings,
        translations=translations,
    )


def _listed_positions() -> list[list[list[str]]]:
    """Return the points of every position of every space group, as PyXtal writes them.

    :raises ValueError: if PyXtal is missing.
    """
    # Finding the package does not run it: importing PyXtal costs a second and half of SciPy.
    spec = find_spec('pyxtal')
    if spec is None or not spec.submodule_search_locations:
        raise ValueError('the Wyckoff tables come with PyXtal, which is not installed')
    path = Path(spec.submodule_search_locations[0]) / 'database' / 'wyckoff_list.csv'
    with path.open(newline='') as file:
        rows = {row[0]: row[1] for row in csv.reader(file)}
    return [ast.literal_eval(rows[str(number)]) for number in GROUPS]


def _affine_map(text: str) -> Float[np.ndarray, '3 4']:
    """Return the affine map that a triplet such as '-x, x-y, z+1/3' stands for."""
    result = np.zeros((3, 4))
    for row, coordinate in enumerate(text.split(',')):
        for sign, factor, variable, numerator, denominator in _TERM.findall(coordinate):
            direction = -1 if sign == '-' else 1
            if variable:
                result[row, 'xyz'.index(variable)] += direction * int(factor or 1)
            else:
                result[row, 3] += direction * int(numerator) / int(denominator or 1)
    return result
