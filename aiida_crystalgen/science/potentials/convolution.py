"""The convolution of SevenNet, evaluated in blocks of edges that fit the processor's cache.

Each edge carries a message that is several times larger than the features of an atom. The original
holds the messages of all edges of a batch, and in the backward pass fills one array of that size
with zeros for every path; writing memory then takes most of the time. Here messages live for one
block of edges only, forwards and backwards. Weights and results are those of the original.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from e3nn.o3 import TensorProduct, wigner_3j
from jaxtyping import Float, Int
from torch import Tensor

__all__ = ('BlockedConvolution', 'tensor_product_sum')

_BLOCK = 512  # edges; their messages take 1–2 MB per input irrep


@dataclass(frozen=True)
class _Path:
    """One coupling of an input irrep with a filter irrep to an output irrep."""

    components: slice  # of the output irrep, among those of all paths of its input irrep
    weights: slice
    output: slice


@dataclass(frozen=True)
class _Group:
    """All paths that start from one input irrep.

    :param channels: multiplicity of the input irrep and of each output irrep.
    :param dimension: of the input irrep, 2l + 1.
    :param coupling: Wigner 3j symbols times path weights; contracted with the filter, they are a
        matrix from the components of the input to those of all outputs.
    """

    channels: int
    dimension: int
    input: slice
    coupling: Float[Tensor, 'filters input_times_output']
    paths: Sequence[_Path]

    @property
    def components(self) -> int:
        """Number of components of all outputs together."""
        return self.paths[-1].components.stop


def _groups(product: TensorProduct) -> Iterator[_Group]:
    """Yield the paths of a tensor product, sorted by their input irrep.

    :raises ValueError: if the product is not of e3nn's kind 'uvu' with one filter channel.
    """
    inputs, filters, outputs = product.irreps_in1, product.irreps_in2, product.irreps_out
    starts = [0]
    for one in product.instructions:
        if one.connection_mode != 'uvu' or not one.has_weight or filters[one.i_in2].mul != 1:
            raise ValueError(f'{product} has a path that is not uvu with weights: {one}')
        starts.append(starts[-1] + inputs[one.i_in1].mul)
    for number, (channels, irrep) in enumerate(inputs):
        paths, blocks, components = [], [], 0
        for start, one in zip(starts, product.instructions, strict=False):
            if one.i_in1 != number:
                continue
            out = outputs[one.i_out].ir
            block = torch.zeros(filters.dim, irrep.dim, out.dim)
            symbols = wigner_3j(irrep.l, filters[one.i_in2].ir.l, out.l)
            block[filters.slices()[one.i_in2]] = one.path_weight * symbols.permute(1, 0, 2)
            blocks.append(block)
            paths.append(
                _Path(
                    slice(components, components + out.dim),
                    slice(start, start + channels),
                    outputs.slices()[one.i_out],
                )
            )
            components += out.dim
        coupling = torch.cat(blocks, dim=2).flatten(1)
        yield _Group(channels, irrep.dim, inputs.slices()[number], coupling, tuple(paths))


class _TensorProductSum(torch.autograd.Function):
    """Sum over the edges of each atom of input ⊗ filter, weighted by path and channel."""

    @staticmethod
    def forward(ctx, features, filters, weights, sources, targets, groups, width):
        ctx.save_for_backward(features, filters, weights, sources, targets)
        ctx.groups = groups
        atoms = len(features)
        result = features.new_empty(atoms, width)
        for group in groups:
            size = group.components * group.channels
            inputs = _by_component(features, group)
            sums = features.new_zeros(atoms, size)
            for start in range(0, len(sources), _BLOCK):
                block = slice(start, start + _BLOCK)
                matrices = _matrices(filters[block], group)
                messages = matrices.mT @ inputs[sources[block]]
                for path in group.paths:
                    messages[:, path.components] *= weights[block, None, path.weights]
                sums.scatter_add_(0, targets[block, None].expand(-1, size), messages.flatten(1))
            sums = sums.view(atoms, group.components, group.channels)
            for path in group.paths:
                result[:, path.output] = sums[:, path.components].mT.flatten(1)
        return result

    @staticmethod
    def backward(ctx, gradient):
        features, filters, weights, sources, targets = ctx.saved_tensors
        atoms = len(features)
        of_features = torch.empty_like(features)
        of_filters = torch.zeros_like(filters)
        of_weights = torch.empty_like(weights)
        for group in ctx.groups:
            size = group.dimension * group.channels
            inputs = _by_component(features, group)
            outputs = torch.cat([gradient[:, path.output].reshape(atoms, group.channels, -1) for path in group.paths], dim=2).mT.contiguous()
            sums = features.new_zeros(atoms, size)
            for start in range(0, len(sources), _BLOCK):
                block = slice(start, start + _BLOCK)
                matrices = _matrices(filters[block], group)
                received = inputs[sources[block]]
                sent = outputs[targets[block]]
                products = (matrices.mT @ received).mul_(sent)
                for path in group.paths:
                    torch.sum(products[:, path.components], dim=1, out=of_weights[block, path.weights])
                    sent[:, path.components] *= weights[block, None, path.weights]
                of_filters[block] += (received @ sent.mT).flatten(1) @ group.coupling.T
                sums.scatter_add_(0, sources[block, None].expand(-1, size), (matrices @ sent).flatten(1))
            of_features[:, group.input] = sums.view(atoms, group.dimension, group.channels).mT.flatten(1)
        return of_features, of_filters, of_weights, None, None, None, None


def _by_component(features, group):
    """Return the features of the group's irrep with channels last."""
    return features[:, group.input].reshape(-1, group.channels, group.dimension).mT.contiguous()


def _matrices(filters, group):
    """Return the matrix of each edge from input to output components."""
    return (filters @ group.coupling).view(-1, group.dimension, group.components)


def tensor_product_sum(features, filters, weights, sources, targets, groups, width):
    return _TensorProductSum.apply(features, filters, weights, sources, targets, groups, width)


class BlockedConvolution(torch.nn.Module):
    def __init__(self, original):
        super().__init__()
        self.original = original
        self.groups = tuple(_groups(original.convolution))
        self.width = original.convolution.irreps_out.dim

    def forward(self, data):
        one = self.original
        weights = one.weight_nn(data[one.key_weight_input])
        targets, sources = data[one.key_edge_idx]
        summed = tensor_product_sum(data[one.key_x], data[one.key_filter], weights, sources, targets, self.groups, self.width)
        data[one.key_x] = summed / one.denominator
        return data
