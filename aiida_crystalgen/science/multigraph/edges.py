"""The symmetric multigraph: from each inequivalent site to every atom near it, images included."""

from __future__ import annotations

from dataclasses import dataclass, fields

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from aiida_crystalgen.science.multigraph.layout import Layout, expanded
from aiida_crystalgen.science.multigraph.products import (
    rows_times,
    squared_norms,
    times_columns,
)

__all__ = ('Edges', 'edges_within')

_MOST_IMAGES = 1 << 24  # translations of a batch: a cell that small is no crystal


@dataclass(frozen=True)
class Edges:
    """Edges from the representative atoms of sites to atoms around them.

    The neighbours of a representative are those of any atom of its orbit, turned, so that these
    edges say all of the crystal. With each edge its reverse is there as well: from the
    representative of the site that it ends at, to an image of the one that it begins at.

    :param sites: that the edges begin at.
    :param neighbors: sites whose images the edges end at.
    :param maps: row of that image in the maps of the positions.
    :param vectors: in Å.
    :param lengths: in Å.
    """

    sites: Int[Tensor, ' edges']
    neighbors: Int[Tensor, ' edges']
    maps: Int[Tensor, ' edges']
    vectors: Float[Tensor, 'edges 3']
    lengths: Float[Tensor, ' edges']

    def __len__(self) -> int:
        return len(self.sites)

    def select(self, kept: Bool[Tensor, ' edges']) -> Edges:
        """Return the edges of a mask."""
        return Edges(**{one.name: getattr(self, one.name)[kept] for one in fields(self)})

    def reversed_vectors(
        self, layout: Layout, lattices: Float[Tensor, 'crystals 3 3']
    ) -> Float[Tensor, 'edges 3']:
        """Return the edges as they begin at the representative of the site they ended at, in Å.

        :param lattices: of the conventional cells.
        """
        owners = layout.owners[self.sites]
        inverses = torch.linalg.inv(lattices)[owners]
        fractional = rows_times(self.vectors, inverses)
        turned = times_columns(layout.tables.returns[self.maps], fractional)
        return -rows_times(turned, lattices[owners])


def edges_within(
    layout: Layout,
    parameters: Float[Tensor, 'sites 3'],
    lattices: Float[Tensor, 'crystals 3 3'],
    cutoffs: Float[Tensor, ' crystals'],
) -> Edges:
    """Return all edges up to a cut-off, crystal after crystal and site after site.

    :param parameters: x, y, z of each site on its Wyckoff position.
    :param lattices: of the conventional cells as rows, in Å.
    :param cutoffs: longest edge of each crystal, in Å.
    :raises ValueError: if a cell is so small that its images cannot be listed.
    """
    cells = torch.stack(
        [rows_times(row, lattices) for row in layout.tables.bases[layout.groups].unbind(dim=1)],
        dim=1,
    )
    pairs = _near_pairs(layout, parameters, cells)
    crystals, translations = _translations(cells, cutoffs, _longest(layout, pairs))
    of_crystal = torch.bincount(crystals, minlength=len(layout))
    pair_owners = layout.owners[layout.pair_sites]
    chosen, number = expanded(of_crystal[pair_owners])
    number += (of_crystal.cumsum(0) - of_crystal)[pair_owners][chosen]
    moved = translations[number]
    vectors = pairs[chosen] + moved
    squares = squared_norms(vectors)
    is_origin = layout.is_self[chosen] & (moved == 0).all(dim=1)
    kept = torch.nonzero((squares <= (cutoffs**2)[pair_owners][chosen]) & ~is_origin)[:, 0]
    images = layout.pair_images[chosen[kept]]
    return Edges(
        sites=layout.pair_sites[chosen[kept]],
        neighbors=layout.image_sites[images],
        maps=layout.image_maps[images],
        vectors=vectors[kept],
        lengths=squares[kept].sqrt(),
    )


def _near_pairs(
    layout: Layout, parameters: Float[Tensor, 'sites 3'], cells: Float[Tensor, 'crystals 3 3']
) -> Float[Tensor, 'pairs 3']:
    """Return the vector of each pair, moved by the lattice to one near the origin, in Å."""
    points = layout.points(parameters)
    maps = layout.tables.maps[layout.tables.map_bounds[layout.positions]]
    firsts = times_columns(maps[:, :, :3], parameters) + maps[:, :, 3]
    owners = layout.owners[layout.pair_sites]
    steps = points[layout.pair_images] - firsts[layout.pair_sites]
    to_primitive = layout.tables.to_primitive[layout.groups][owners]
    steps = rows_times(steps, to_primitive)
    steps = steps - steps.round()
    return rows_times(steps, cells[owners])


def _longest(layout: Layout, pairs: Float[Tensor, 'pairs 3']) -> Float[Tensor, ' crystals']:
    """Return the length of the longest pair of each crystal, in Å."""
    lengths = squared_norms(pairs.detach()).sqrt()
    result = torch.zeros(len(layout), dtype=lengths.dtype, device=lengths.device)
    return result.scatter_reduce_(0, layout.owners[layout.pair_sites], lengths, 'amax')


def _translations(
    cells: Float[Tensor, 'crystals 3 3'],
    cutoffs: Float[Tensor, ' crystals'],
    longest: Float[Tensor, ' crystals'],
) -> tuple[Int[Tensor, ' all'], Float[Tensor, 'all 3']]:
    """Return all lattice vectors that can bring a pair within reach, and their crystals.

    :param longest: of the pairs, whose fractional coordinates are at most a half.
    """
    spacings = 1 / torch.linalg.inv(cells).norm(dim=1)
    extents = (cutoffs[:, None] / spacings + 0.5 + 1e-9).floor()
    widths = (2 * extents + 1).clamp(max=float(_MOST_IMAGES)).to(torch.int64)
    total = float(widths.to(torch.float64).prod(dim=1).sum())
    if total > _MOST_IMAGES:
        raise ValueError(
            f'{total:.3g} images of cells would have to be searched; some cells are too small'
        )
    owners, number = expanded(widths.prod(dim=1))
    wide = widths[owners]
    steps = torch.stack(
        [
            number // (wide[:, 1] * wide[:, 2]),
            number // wide[:, 2] % wide[:, 1],
            number % wide[:, 2],
        ],
        dim=1,
    )
    steps = steps.to(cells.dtype) - extents[owners]
    vectors = rows_times(steps, cells[owners])
    reach = (cutoffs + longest)[owners] * (1 + 1e-9)
    kept = torch.nonzero(squared_norms(vectors) <= reach**2)[:, 0]
    return owners[kept], vectors[kept]
