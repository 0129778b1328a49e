"""The training crystals that a model keeps, and how far from them a representation is."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from jaxtyping import Float, Float32, Int

__all__ = ('MEASURES', 'References', 'neighbor_distances')

# How far a representation is from the data: the error of encoding and decoding it, the distance of
# its code from the mean code, and the distance to the nearest training crystal.
MEASURES = ('round_trip', 'latent', 'neighbor')

_BLOCK = 1024  # rows of a table of distances held at once


@dataclass(frozen=True)
class References:
    """Training crystals of a model.

    :param features: scaled.
    :param properties: in their own units.
    :param amounts: number of atoms of each element.
    :param lattices: lattice vectors as rows, in Å.
    :param positions: of all atoms in Å, crystal after crystal, in these by ascending element.
    :param extents: of the atoms along their principal axes, longest first, in Å.
    :param rows: number of each in the training set.
    :param distances: how far each is from the data itself by each of `MEASURES`, the last one from
        the nearest other crystal.
    """

    features: Float32[np.ndarray, 'references features']
    properties: Float[np.ndarray, 'references properties']
    amounts: Int[np.ndarray, 'references elements']
    lattices: Float[np.ndarray, 'references 3 3']
    positions: Float[np.ndarray, 'atoms 3']
    extents: Float[np.ndarray, 'references 3']
    rows: Int[np.ndarray, ' references']
    distances: Float[np.ndarray, 'references measures']

    def __len__(self) -> int:
        return len(self.features)

    @classmethod
    def names(cls) -> tuple[str, ...]:
        """Return the names of the arrays."""
        return tuple(one.name for one in fields(cls))

    def thresholds(self, quantile: float | None) -> Float[np.ndarray, ' measures']:
        """Return the distances that this share of the crystals does not exceed, ∞ if None."""
        if quantile is None:
            return np.full(len(MEASURES), np.inf)
        return np.quantile(self.distances, quantile, axis=0)

    def positions_of(self, number: int) -> Float[np.ndarray, 'atoms 3']:
        """Return the positions of the atoms of one crystal in Å, by ascending element."""
        counts = self.amounts.sum(axis=1)
        start = int(counts[:number].sum())
        return self.positions[start : start + int(counts[number])]

    def nearest(
        self, scaled: Float[np.ndarray, 'crystals features']
    ) -> tuple[Int[np.ndarray, ' crystals'], Float[np.ndarray, ' crystals']]:
        """Return number and distance of the training crystal nearest to each representation.

        Distances are root mean squares of the differences of scaled features.
        """
        table = _distances(scaled, self.features.astype(np.float64))
        index = table.argmin(axis=1)
        return index, table[np.arange(len(table)), index]


def neighbor_distances(
    scaled: Float[np.ndarray, 'crystals features'],
) -> Float[np.ndarray, ' crystals']:
    """Return the distance of each crystal's representation to that of the nearest other one."""
    result = np.empty(len(scaled))
    for start in range(0, len(scaled), _BLOCK):
        rows = np.arange(start, min(start + _BLOCK, len(scaled)))
        table = _distances(scaled[rows], scaled)
        table[np.arange(len(rows)), rows] = np.inf
        result[rows] = table.min(axis=1)
    return result


def _distances(
    one: Float[np.ndarray, 'one features'], other: Float[np.ndarray, 'other features']
) -> Float[np.ndarray, 'one other']:
    """Return the root mean squares of the differences of all pairs."""
    squares = (one**2).sum(axis=1)[:, None] + (other**2).sum(axis=1) - 2 * one @ other.T
    return np.sqrt(np.maximum(squares, 0) / one.shape[1])
