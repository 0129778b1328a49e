"""Crystals of many trials as functions of the variables that are optimised."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from aiida_crystalgen.science.reconstruction.starts import Starts

__all__ = ('CellFreedom', 'CrystalBatch', 'Variables', 'free_strains')

CellFreedom = Literal['fixed', 'isochoric', 'free']

# Strains have the components xx, yy, zz, yz, xz and xy, in the orientation of lattice_vectors: a
# along x, b in the xy plane. A crystal system keeps those that its operations leave invariant:
# triclinic, monoclinic (unique axis b), orthorhombic, tetragonal and hexagonal, cubic.
_SYSTEM_BOUNDS = (3, 16, 75, 195)
_THIRD = 1 / 3
_DIAGONAL_PARTS = (
    np.eye(3),
    np.eye(3),
    np.eye(3),
    np.array([[0.5, 0.5, 0], [0.5, 0.5, 0], [0, 0, 1]]),
    np.full((3, 3), _THIRD),
)
_SHEARS = ((1, 1, 1), (0, 1, 0), (0, 0, 0), (0, 0, 0), (0, 0, 0))
_PLACES = torch.tensor([[0, 5, 4], [5, 1, 3], [4, 3, 2]])


@dataclass(frozen=True)
class Variables:
    """What is optimised.

    :param displacements: of the free parameters from those of the starts, along the conventional
        axes in Å.
    :param strains: of the cells, six components each, of which the free part counts.
    """

    displacements: Float[Tensor, 'atoms 3']
    strains: Float[Tensor, 'trials 6']

    @classmethod
    def zeros(cls, atoms: int, trials: int) -> Variables:
        """Return the variables of the starts themselves."""
        double = torch.float64
        return cls(torch.zeros(atoms, 3, dtype=double), torch.zeros(trials, 6, dtype=double))

    def select(self, chosen: Bool[Tensor, ' trials'], owners: Int[Tensor, ' atoms']) -> Variables:
        """Return the variables of the chosen trials.

        :param owners: number of the trial of each atom.
        """
        return Variables(self.displacements[chosen[owners]], self.strains[chosen])

    def where(
        self, chosen: Bool[Tensor, ' trials'], other: Variables, owners: Int[Tensor, ' atoms']
    ) -> Variables:
        """Return the variables, those of the chosen trials taken from others.

        :param owners: number of the trial of each atom.
        """
        atoms = chosen[owners][:, None]
        return Variables(
            torch.where(atoms, other.displacements, self.displacements),
            torch.where(chosen[:, None], other.strains, self.strains),
        )

    def filled(
        self, chosen: Bool[Tensor, ' trials'], parts: Variables, owners: Int[Tensor, ' atoms']
    ) -> Variables:
        """Return the variables, those of the chosen trials replaced by given ones.

        :param parts: variables of the chosen trials alone.
        :param owners: number of the trial of each atom.
        """
        displacements, strains = (one.clone() for one in self.tensors())
        displacements[chosen[owners]], strains[chosen] = parts.tensors()
        return Variables(displacements, strains)

    def tensors(self) -> tuple[Tensor, Tensor]:
        """Return both tensors."""
        return self.displacements, self.strains


@dataclass(frozen=True)
class CrystalBatch:
    """The starts of many trials as flat tensors.

    :param counts: number of atoms of each trial.
    :param owners: number of the trial of each atom.
    :param numbers: atomic number of each atom.
    :param maps: matrix and shift that take free parameters to fractional coordinates.
    :param slots: row whose parameters each atom follows.
    :param parameters: of the starts.
    :param lengths: of the conventional axes in Å, for the parameters of each row.
    :param lattices: of the starts, in Å.
    :param strainable: projection onto the strains that are free.
    """

    counts: Int[Tensor, ' trials']
    owners: Int[Tensor, ' atoms']
    numbers: Int[Tensor, ' atoms']
    maps: Float[Tensor, 'atoms 3 4']
    slots: Int[Tensor, ' atoms']
    parameters: Float[Tensor, 'atoms 3']
    lengths: Float[Tensor, 'atoms 3']
    lattices: Float[Tensor, 'trials 3 3']
    strainable: Float[Tensor, 'trials 6 6']

    @classmethod
    def of(
        cls,
        starts: Sequence[Starts],
        numbers: Sequence[Int[np.ndarray, ' _']],
        freedoms: Sequence[CellFreedom],
    ) -> CrystalBatch:
        """Return the trials of several targets, target after target.

        :param numbers: atomic numbers of the atoms of each target.
        :param freedoms: what of the cells of each target may change.
        """
        counts = np.concatenate([np.full(len(one.slots), one.slots.shape[1]) for one in starts])
        offsets = np.repeat(np.cumsum(counts) - counts, counts)
        slots = np.concatenate([one.slots.ravel() for one in starts])
        together = zip(starts, numbers, freedoms, strict=True)
        projections = [free_strains(one.groups, freedom) for one, _, freedom in together]
        repeated = [np.repeat(one.lengths, one.slots.shape[1], axis=0) for one in starts]
        tiled = [np.tile(one, len(start.slots)) for one, start in zip(numbers, starts, strict=True)]
        return cls(
            counts=torch.tensor(counts),
            owners=torch.tensor(np.repeat(np.arange(len(counts)), counts)),
            numbers=torch.tensor(np.concatenate(tiled)),
            maps=_joined([one.maps.reshape(-1, 3, 4) for one in starts]),
            slots=torch.tensor(slots + offsets),
            parameters=_joined([one.parameters.reshape(-1, 3) for one in starts]),
            lengths=_joined(repeated),
            lattices=_joined([one.lattices for one in starts]),
            strainable=_joined(projections),
        )

    def select(self, chosen: Bool[Tensor, ' trials']) -> CrystalBatch:
        """Return the chosen trials."""
        atoms = chosen[self.owners]
        trial_numbers, atom_numbers = chosen.cumsum(0) - 1, atoms.cumsum(0) - 1
        return CrystalBatch(
            counts=self.counts[chosen],
            owners=trial_numbers[self.owners[atoms]],
            numbers=self.numbers[atoms],
            maps=self.maps[atoms],
            slots=atom_numbers[self.slots[atoms]],
            parameters=self.parameters[atoms],
            lengths=self.lengths[atoms],
            lattices=self.lattices[chosen],
            strainable=self.strainable[chosen],
        )

    def crystals(
        self, variables: Variables
    ) -> tuple[Float[Tensor, 'trials 3 3'], Float[Tensor, 'atoms 3']]:
        """Return lattice vectors in Å and fractional coordinates."""
        moved = (self.parameters + variables.displacements / self.lengths)[self.slots]
        fractional = (self.maps[..., :3] * moved[:, None]).sum(dim=2) + self.maps[..., 3]
        free = (self.strainable * variables.strains[:, None]).sum(dim=2)
        return _product(self.lattices, _deformations(free)), fractional


def free_strains(
    groups: Int[np.ndarray, ' trials'], freedom: CellFreedom
) -> Float[np.ndarray, 'trials 6 6']:
    """Return the projections onto the strains that space groups and the cell leave free."""
    systems = np.searchsorted(_SYSTEM_BOUNDS, groups, side='right')
    table = np.zeros((len(_SHEARS), 6, 6))
    if freedom != 'fixed':
        volume = np.full((3, 3), _THIRD if freedom == 'isochoric' else 0.0)
        for system, (diagonal, shears) in enumerate(zip(_DIAGONAL_PARTS, _SHEARS, strict=True)):
            table[system, :3, :3] = diagonal - volume
            table[system, 3:, 3:] = np.diag(shears)
    return table[systems]


def _deformations(strains: Float[Tensor, 'trials 6']) -> Float[Tensor, 'trials 3 3']:
    """Return deformations close to the exponentials of strains, of the same determinant.

    They are positive definite whatever the strain, so that no cell is ever turned inside out.
    """
    identity = torch.eye(3, dtype=strains.dtype)
    half = identity + strains[:, _PLACES] / 4
    root = (identity + _product(half, half)) / 2  # of the fourth root of the exponential
    square = _product(root, root)
    deformed = _product(square, square)
    expected = strains[:, :3].sum(dim=1).exp()
    correction = (expected / _determinants(deformed)) ** _THIRD
    return deformed * correction[:, None, None]


def _product(
    one: Float[Tensor, 'trials 3 3'], other: Float[Tensor, 'trials 3 3']
) -> Float[Tensor, 'trials 3 3']:
    """Return the matrix products, whose rounding does not depend on the number of matrices."""
    return (one[:, :, :, None] * other[:, None]).sum(dim=2)


def _determinants(matrices: Float[Tensor, 'trials 3 3']) -> Float[Tensor, ' trials']:
    """Return the determinants."""
    a, b, c = matrices.unbind(dim=1)
    return (a * torch.linalg.cross(b, c)).sum(dim=1)


def _joined(arrays: Sequence[np.ndarray]) -> Tensor:
    """Return arrays one after another, as a tensor."""
    return torch.tensor(np.concatenate(arrays))
