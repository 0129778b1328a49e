"""The quasi-Newton minimiser of Broyden, Fletcher, Goldfarb and Shanno, for many systems at once.

As in ASE, the whole Hessian is kept, and steps go downhill along its eigenvectors whatever the
sign of their eigenvalues, so that saddle points repel. Other than there, the strain is scaled so
that its curvature is about that of the atoms for cells of any size.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from jaxtyping import Float, Int

from aiida_crystalgen.science.relaxation.settings import BfgsSettings

__all__ = ('Bfgs',)

# An update is left out if it divides by less than this, beside the vectors in it (Nocedal and
# Wright, Numerical Optimization, eq. 6.26), or if the move was shorter than this (Å) and tells of
# rounding only, as in ASE. No curvature counts as less than this (eV/Å²).
_LEAST_COSINE: Final = 1e-8
_LEAST_MOVE: Final = 1e-7
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

    :param sizes: number of rows of each system, its atoms and then three of the strain.
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
        sizes = self._sizes[systems]
        starts = np.cumsum(sizes) - sizes
        moves = np.empty_like(forces)
        memories = {}
        for size in np.unique(sizes).tolist():
            members = np.flatnonzero(sizes == size)
            rows = starts[members, None] + np.arange(size)
            units = self._units(size)
            scaled = (forces[rows] * units).reshape(len(members), -1)
            hessians = self._hessians(size, systems[members], scaled)
            steps = self._steps(hessians, scaled)
            memories[size] = _Memory(systems[members], hessians, scaled, steps)
            moves[rows] = steps.reshape(len(members), size, 3) * units
        self._memories = memories
        return moves

    def _units(self, size: int) -> Float[np.ndarray, 'size 1']:
        """Return the unit of each row of a system, by which its strain has the curvature of atoms.

        The strain comes in multiples of the number of atoms n. The second derivative of the energy
        by it is elastic constant × volume, which grows with n: it is to count in multiples of √n.
        """
        atoms = size - 3
        units = np.ones((size, 1))
        units[atoms:] = np.sqrt(atoms) / self._settings.strain_length
        return units

    def _hessians(
        self,
        size: int,
        systems: Int[np.ndarray, ' systems'],
        forces: Float[np.ndarray, 'systems degrees'],
    ) -> Float[np.ndarray, 'systems degrees degrees']:
        """Return the Hessians, updated by what the last moves have done to the forces."""
        fresh = self._settings.curvature * np.eye(3 * size)
        if size not in self._memories:
            return np.tile(fresh, (len(systems), 1, 1))
        memory = self._memories[size]
        kept = np.flatnonzero(np.isin(memory.systems, systems))
        known = len(kept)
        updated = _update(
            memory.hessians[kept], memory.moves[kept], memory.forces[kept] - forces[:known]
        )
        return np.concatenate([updated, np.tile(fresh, (len(systems) - known, 1, 1))])

    def _steps(
        self,
        hessians: Float[np.ndarray, 'systems degrees degrees'],
        forces: Float[np.ndarray, 'systems degrees'],
    ) -> Float[np.ndarray, 'systems degrees']:
        """Return Newton steps downhill, shortened where a row moves too far."""
        curvatures, modes = np.linalg.eigh(hessians)
        along = np.einsum('sdm,sd->sm', modes, forces)
        along /= np.maximum(np.abs(curvatures), _LEAST_CURVATURE)
        steps = np.einsum('sdm,sm->sd', modes, along)
        rows = steps.reshape(len(steps), -1, 3)
        lengths = np.sqrt((rows**2).sum(axis=2)).max(axis=1)
        longest = self._settings.longest_move
        scales = np.divide(longest, lengths, out=np.ones_like(lengths), where=lengths > longest)
        return steps * scales[:, None]


def _update(
    hessians: Float[np.ndarray, 'systems degrees degrees'],
    moves: Float[np.ndarray, 'systems degrees'],
    changes: Float[np.ndarray, 'systems degrees'],
) -> Float[np.ndarray, 'systems degrees degrees']:
    """Return the Hessians that explain by how much gradients have changed over the last moves."""
    images = np.einsum('sde,se->sd', hessians, moves)
    lengths = np.sqrt((moves**2).sum(axis=1))
    result = hessians.copy()
    for sign, vectors in ((1, changes), (-1, images)):
        products = (vectors * moves).sum(axis=1)
        bounds = _LEAST_COSINE * np.sqrt((vectors**2).sum(axis=1)) * lengths
        usable = (np.abs(products) > bounds) & (lengths > _LEAST_MOVE)
        scales = np.divide(sign, products, out=np.zeros_like(products), where=usable)
        result += scales[:, None, None] * vectors[:, :, None] * vectors[:, None, :]
    return result
