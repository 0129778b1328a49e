"""Boxes that atoms stay in, and symmetry functions of crystals whose atoms do.

The reconstruction moves atoms in a periodic cell. Its coordinates are folded here: while one goes
through the cell, the atom goes from one side of its box to the other and back. So each atom stays
in a box of its own, whatever lattice vectors are added to its coordinates, and moves in it as far
as in the cell.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from aiida_crystalgen.science.generators.acsf_cvae.model import TrainedModel

__all__ = ('Room', 'ScaledFunctions')


@dataclass(frozen=True)
class Room:
    """A box for each atom of a crystal or cluster.

    :param origins: lowest corner of each box, in Å.
    :param edges: of all boxes, along x, y and z, in Å.
    :param cell: that the atoms are in; for clusters it only gives the units.
    """

    origins: Float[np.ndarray, 'atoms 3']
    edges: Float[np.ndarray, ' 3']
    cell: Float[np.ndarray, '3 3']

    @property
    def folded_cell(self) -> Float[np.ndarray, '3 3']:
        """The periodic cell that the reconstruction knows."""
        return np.diag(2 * self.edges)

    def coordinates(self, folded: Float[Tensor, 'all_atoms 3']) -> Float[Tensor, 'all_atoms 3']:
        """Return fractional coordinates in the cell.

        :param folded: fractional coordinates in the folded cell, of one or several such crystals.
        """
        inside = 2 * (folded - folded.detach().floor() - 0.5).abs()
        origins = torch.from_numpy(self.origins).repeat(len(folded) // len(self.origins), 1)
        positions = origins + inside * torch.from_numpy(self.edges)
        return positions @ torch.from_numpy(np.linalg.inv(self.cell))


class ScaledFunctions:
    """Symmetry functions as the networks see them.

    :param model: that knows symmetry functions and scale.
    :param room: of the atoms; None if coordinates are those in the cell.
    """

    def __init__(self, model: TrainedModel, room: Room | None) -> None:
        self._functions, self._scale, self._room = model.functions, model.features, room
        self._centre = torch.from_numpy(model.features.centre)
        self._width = torch.from_numpy(model.features.width)

    def __call__(
        self,
        lattices: Float[Tensor, 'crystals 3 3'],
        fractional: Float[Tensor, 'atoms 3'],
        numbers: Int[Tensor, ' atoms'],
        counts: Int[Tensor, ' crystals'],
    ) -> Float[Tensor, 'crystals features']:
        """Return the scaled symmetry functions of each crystal."""
        if self._room is not None:
            fractional = self._room.coordinates(fractional)
            # The reconstruction asks for the gradient in the lattice, which is zero.
            lattices = torch.from_numpy(self._room.cell) + 0 * lattices
        values = self._functions(lattices, fractional, numbers, counts)
        if self._scale.scaling == 'logarithmic':
            values = values.sign() * torch.log1p(values.abs())
        return (values - self._centre) / self._width
