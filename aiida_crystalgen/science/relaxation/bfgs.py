"""The quasi-Newton minimiser of Broyden, Fletcher, Goldfarb and Shanno, for many systems at once.

As in ASE, the whole Hessian is kept, and steps go downhill along its eigenvectors whatever the sign
of their eigenvalues, so that saddle points repel. The strain is scaled such that its curvature is
about that of the atoms, whatever the size of the cell; on random crystals this takes a third of the
steps of FIRE, and ends in another basin now and then.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from jaxtyping import Float, Int

from aiida_crystalgen.science.relaxation.settings import BfgsSettings

__all__ = ('Bfgs',)

# An update is left out if its denominator is this small beside the vectors in it (Nocedal & Wright,
# Numerical Optimization, eq. 6.26), and no curvature counts as smaller than this (eV/Å²).
_LEAST_COSINE: Final = 1e-8
_LEAST_CURVATURE: Final = 1e-6


@dataclass(frozen=True)
class _Memory:
    """What is known of systems of equal size, in increasing order of their numbers."""

    systems: Int[np.ndarray, ' systems']
    hessians: Float[np.ndarray, 'systems degrees degrees']
    forces: Float[np.ndarray, 'systems degrees']
    moves: Float[np.ndarray, 'systems degrees']


class Bfgs:
    """Quasi-Newton steps of systems that do not know of each other.

    :param sizes: number of rows of each system, atoms and then three of the strain.
    :param settings: its steps.
    """

    def __init__(self, sizes: Int[np.ndarray, ' systems'], settings: BfgsSettings) -> None:
        self._sizes = sizes
        self._settings = settings
        self._memories: dict[int, _Memory] = {}

    def moves(
        self, systems: Int[np.ndarray, ' moving'], forces: Float[np.ndarray, 'rows 3']
    ) -> Float[np.ndarray, 'rows 3']:
        """Return by how much to move the rows of some systems, and forget all others.

        :param systems: numbers of the systems, in increasing order.
        :param forces: on their rows, one system after the other.
        """
        result = np.empty_like(forces)
        memories: dict[int, _Memory] = {}
        sizes = self._sizes[systems]
        starts = np.cumsum(sizes) - sizes
        for size in np.unique(sizes).tolist():
            members = sizes == size
            rows = starts[members, None] + np.arange(size)
            scales = self._scales(size)
            memory = self._remember(size, systems[members], (forces[rows] / scales).reshape(-1, 3 * size))
            memories[size] = memory
            result[rows] = memory.moves.reshape(-1, size, 3) / scales
        self._memories = memories
        return result
