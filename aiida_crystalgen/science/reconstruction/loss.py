"""How far crystals in the making are from their targets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import torch
from ase.data import covalent_radii
from jaxtyping import Bool, Float, Int
from torch import Tensor

from aiida_crystalgen.science.reconstruction.targets import DifferentiableFingerprint
from aiida_crystalgen.science.reconstruction.variables import CrystalBatch, Variables

__all__ = ('Objective', 'Pairs', 'overlaps')


@dataclass(frozen=True)
class Pairs:
    """Pairs of atoms of the same crystals.

    :param first: number of the first atom in the batch.
    :param second: number of the second atom.
    :param limits: distances below which they repel each other, in Å.
    """

    first: Int[Tensor, ' pairs']
    second: Int[Tensor, ' pairs']
    limits: Float[Tensor, ' pairs']

    @classmethod
    def of(cls, batch: CrystalBatch, share: float) -> Pairs:
        """Return all pairs within each crystal.

        :param share: limit as share of the sum of covalent radii.
        """
        first, second = [], []
        offset = 0
        counts, repeats = torch.unique_consecutive(batch.counts, return_counts=True)
        for count, repeat in zip(counts.tolist(), repeats.tolist(), strict=True):
            one, other = torch.triu_indices(count, count, 1)
            offsets = offset + count * torch.arange(repeat)[:, None]
            first.append((offsets + one).reshape(-1))
            second.append((offsets + other).reshape(-1))
            offset += count * repeat
        if not first:
            return cls(batch.owners[:0], batch.owners[:0], batch.lengths[:0, 0])
        radii = torch.tensor(np.nan_to_num(covalent_radii, nan=1.5))[batch.numbers]
        firsts, seconds = torch.cat(first), torch.cat(second)
        return cls(firsts, seconds, share * (radii[firsts] + radii[seconds]))


@dataclass(frozen=True)
class Objective:
    """How far the fingerprints of crystals are from those wanted.

    :param fingerprint: function of crystals.
    :param form: of the loss: 'absolute', 'smooth' or 'squared'.
    :param wanted: fingerprint of the target of each trial.
    :param scales: what differences are divided by.
    """

    fingerprint: DifferentiableFingerprint
    form: Literal['absolute', 'smooth', 'squared']
    wanted: Float[Tensor, 'trials features']
    scales: Float[Tensor, 'trials features']

    @classmethod
    def of_all(cls, parts: Sequence[Objective]) -> Objective:
        """Return the objective of the trials of several targets, one after another."""
        wanted = torch.cat([one.wanted for one in parts])
        return replace(parts[0], wanted=wanted, scales=torch.cat([one.scales for one in parts]))

    def select(self, chosen: Bool[Tensor, ' trials']) -> Objective:
        """Return the objective of the chosen trials."""
        return replace(self, wanted=self.wanted[chosen], scales=self.scales[chosen])

    def losses(self, batch: CrystalBatch, variables: Variables) -> Float[Tensor, ' trials']:
        """Return the loss of each trial, averaged over the features."""
        return self.reduced(self.differences(batch, variables))

    def differences(
        self, batch: CrystalBatch, variables: Variables
    ) -> Float[Tensor, 'trials features']:
        """Return the standardised differences of the fingerprints from those wanted."""
        lattices, fractional = batch.crystals(variables)
        features = self.fingerprint(lattices, fractional, batch.numbers, batch.counts)
        return (features - self.wanted) / self.scales

    def reduced(self, differences: Float[Tensor, 'trials features']) -> Float[Tensor, ' trials']:
        """Return the loss that standardised differences make."""
        sizes = differences.abs()
        if self.form == 'squared':
            sizes = sizes**2
        elif self.form == 'smooth':
            sizes = torch.where(sizes < 1, sizes**2 / 2, sizes - 0.5)
        return sizes.mean(dim=1)


def overlaps(batch: CrystalBatch, pairs: Pairs, variables: Variables) -> Float[Tensor, ' trials']:
    """Return the sum of squared overlaps of the atoms of each trial, in shares of their limits.

    Of the images of a pair only a near one is looked at.
    """
    lattices, fractional = batch.crystals(variables)
    steps = fractional[pairs.second] - fractional[pairs.first]
    near = steps - steps.detach().round()
    owners = batch.owners[pairs.first]
    squares = ((near[:, :, None] * lattices[owners]).sum(dim=1) ** 2).sum(dim=1)
    # Atoms on one point, as by symmetry, have no direction to be pushed in.
    distances = (squares + 1e-12).sqrt()
    sizes = (1 - distances / pairs.limits).clamp(min=0) ** 2
    return torch.zeros(len(batch.counts), dtype=sizes.dtype).index_add(0, owners, sizes)
