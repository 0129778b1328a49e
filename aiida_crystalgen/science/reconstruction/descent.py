"""Descent of many trials at once, by Adam."""

from __future__ import annotations

from math import cos, pi

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from aiida_crystalgen.science.reconstruction.loss import Objective, Pairs, overlaps
from aiida_crystalgen.science.reconstruction.settings import ReconstructionSettings
from aiida_crystalgen.science.reconstruction.variables import CrystalBatch, Variables

__all__ = ('Adam', 'learning_rates')

# Kingma & Ba, International Conference on Learning Representations 2015, arXiv:1412.6980.
_FIRST_DECAY, _SECOND_DECAY, _TINY = 0.9, 0.999, 1e-8


def learning_rates(settings: ReconstructionSettings) -> list[float]:
    """Return the learning rate of each step in Å, which falls along half a cosine."""
    last = max(1, settings.steps - 1)
    shares = [(1 + cos(pi * step / last)) / 2 for step in range(settings.steps)]
    floor = settings.final_rate
    return [settings.learning_rate * (floor + (1 - floor) * share) for share in shares]


class Adam:
    """Adaptive moments of the gradients of a batch of trials, and the points they lead to.

    :param objective: what is minimised; it belongs to the batch.
    :param batch: of trials.
    :param start: first point.
    """

    def __init__(
        self,
        objective: Objective,
        batch: CrystalBatch,
        start: Variables,
        settings: ReconstructionSettings,
    ) -> None:
        self._objective, self.batch, self._settings = objective, batch, settings
        self._pairs = Pairs.of(batch, settings.overlap)
        # A strain moves the corners of a cell by its edge.
        edges = batch.lattices.norm(dim=2).mean(dim=1)
        self._units = (1.0, 1 / edges[:, None])
        self.point = start
        self._moments = [[torch.zeros_like(one)] * 2 for one in start.tensors()]
        self._rates = learning_rates(settings)
        self._taken = 0
        self.best = start
        self.losses = torch.full_like(edges, torch.inf)

    def step(self) -> Float[Tensor, ' trials']:
        """Return the losses at the present points, and go on from there."""
        leaves = [one.detach().requires_grad_() for one in self.point.tensors()]
        variables = Variables(*leaves)
        losses = self._objective.losses(self.batch, variables)
        weight = self._settings.overlap_weight * (1 - self._taken / self._settings.steps)
        total = losses.sum()
        if weight > 0:
            total = total + weight * overlaps(self.batch, self._pairs, variables).sum()
        gradients = torch.autograd.grad(total, leaves)
        self._keep(losses.detach())
        self._advance(gradients)
        return losses.detach()

    def select(self, chosen: Bool[Tensor, ' trials']) -> None:
        """Go on with the chosen trials alone."""
        owners = self.batch.owners
        self.point = self.point.select(chosen, owners)
        self.best = self.best.select(chosen, owners)
        self.losses = self.losses[chosen]
        masks = (chosen[owners], chosen)
        self._moments = [
            [one[mask] for one in pair] for pair, mask in zip(self._moments, masks, strict=True)
        ]
        self._units = (1.0, self._units[1][chosen])
        self._objective = self._objective.select(chosen)
        self.batch = self.batch.select(chosen)
        self._pairs = Pairs.of(self.batch, self._settings.overlap)

    def _keep(self, losses: Float[Tensor, ' trials']) -> None:
        """Remember the points that are better than any before."""
        better = losses < self.losses
        self.losses = torch.where(better, losses, self.losses)
        self.best = self.best.where(better, self.point, self.batch.owners)

    def _advance(self, gradients: tuple[Tensor, ...]) -> None:
        """Move the points by the moments of their gradients."""
        rate = self._rates[self._taken]
        self._taken += 1
        moved = []
        for row, (value, gradient) in enumerate(zip(self.point.tensors(), gradients, strict=True)):
            first, second = self._moments[row]
            first = _FIRST_DECAY * first + (1 - _FIRST_DECAY) * gradient
            second = _SECOND_DECAY * second + (1 - _SECOND_DECAY) * gradient * gradient
            self._moments[row] = [first, second]
            scale = rate * self._units[row] / (1 - _FIRST_DECAY**self._taken)
            size = (second / (1 - _SECOND_DECAY**self._taken)).sqrt() + _TINY
            moved.append(value - scale * first / size)
        self.point = Variables(*moved)
