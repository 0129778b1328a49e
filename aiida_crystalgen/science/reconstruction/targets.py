"""What is to be reconstructed, and the fingerprint that it is given in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float, Int
from torch import Tensor

__all__ = ('DifferentiableFingerprint', 'Targets')

_LARGEST_ATOMIC_NUMBER = 118


@runtime_checkable
class DifferentiableFingerprint(Protocol):
    """A function of crystals that can be differentiated in their cells and coordinates.

    The features of a crystal depend on no other in the batch, to the bit.
    """

    def __call__(
        self,
        lattices: Float[Tensor, 'crystals 3 3'],
        fractional: Float[Tensor, 'atoms 3'],
        numbers: Int[Tensor, ' atoms'],
        counts: Int[Tensor, ' crystals'],
    ) -> Float[Tensor, 'crystals features']:
        """Return the features of each crystal.

        :param lattices: vectors as rows, in Å.
        :param fractional: coordinates of all atoms, crystal after crystal.
        :param numbers: atomic numbers of all atoms.
        :param counts: number of atoms of each crystal.
        :raises ValueError: if it does not know an element.
        """


@dataclass(frozen=True)
class Targets:
    """Fingerprints of unknown crystals, and what is known of them besides.

    :param fingerprints: one row for each target.
    :param numbers: atomic numbers of all atoms, target after target.
    :param counts: number of atoms of each target.
    :param lattices: vectors of the cells as rows, in Å; None if they are to be found.
    :param volumes: of the cells to be found, in Å³; None if these are unknown, too.
    :param space_groups: numbers of the space groups that the crystals must have; 0 leaves it open,
        and so does None for all.
    :param rows: numbers that the random numbers of the targets depend on; 0, 1, … if None.
    :raises ValueError: if the shapes contradict each other, a number is not finite, a cell has no
        volume, or both cells and volumes are given.
    """

    fingerprints: Float[np.ndarray, 'targets features']
    numbers: Int[np.ndarray, ' atoms']
    counts: Int[np.ndarray, ' targets']
    lattices: Float[np.ndarray, 'targets 3 3'] | None = None
    volumes: Float[np.ndarray, ' targets'] | None = None
    space_groups: Int[np.ndarray, ' targets'] | None = None
    rows: Int[np.ndarray, ' targets'] | None = None

    def __post_init__(self) -> None:
        """Check what can be checked without the fingerprint."""
        number = len(self.fingerprints)
        for name in ('counts', 'lattices', 'volumes', 'space_groups', 'rows'):
            values = getattr(self, name)
            if values is not None and len(values) != number:
                raise ValueError(f'there are {len(values)} {name} for {number} fingerprints')
        if int(self.counts.sum()) != len(self.numbers) or int(self.counts.min(initial=1)) < 1:
            raise ValueError(
                f'the counts add up to {int(self.counts.sum())} atoms, but {len(self.numbers)} '
                'atomic numbers are given'
            )
        self._check_values()

    def _check_values(self) -> None:
        """Raise if a value makes no sense.

        :raises ValueError: naming the target and the value.
        """
        broken = np.argwhere(~np.isfinite(self.fingerprints))
        if len(broken):
            row, feature = broken[0].tolist()
            raise ValueError(
                f'feature {feature} of target {row} is {self.fingerprints[row, feature]}; it must '
                'be a finite number'
            )
        wrong = self.numbers[(self.numbers < 1) | (self.numbers > _LARGEST_ATOMIC_NUMBER)]
        if len(wrong):
            raise ValueError(f'{wrong[0]} is not the atomic number of an element')
        groups = self.space_groups
        if groups is not None and len(groups) and not 0 <= groups.min() <= groups.max() <= 230:
            raise ValueError(f'space groups are {groups.tolist()}; they are numbers up to 230')
        if self.lattices is not None:
            self._check_lattices(self.lattices)
        if self.volumes is not None and not (np.isfinite(self.volumes) & (self.volumes > 0)).all():
            raise ValueError(f'volumes are {self.volumes.tolist()} Å³; they must be positive')

    def _check_lattices(self, lattices: Float[np.ndarray, 'targets 3 3']) -> None:
        """Raise if a cell is flat, or its volume is given twice.

        :raises ValueError: naming the target.
        """
        if self.volumes is not None:
            raise ValueError('lattices and volumes are given; a given cell has its own volume')
        if not np.isfinite(lattices).all():
            raise ValueError('the vectors of the lattices must be finite numbers')
        sizes = np.linalg.norm(lattices, axis=2).prod(axis=1)
        flat = np.flatnonzero(np.abs(np.linalg.det(lattices)) <= 1e-9 * sizes)
        if len(flat):
            shown = lattices[flat[0]].tolist()
            raise ValueError(f'the cell of target {flat[0]} has no volume: {shown}')

    def __len__(self) -> int:
        return len(self.fingerprints)

    def atoms(self, target: int) -> Int[np.ndarray, ' atoms']:
        """Return the atomic numbers of one target."""
        start = int(self.counts[:target].sum())
        return self.numbers[start : start + int(self.counts[target])]
