"""The fast inertial relaxation engine (FIRE), for many systems of different sizes at once.

Bitzek, Koskinen, Gähler, Moseler and Gumbsch, Phys. Rev. Lett. 97, 170201 (2006),
doi:10.1103/PhysRevLett.97.170201, with the order of operations of ASE.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from jaxtyping import Float, Int

from aiida_crystalgen.science.relaxation.settings import FireSettings

__all__ = ('Fire', 'spans')

# The constants of the paper, named there N_min, f_inc, f_dec, α_start and f_α.
_PATIENCE: Final = 5
_GROWTH: Final = 1.1
_BRAKE: Final = 0.5
_MIXING: Final = 0.1
_MIXING_DECAY: Final = 0.99


def spans(
    starts: Int[np.ndarray, ' parts'], sizes: Int[np.ndarray, ' parts']
) -> Int[np.ndarray, ' rows']:
    """Return the row numbers of all parts, one after the other."""
    within = np.arange(int(sizes.sum())) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    return np.repeat(starts, sizes) + within


class Fire:
    """Inertial dynamics of systems that do not know of each other.

    :param sizes: number of rows (atoms and lattice vectors) of each system.
    :param settings: its steps.
    """

    def __init__(self, sizes: Int[np.ndarray, ' systems'], settings: FireSettings) -> None:
        self._sizes = sizes
        self._starts = np.cumsum(sizes) - sizes
        self._settings = settings
        self._velocities = np.zeros((int(sizes.sum()), 3))
        self._time_steps = np.full(len(sizes), settings.time_step)
        self._mixing = np.full(len(sizes), _MIXING)
        self._downhill = np.zeros(len(sizes), dtype=np.int64)
        self._at_rest = np.ones(len(sizes), dtype=bool)

    def moves(
        self, systems: Int[np.ndarray, ' moving'], forces: Float[np.ndarray, 'rows 3']
    ) -> Float[np.ndarray, 'rows 3']:
        """Return by how much to move the rows of some systems.

        :param systems: numbers of the systems.
        :param forces: on their rows, one system after the other.
        """
        sizes = self._sizes[systems]
        rows = spans(self._starts[systems], sizes)
        velocities = self._velocities[rows]
        downhill = _products(forces, velocities, sizes) > 0
        mixing = np.repeat(self._mixing[systems], sizes)[:, None]
        speeds = np.sqrt(_products(velocities, velocities, sizes))
        # Where all forces vanish, no direction is better than the one at hand.
        strengths = np.sqrt(_products(forces, forces, sizes))
        ratios = np.divide(speeds, strengths, out=np.zeros_like(speeds), where=strengths > 0)
        steered = (1 - mixing) * velocities + mixing * forces * np.repeat(ratios, sizes)[:, None]
        velocities = np.where(np.repeat(downhill, sizes)[:, None], steered, 0.0)
        self._adapt(systems, downhill)
        time_steps = np.repeat(self._time_steps[systems], sizes)[:, None]
        velocities += time_steps * forces
        self._velocities[rows] = velocities
        moves = time_steps * velocities
        lengths = np.sqrt(_products(moves, moves, sizes))
        longest = self._settings.longest_move
        scales = np.divide(longest, lengths, out=np.ones_like(lengths), where=lengths > longest)
        return moves * np.repeat(scales, sizes)[:, None]

    def _adapt(self, systems: Int[np.ndarray, ' moving'], downhill: np.ndarray) -> None:
        """Let the time step grow where the way has long led downhill, and halve it where not."""
        longest = self._settings.longest_time_step
        fast = systems[downhill & (self._downhill[systems] > _PATIENCE)]
        self._time_steps[fast] = np.minimum(self._time_steps[fast] * _GROWTH, longest)
        self._mixing[fast] *= _MIXING_DECAY
        self._downhill[systems[downhill]] += 1
        uphill = systems[~downhill & ~self._at_rest[systems]]
        self._time_steps[uphill] *= _BRAKE
        self._mixing[uphill] = _MIXING
        self._downhill[uphill] = 0
        self._at_rest[systems] = False


def _products(
    first: Float[np.ndarray, 'rows 3'],
    second: Float[np.ndarray, 'rows 3'],
    sizes: Int[np.ndarray, ' systems'],
) -> Float[np.ndarray, ' systems']:
    """Return the scalar product of two vectors of each system."""
    return np.add.reduceat((first * second).sum(axis=1), np.cumsum(sizes) - sizes)
