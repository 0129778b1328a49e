"""The edges to a number of nearest neighbours, instead of all within a cut-off."""

from __future__ import annotations

from math import pi

import torch
from jaxtyping import Float, Int
from torch import Tensor

from aiida_crystalgen.science.multigraph.edges import Edges, edges_within
from aiida_crystalgen.science.multigraph.layout import Layout

__all__ = ('nearest_edges',)

_TIE = 1e-6  # Å; neighbours that symmetry makes equal stay together
_MARGIN = 1.2  # of the number of neighbours that a sphere should hold on average
_GROWTH = 1.25  # of the spheres that hold too few


def nearest_edges(
    layout: Layout,
    parameters: Float[Tensor, 'sites 3'],
    lattices: Float[Tensor, 'crystals 3 3'],
    neighbors: int,
) -> Edges:
    """Return the edges to the nearest neighbours of each site, and the reverse of each of them.

    Neighbours as far as the last one count as well, so that symmetry is kept.

    :param parameters: x, y, z of each site on its Wyckoff position.
    :param lattices: of the conventional cells as rows, in Å.
    :param neighbors: number of the nearest ones.
    :raises ValueError: if a cell is so small that its images cannot be listed.
    """
    cutoffs = _first_cutoffs(layout, lattices, neighbors)
    while True:
        edges = edges_within(layout, parameters, lattices, cutoffs)
        found = torch.bincount(edges.sites, minlength=len(layout.owners))
        few = torch.unique(layout.owners[found < neighbors])
        if not len(few):
            break
        cutoffs[few] *= _GROWTH
    reaches = _reaches(edges, found, neighbors)
    kept = (edges.lengths <= reaches[edges.sites]) | (edges.lengths <= reaches[edges.neighbors])
    return edges.select(kept)


def _first_cutoffs(
    layout: Layout, lattices: Float[Tensor, 'crystals 3 3'], neighbors: int
) -> Float[Tensor, ' crystals']:
    """Return radii of spheres that hold somewhat more than enough atoms on average, in Å."""
    atoms = torch.bincount(layout.owners[layout.image_sites], minlength=len(layout))
    cells = torch.linalg.det(layout.tables.bases[layout.groups]) * torch.linalg.det(lattices)
    return (3 / (4 * pi) * _MARGIN * (neighbors + 1) * cells.abs() / atoms) ** (1 / 3)


def _reaches(edges: Edges, found: Int[Tensor, ' sites'], neighbors: int) -> Float[Tensor, ' sites']:
    """Return the distance to the last of the nearest neighbours of each site, in Å."""
    by_length = torch.argsort(edges.lengths)
    order = by_length[torch.argsort(edges.sites[by_length], stable=True)]
    lasts = found.cumsum(0) - found + neighbors - 1
    return edges.lengths[order[lasts]] + _TIE
