"""Edges of a site to images of another that are equally long, taken together.

Symmetry of a site makes many of its edges equal. What a network says of an edge from its length and
its two ends is the same for all of them, so that it is asked once; what depends on the direction is
summed over the members first. Nothing is lost: sums over edges are the same as without classes.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from aiida_crystalgen.science.multigraph.edges import Edges

__all__ = ('EdgeClasses', 'classified')

_RESOLUTION = 1e6  # per Å; symmetry makes edges equal to the last few bits
_LARGEST = 1 << 26  # of a length in that unit: 67 Å


@dataclass(frozen=True)
class EdgeClasses:
    """Classes of equal edges, in the order of their sites.

    :param sites: that the edges begin at.
    :param neighbors: sites whose images they end at.
    :param counts: number of edges in each class.
    :param lengths: in Å.
    :param members: class of each edge.
    """

    sites: Int[Tensor, ' classes']
    neighbors: Int[Tensor, ' classes']
    counts: Int[Tensor, ' classes']
    lengths: Float[Tensor, ' classes']
    members: Int[Tensor, ' edges']

    def __len__(self) -> int:
        return len(self.sites)

    def summed(self, values: Float[Tensor, 'edges numbers']) -> Float[Tensor, 'classes numbers']:
        """Return the sum over the edges of each class."""
        result = torch.zeros(len(self), values.shape[1], dtype=values.dtype, device=values.device)
        return result.index_add_(0, self.members, values)


def classified(edges: Edges, sites: int) -> EdgeClasses:
    """Return the classes of edges.

    :param sites: number of all sites.
    """
    ends = edges.sites * sites + edges.neighbors
    steps = (edges.lengths * _RESOLUTION).round().to(torch.int64).clamp(max=_LARGEST - 1)
    keys, members, counts = torch.unique(
        ends * _LARGEST + steps, return_inverse=True, return_counts=True
    )
    ends = keys // _LARGEST
    return EdgeClasses(
        sites=ends // sites,
        neighbors=ends % sites,
        counts=counts,
        lengths=(keys % _LARGEST).to(edges.lengths.dtype) / _RESOLUTION,
        members=members,
    )
