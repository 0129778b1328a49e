"""The convolution of SevenNet, evaluated in blocks of edges that fit the processor's cache.

Each edge carries a message several times larger than the features of an atom. The original holds
the messages of all edges of a batch and, going backwards, fills an array of that size with zeros
for every path; writing memory then takes most of the time. Here messages exist for one block of
edges only, forwards and backwards. The weights are the original's, and so are the results.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from e3nn.o3 import TensorProduct, wigner_3j
from jaxtyping import Float, Int
from torch import Tensor

__all__ = ('BlockedConvolution', 'RowwiseReadout')

_BLOCK = 256  # edges; their messages then take about 1 MB for each input irrep


@dataclass(frozen=True)
class _Path:
    """One coupling of an input irrep with a filter irrep to an output irrep.

    :param components: of the output irrep, among those of all paths of the same input irrep.
    :param weights: where its weights are, one for each channel.
    :param output: where its result goes.
    """

    components: slice
    weights: slice
    output: slice


@dataclass(frozen=True)
class _Group:
    """All paths that start from one input irrep.

    :param channels: multiplicity of the input irrep, and so of every output irrep.
    :param dimension: number of components of the input irrep, 2l + 1.
    :param input: where its features are.
    :param coupling: path weights times Wigner 3j symbols. Contracted with the filter of an edge,
        they are the matrix from the components of the input to those of all outputs.
    """

    channels: int
    dimension: int
    input: slice
    coupling: Float[Tensor, 'filters matrix']
    paths: Sequence[_Path]

    @property
    def components(self) -> int:
        """Number of components of all outputs together."""
        return self.paths[-1].components.stop

    def matrices(self, filters: Float[Tensor, 'edges filters']) -> Float[Tensor, 'edges i o']:
        """Return the matrix from input to output components of each edge."""
        return (filters @ self.coupling).view(-1, self.dimension, self.components)

    def inputs(self, features: Float[Tensor, 'atoms features']) -> Float[Tensor, 'atoms i c']:
        """Return the input features with the channels last, where vector instructions want them."""
        parts = features[:, self.input].reshape(-1, self.channels, self.dimension)
        return parts.mT.contiguous()

    def outputs(self, features: Float[Tensor, 'atoms features']) -> Float[Tensor, 'atoms o c']:
        """Return the output features of all paths with the channels last."""
        parts = [
            features[:, path.output].reshape(len(features), self.channels, -1).mT
            for path in self.paths
        ]
        return torch.cat(parts, dim=1)


def _groups(product: TensorProduct) -> list[_Group]:
    """Return the paths of a tensor product by their input irrep.

    :raises ValueError: if a path is not of e3nn's kind 'uvu' with weights.
    """
    inputs, filters, outputs = product.irreps_in1, product.irreps_in2, product.irreps_out
    paths: list[list[_Path]] = [[] for _ in inputs]
    couplings: list[list[Tensor]] = [[] for _ in inputs]
    first_weight = 0
    for step in product.instructions:
        if step.connection_mode != 'uvu' or not step.has_weight:
            raise ValueError(f'the path {step} is not uvu with weights; another sevenn is needed')
        channels, irrep = inputs[step.i_in1]
        result = outputs[step.i_out].ir
        symbols = wigner_3j(irrep.l, filters[step.i_in2].ir.l, result.l)
        coupling = torch.zeros(filters.dim, irrep.dim, result.dim)
        coupling[filters.slices()[step.i_in2]] = step.path_weight * symbols.permute(1, 0, 2)
        siblings = paths[step.i_in1]
        first_component = siblings[-1].components.stop if siblings else 0
        siblings.append(
            _Path(
                components=slice(first_component, first_component + result.dim),
                weights=slice(first_weight, first_weight + channels),
                output=outputs.slices()[step.i_out],
            )
        )
        couplings[step.i_in1].append(coupling)
        first_weight += channels
    return [
        _Group(channels, irrep.dim, where, torch.cat(coupling, dim=2).flatten(1), path)
        for (channels, irrep), where, coupling, path in zip(
            inputs, inputs.slices(), couplings, paths, strict=True
        )
    ]


class _Messages(torch.autograd.Function):
    """The sum of the messages that reach each atom: weights · (features ⊗ filters) over its edges.

    The backward pass computes the messages of a block anew instead of keeping them.
    """

    @staticmethod
    def forward(
        ctx: Any,
        features: Float[Tensor, 'atoms features'],
        filters: Float[Tensor, 'edges filters'],
        weights: Float[Tensor, 'edges weights'],
        edges: Int[Tensor, '2 edges'],
        convolution: BlockedConvolution,
    ) -> Float[Tensor, 'atoms outputs']:
        """Return the sums; an edge leads from its second atom to its first."""
        ctx.save_for_backward(features, filters, weights, edges)
        ctx.convolution = convolution
        result = features.new_empty(len(features), convolution.outputs)
        for group in convolution.groups:
            inputs = group.inputs(features)
            sums = features.new_zeros(len(features), group.components, group.channels)
            for block in _blocks(edges):
                targets, sources = edges[:, block]
                messages = group.matrices(filters[block]).mT @ inputs.index_select(0, sources)
                for path in group.paths:
                    messages[:, path.components] *= weights[block, None, path.weights]
                sums.index_add_(0, targets, messages)
            for path in group.paths:
                result[:, path.output] = sums[:, path.components].mT.flatten(1)
        return result

    @staticmethod
    def backward(ctx: Any, gradients: Float[Tensor, 'atoms outputs']) -> tuple[Tensor | None, ...]:
        """Return the derivatives with respect to features, filters and weights."""
        features, filters, weights, edges = ctx.saved_tensors
        of_features = torch.empty_like(features)
        of_filters = torch.zeros_like(filters)
        of_weights = torch.empty_like(weights)
        for group in ctx.convolution.groups:
            inputs, outputs = group.inputs(features), group.outputs(gradients)
            sums = torch.zeros_like(inputs)
            for block in _blocks(edges):
                targets, sources = edges[:, block]
                matrices = group.matrices(filters[block])
                received = inputs.index_select(0, sources)
                sent = outputs.index_select(0, targets)
                products = (matrices.mT @ received).mul_(sent)
                for path in group.paths:
                    of_weights[block, path.weights] = products[:, path.components].sum(dim=1)
                    sent[:, path.components] *= weights[block, None, path.weights]
                of_filters[block] += (received @ sent.mT).flatten(1) @ group.coupling.T
                sums.index_add_(0, sources, matrices @ sent)
            of_features[:, group.input] = sums.mT.flatten(1)
        return of_features, of_filters, of_weights, None, None


def _blocks(edges: Int[Tensor, '2 edges']) -> list[slice]:
    """Return the edges in blocks, each of which starts at the boundary of a vector register."""
    return [slice(start, start + _BLOCK) for start in range(0, edges.shape[1], _BLOCK)]


class BlockedConvolution(torch.nn.Module):
    """A stand-in for sevenn's ``IrrepsConvolution`` with its weights.

    :param original: the convolution of a built model.
    """

    def __init__(self, original: Any) -> None:
        super().__init__()
        self.original = original
        self.groups = _groups(original.convolution)
        self.outputs = original.convolution.irreps_out.dim

    def forward(self, data: dict[str, Tensor]) -> dict[str, Tensor]:
        """Return the graph with the features of each atom replaced by its summed messages."""
        original = self.original
        weights = original.weight_nn(data[original.key_weight_input])
        summed = _Messages.apply(
            data[original.key_x],
            data[original.key_filter],
            weights,
            data[original.key_edge_idx],
            self,
        )
        data[original.key_x] = summed / original.denominator
        return data


class RowwiseReadout(torch.nn.Module):
    """A stand-in for sevenn's last ``IrrepsLinear``, from hidden scalars to one energy per atom.

    A matrix times a single column is rounded differently from row to row, depending on how many
    rows there are; a sum over each row is not.

    :param original: the linear layer of a built model.
    """

    row: Tensor

    def __init__(self, original: Any) -> None:
        super().__init__()
        self.original = original
        columns = torch.eye(original.linear.irreps_in.dim)
        self.register_buffer('row', original.linear(columns).detach().T.contiguous())

    def forward(self, data: dict[str, Tensor]) -> dict[str, Tensor]:
        """Return the graph with the energy of each atom added."""
        hidden = data[self.original.key_input]
        data[self.original.key_output] = (hidden * self.row).sum(dim=1, keepdim=True)
        return data
