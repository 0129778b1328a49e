"""Angular symmetry functions: sums over pairs of neighbours (Fung et al. 2022, equation 2).

The Gaussians and cut-offs of a pair are a product of one number for each neighbour; only the angle
belongs to the pair. So the pairs of an atom are a square matrix P for each (λ, ζ), powers of
(1 + λ cos θ) / 2 by repeated squaring, and the sums are the products W P Wᵀ with the weights of the
neighbours, one row for each element and Gaussian. Blocks stay in the cache, and the gradient
computes the powers again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from aiida_crystalgen.science.fingerprints.acsf.radial import block_size
from aiida_crystalgen.science.fingerprints.acsf.slots import Slots

__all__ = ('AngularSums', 'Terms')

Sums = Float[Tensor, 'segments pairs lambdas zetas gaussians']


@dataclass(frozen=True)
class Terms:
    """The angular terms 2 ((1 + λ cos θ) / 2)^ζ, for all λ and ζ, of neighbours of some elements.

    :param lambdas: all λ.
    :param zetas: all ζ.
    :param species: number of elements.
    """

    lambdas: tuple[float, ...]
    zetas: tuple[int, ...]
    species: int

    @property
    def pairs(self) -> list[tuple[int, int]]:
        """Unordered pairs of elements, ascending."""
        return [(one, two) for one in range(self.species) for two in range(one, self.species)]


class AngularSums(torch.autograd.Function):
    """Σ term × weights of both neighbours, over unordered pairs of items of each segment.

    Called as ``AngularSums.apply(directions, weights, slots, terms, segments)``.
    """

    @staticmethod
    def forward(
        ctx: Any,
        directions: Float[Tensor, 'items 3'],
        weights: Float[Tensor, 'items species gaussians'],
        slots: tuple[Slots, ...],
        terms: Terms,
        segments: int,
    ) -> Sums:
        """Return the sums of each segment; zero for those without items.

        :param directions: unit vectors from the centre.
        :param weights: of each item, zero for the elements that it is not of.
        :param segments: number of segments.
        """
        ctx.save_for_backward(directions, weights)
        ctx.slots, ctx.terms = slots, terms
        gaussians = weights.shape[2]
        shape = (segments, len(terms.pairs), len(terms.lambdas), len(terms.zetas), gaussians)
        result = directions.new_zeros(shape)
        for block in _blocks(directions, weights, slots, terms):
            for column, zeta in enumerate(terms.zetas):
                inner = torch.bmm(block.weights.flatten(1, 2), block.power(zeta).flatten(2))
                inner = inner.view(len(inner), terms.species, gaussians, len(terms.lambdas), -1)
                for row, (one, two) in enumerate(terms.pairs):
                    sums = (inner[:, one] * block.weights[:, two, :, None]).sum(3).mT
                    result[block.slots.segments, row, :, column] = sums * (1 if one == two else 2)
        return result

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        """Return the gradient in the directions and the weights."""
        directions, weights = ctx.saved_tensors
        closed = len(directions) + 1, *directions.shape[1:]
        of_directions = directions.new_zeros(closed)
        of_weights = weights.new_zeros(len(weights) + 1, *weights.shape[1:])
        for block in _blocks(directions, weights, ctx.slots, ctx.terms):
            shares, points = block.gradients(gradient[block.slots.segments])
            of_weights[block.slots.items] = shares
            of_directions[block.slots.items] = points
        return of_directions[:-1], of_weights[:-1], None, None, None


@dataclass(frozen=True)
class _Block:
    """Some segments of one padded length, and the pairs of their items.

    :param terms: whose sums are wanted.
    :param slots: the segments.
    :param directions: of the items.
    :param weights: of the items, last, for each element and Gaussian.
    :param power: returns powers of (1 + λ cos θ) / 2; a neighbour makes no angle with itself, so
        that its number is zero.
    """

    terms: Terms
    slots: Slots
    directions: Float[Tensor, 'block slots 3']
    weights: Float[Tensor, 'block species gaussians slots']
    power: Callable[[int], Float[Tensor, 'block slots lambdas slots']]

    def gradients(
        self, gradient: Sums
    ) -> tuple[Float[Tensor, 'block slots species gaussians'], Float[Tensor, 'block slots 3']]:
        """Return the gradient in the weights and the directions of the items.

        :param gradient: in the sums of these segments.
        """
        weights = self.weights.flatten(1, 2)
        of_weights, of_base = torch.zeros_like(weights), torch.zeros_like(self.power(1))
        columns = weights.mT.contiguous()
        for column, zeta in enumerate(self.terms.zetas):
            inner = self._inner(gradient[:, :, :, column]).view(*weights.shape[:2], -1)
            of_weights += torch.bmm(inner, self.power(zeta).flatten(2).mT)
            of_power = torch.bmm(columns, inner).view_as(of_base)
            of_base.addcmul_(of_power, self.power(zeta - 1), value=zeta)
        lambdas = _column(self.terms.lambdas, of_base)
        of_cosines = of_base.mul_(_others(of_base)).mul_(lambdas / 2).sum(2)
        of_directions = torch.bmm(of_cosines + of_cosines.mT, self.directions)
        return 2 * of_weights.mT.unflatten(2, self.weights.shape[1:3]), of_directions

    def _inner(
        self, gradient: Float[Tensor, 'block pairs lambdas gaussians']
    ) -> Float[Tensor, 'block species gaussians lambdas slots']:
        """Return the weights of one neighbour times the gradient, for each element of the other."""
        block, species, gaussians, slots = self.weights.shape
        result = gradient.new_zeros(block, species, gaussians, gradient.shape[2], slots)
        for row, (one, two) in enumerate(self.terms.pairs):
            factors = gradient[:, row].mT[..., None]
            for element, other in {(one, two), (two, one)}:
                result[:, element].addcmul_(factors, self.weights[:, other, :, None])
        return result


def _blocks(
    directions: Float[Tensor, 'items 3'],
    weights: Float[Tensor, 'items species gaussians'],
    slots: tuple[Slots, ...],
    terms: Terms,
) -> Iterator[_Block]:
    """Yield the segments with the powers of their pairs, not too many at once."""
    points, shares = (torch.cat([one, torch.zeros_like(one[:1])]) for one in (directions, weights))
    lambdas = _column(terms.lambdas, directions)
    for one in slots:
        length = one.items.shape[1]
        for part in one.split(max(1, block_size(directions) // (length**2 * len(lambdas)))):
            vectors = points[part.items]
            cosines = torch.bmm(vectors, vectors.mT)[:, :, None]
            base = (cosines * (lambdas / 2)).add_(0.5)
            power = _powers(base.mul_(_others(base)))
            inner = shares[part.items].movedim(1, 3).contiguous()
            yield _Block(terms, part, vectors, inner, power)


def _powers(base: Tensor) -> Callable[[int], Tensor]:
    """Return a function that returns powers of the base, by repeated squaring."""
    known = {0: torch.ones_like(base), 1: base}

    def power(exponent: int) -> Tensor:
        if exponent not in known:
            half = power(exponent // 2)
            known[exponent] = half * half if exponent % 2 == 0 else power(exponent - 1) * base
        return known[exponent]

    return power


def _column(values: tuple[float, ...], like: Tensor) -> Float[Tensor, 'values 1']:
    """Return the values as a column, of the type and on the device of a tensor."""
    return torch.tensor(values, dtype=like.dtype, device=like.device)[:, None]


def _others(base: Float[Tensor, 'block slots lambdas slots']) -> Float[Tensor, 'slots 1 slots']:
    """Return one for pairs of different neighbours and zero for the others."""
    return 1 - torch.eye(base.shape[1], dtype=base.dtype, device=base.device)[:, None]
