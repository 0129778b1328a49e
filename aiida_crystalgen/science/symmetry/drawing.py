"""Random crystals drawn anew until their atoms keep their distances."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil

import numpy as np
from jaxtyping import Bool, Float, Int, Int64

from aiida_crystalgen.science.symmetry.placement import Attempts, Frame
from aiida_crystalgen.science.symmetry.random_numbers import fold

__all__ = ('Batch', 'Drawn', 'draw_crystals')

# Atoms worked on at a time: their arrays stay in a core's cache.
_BLOCK_ATOMS = 2**16


@dataclass(frozen=True)
class Drawn:
    """One crystal for each seed, the last attempt at it if none succeeded.

    :param metrics: metric tensors of the conventional cells in Å²: aa, bb, cc, bc, ac, ab.
    :param coordinates: fractions of the conventional cell, of the atoms of a primitive cell, sorted
        by species.
    :param positions: row of the Wyckoff table of each orbit; -1 beyond the last.
    :param species: index of the element of each orbit.
    :param attempts: number of attempts that were made.
    :param is_valid: whether the last of them succeeded.
    """

    metrics: Float[np.ndarray, 'crystals 6']
    coordinates: Float[np.ndarray, 'crystals atoms 3']
    positions: Int[np.ndarray, 'crystals orbits']
    species: Int[np.ndarray, 'crystals orbits']
    attempts: Int[np.ndarray, ' crystals']
    is_valid: Bool[np.ndarray, ' crystals']

    @classmethod
    def empty(cls, crystals: int, atoms: int) -> Drawn:
        """Return room for so many crystals of so many atoms."""
        return cls(
            metrics=np.empty((crystals, 6)),
            coordinates=np.empty((crystals, atoms, 3)),
            positions=np.empty((crystals, atoms), dtype=np.int64),
            species=np.empty((crystals, atoms), dtype=np.int64),
            attempts=np.zeros(crystals, dtype=np.int64),
            is_valid=np.zeros(crystals, dtype=bool),
        )

    def store(
        self, rows: Int[np.ndarray, ' rows'], attempts: Attempts, chosen: Int[np.ndarray, ' rows']
    ) -> None:
        """Keep the chosen attempts as the crystals of these rows."""
        self.metrics[rows] = attempts.metrics[chosen]
        self.coordinates[rows] = np.moveaxis(attempts.coordinates[:, chosen], 0, -1)
        self.positions[rows] = attempts.orbits.positions[chosen]
        self.species[rows] = attempts.orbits.species[chosen]


@dataclass(frozen=True)
class Batch:
    """Crystals to be drawn.

    :param frame: what they have in common.
    :param groups: index of each crystal's space group in the frame.
    :param seeds: of each crystal.
    """

    frame: Frame
    groups: Int[np.ndarray, ' crystals']
    seeds: Int64[np.ndarray, ' crystals']

    def attempts(self, rows: Int[np.ndarray, ' rows'], numbers: range) -> Attempts:
        """Return the attempts of these numbers at each of some crystals."""
        seeds = self.seeds[rows].view(np.uint64)
        keys = fold(seeds[:, None], np.array(numbers)[None]).ravel()
        return Attempts(self.frame, np.repeat(self.groups[rows], len(numbers)), keys)


def draw_crystals(batch: Batch, limit: int, *, report: Callable[[int], None]) -> Drawn:
    """Return a crystal for each seed, which depends on its seed and its space group alone.

    :param limit: number of attempts after which a crystal is given up.
    :param report: told from time to time how many more crystals are finished.
    """
    drawn = Drawn.empty(len(batch.seeds), sum(batch.frame.combinations.amounts))
    block = max(1, _BLOCK_ATOMS // drawn.coordinates.shape[1])
    pending, numbers = np.arange(len(batch.seeds)), range(1)
    while len(pending) and numbers:
        failed = []
        for rows in np.array_split(pending, ceil(len(pending) * len(numbers) / block)):
            attempts = batch.attempts(rows, numbers)
            failed.append(_keep(drawn, attempts, rows, numbers, is_last=numbers.stop == limit))
            report(len(rows) - len(failed[-1]))
        pending = np.concatenate(failed)
        # A few hard crystals are tried several times at once, lest the blocks be nearly empty.
        width = max(1, min(2 * len(numbers), block // max(1, len(pending))))
        numbers = range(numbers.stop, min(numbers.stop + width, limit))
    report(len(pending))
    return drawn


def _keep(
    drawn: Drawn,
    attempts: Attempts,
    rows: Int[np.ndarray, ' rows'],
    numbers: range,
    *,
    is_last: bool,
) -> Int[np.ndarray, ' failed']:
    """Store the first success at each crystal, and return those without."""
    succeeded = attempts.run().reshape(len(rows), len(numbers))
    is_valid = succeeded.any(axis=1)
    tried = np.where(is_valid, succeeded.argmax(axis=1), len(numbers) - 1)
    chosen = np.arange(len(rows)) * len(numbers) + tried
    drawn.is_valid[rows], drawn.attempts[rows] = is_valid, numbers.start + tried + 1
    if is_last:
        attempts.complete(chosen)
        drawn.store(rows, attempts, chosen)
    else:
        drawn.store(rows[is_valid], attempts, chosen[is_valid])
    return rows[~is_valid]
