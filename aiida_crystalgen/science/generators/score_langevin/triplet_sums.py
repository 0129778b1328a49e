"""Sums over triplets of atoms without a list of triplets.

A Legendre polynomial of the angle between two edges is a product of spherical harmonics, summed
over their components (addition theorem, https://dlmf.nist.gov/14.30.E9). So the edges of a site are
summed up once for each component, and each edge that ends at the site takes its own part of that:
exactly what a sum over all pairs of edges would give, at the price of one over edges.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import pi

import torch
from jaxtyping import Float, Int
from torch import Tensor

from aiida_crystalgen.science.multigraph.layout import expanded

__all__ = ('TripletSums',)

_BLOCK = 16  # edges; products of matrices of one shape are rounded alike in any batch


@dataclass(frozen=True)
class _Blocks:
    """Edges in blocks of equal size, each of edges at one site.

    :param places: of each edge, counted through all blocks.
    :param sites: of each block.
    """

    places: Int[Tensor, ' edges']
    sites: Int[Tensor, ' blocks']

    @classmethod
    def of(cls, sites: Int[Tensor, ' edges'], number: int) -> _Blocks:
        """Return the blocks of edges at sites.

        :param number: of sites.
        """
        counts = torch.bincount(sites, minlength=number)
        blocks = (counts + _BLOCK - 1) // _BLOCK
        order = torch.argsort(sites, stable=True)
        owners, within = expanded(counts)
        first = (blocks.cumsum(0) - blocks) * _BLOCK
        places = torch.empty_like(sites).index_copy(0, order, first[owners] + within)
        return cls(places, expanded(blocks)[0])

    def spread(
        self, values: Float[Tensor, 'edges numbers']
    ) -> Float[Tensor, 'blocks edge numbers']:
        """Return values of edges in their blocks, 0 where there is no edge."""
        empty = values.new_zeros(len(self.sites) * _BLOCK, values.shape[1])
        return empty.index_copy(0, self.places, values).unflatten(0, (-1, _BLOCK))

    def gathered(
        self, values: Float[Tensor, 'blocks edge numbers']
    ) -> Float[Tensor, 'edges numbers']:
        """Return values in blocks as those of edges."""
        return values.flatten(0, 1).index_select(0, self.places)


@dataclass(frozen=True)
class TripletSums:
    """Sums over triplets k → j → i, at each edge j → i of a multigraph.

    An edge to an image of site j stands for the image of j's edges, turned by the same operation;
    messages do not change with it, and the angle is seen from j itself. That k is i counts as well.

    :param count: number of sites.
    :param begins: edges in blocks by the site that they begin at.
    :param ends: edges in blocks by the site that they end at an image of.
    :param harmonics: of the directions of edges, in the first blocks.
    :param reversed_harmonics: of the reverse directions, as seen from the other end, in the others.
    """

    count: int
    begins: _Blocks
    ends: _Blocks
    harmonics: Float[Tensor, 'begin_blocks edge components']
    reversed_harmonics: Float[Tensor, 'end_blocks edge components']

    @classmethod
    def of(
        cls,
        sites: Int[Tensor, ' edges'],
        neighbors: Int[Tensor, ' edges'],
        count: int,
        harmonics: Float[Tensor, 'edges components'],
        reversed_harmonics: Float[Tensor, 'edges components'],
    ) -> TripletSums:
        """Return the sums of a multigraph.

        :param sites: that the edges begin at.
        :param neighbors: sites whose images they end at.
        :param count: number of sites.
        :param harmonics: of the directions of edges.
        :param reversed_harmonics: of the reverse directions, as seen from the other end.
        """
        begins, ends = _Blocks.of(sites, count), _Blocks.of(neighbors, count)
        degrees = round(harmonics.shape[1] ** 0.5)
        components = torch.arange(1, 2 * degrees, 2, device=sites.device)
        # zonal harmonics, √((2 l + 1) / 4 π) P_l
        norms = torch.rsqrt(4 * pi * components.to(harmonics.dtype))
        norms = torch.repeat_interleave(norms, components)
        return cls(
            count=count,
            begins=begins,
            ends=ends,
            harmonics=begins.spread(harmonics),
            reversed_harmonics=ends.spread(reversed_harmonics * norms),
        )

    def summed(
        self, messages: Float[Tensor, 'degrees edges width']
    ) -> Float[Tensor, 'edges width']:
        """Return Σ_k Σ_l m_l,kj Y_l0(angle kji) of each edge j → i.

        :param messages: of each edge k → j, for each degree l of the zonal harmonics.
        """
        parts = [
            self.harmonics[:, :, degree**2 : (degree + 1) ** 2].mT @ self.begins.spread(one)
            for degree, one in enumerate(messages)
        ]
        blocks = torch.cat(parts, dim=1)
        tensors = blocks.new_zeros(self.count, *blocks.shape[1:])
        tensors = tensors.index_add(0, self.begins.sites, blocks)
        return self.ends.gathered(
            self.reversed_harmonics @ tensors.index_select(0, self.ends.sites)
        )
