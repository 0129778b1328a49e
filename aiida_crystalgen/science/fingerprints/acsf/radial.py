"""Radial symmetry functions: sums of Gaussians of the distances (Fung et al. 2022, equation 1).

Gaussians are computed in blocks that stay in the cache, and again for the gradient: keeping them
would take as much memory as there are distances times functions.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from aiida_crystalgen.science.fingerprints.acsf.slots import Slots

__all__ = ('RadialSums', 'block_size')


def block_size(like: Tensor) -> int:
    """Return how many numbers to work on at once: half a MB, to stay in a processor's cache."""
    return 1 << 16 if like.device.type == 'cpu' else 1 << 24


class RadialSums(torch.autograd.Function):
    """Σ w exp(-η (r - s)²) over the items of each segment, for all functions (η, s).

    Called as ``RadialSums.apply(distances, weights, slots, functions, segments)``.
    """

    @staticmethod
    def forward(
        ctx: Any,
        distances: Float[Tensor, ' items'],
        weights: Float[Tensor, ' items'],
        slots: tuple[Slots, ...],
        functions: Float[Tensor, '2 functions'],
        segments: int,
    ) -> Float[Tensor, 'segments functions']:
        """Return the sums of each segment; zero for those without items.

        :param distances: r in Å.
        :param weights: w, which no function changes.
        :param functions: η in 1/Å² and s in Å.
        :param segments: number of segments.
        """
        ctx.save_for_backward(distances, weights, functions)
        ctx.slots = slots
        result = distances.new_zeros(segments, functions.shape[1])
        padded, shares = _closed(distances), _closed(weights)
        for part in _parts(slots, functions):
            gaussians = _gaussians(padded[part.items], functions)[1]
            result[part.segments] = gaussians.mul_(shares[part.items][:, :, None]).sum(1)
        return result

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        """Return the gradient in the distances and the weights."""
        distances, weights, functions = ctx.saved_tensors
        padded, shares = _closed(distances), _closed(weights)
        of_distances, of_weights = torch.zeros_like(padded), torch.zeros_like(padded)
        slopes = -2 * functions[0]
        for part in _parts(ctx.slots, functions):
            steps, gaussians = _gaussians(padded[part.items], functions)
            gaussians.mul_(gradient[part.segments][:, None])
            of_weights[part.items] = gaussians.sum(2)
            inner = gaussians.mul_(steps).mul_(slopes).sum(2)
            of_distances[part.items] = inner * shares[part.items]
        return of_distances[:-1], of_weights[:-1], None, None, None


def _closed(values: Float[Tensor, ' items']) -> Float[Tensor, ' closed']:
    """Return the values and a zero, which empty slots point to."""
    return torch.cat([values, values.new_zeros(1)])


def _parts(slots: tuple[Slots, ...], functions: Float[Tensor, '2 functions']) -> Iterator[Slots]:
    """Yield the segments, not too many at once."""
    for one in slots:
        yield from one.split(
            max(1, block_size(functions) // (one.items.shape[1] * functions.shape[1]))
        )


def _gaussians(
    distances: Float[Tensor, 'block slots'], functions: Float[Tensor, '2 functions']
) -> tuple[Float[Tensor, 'block slots functions'], Float[Tensor, 'block slots functions']]:
    """Return the distances from the centres of the Gaussians, and the Gaussians."""
    steps = distances[:, :, None] - functions[1]
    return steps, (steps * steps).mul_(-functions[0]).exp_()
