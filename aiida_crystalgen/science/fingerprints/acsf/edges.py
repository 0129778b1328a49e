"""Neighbours of all atoms of a batch of crystals of any sizes, true periodic images included.

The search has no gradient: it is done anew wherever positions have moved, and the vectors of the
edges it finds are then computed from positions and lattices, with gradient. For a pair of atoms,
the lattice translations that may bring it within the cut-off are those within cut-off / plane
spacing along each axis. Crystals with equally many atoms and translations are searched at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

__all__ = ('Edges', 'edge_vectors', 'find_edges', 'translation_windows')

_BLOCK = 1 << 18  # distances held at once
_MOST_TRANSLATIONS = 1 << 21  # of one pair of atoms: a cell this small is no crystal


@dataclass(frozen=True)
class Edges:
    """Pairs of a centre and a neighbour, which may be an image of it; both directions are listed.

    The edges of a centre follow each other, ordered by the number of the neighbour.

    :param centres: index of the atom in the batch.
    :param neighbors: index of the atom whose image is the neighbour.
    :param crystals: index of the crystal of both.
    :param translations: of the neighbour, in lattice vectors.
    """

    centres: Int[Tensor, ' edges']
    neighbors: Int[Tensor, ' edges']
    crystals: Int[Tensor, ' edges']
    translations: Float[Tensor, 'edges 3']


def find_edges(
    lattices: Float[Tensor, 'crystals 3 3'],
    fractional: Float[Tensor, 'atoms 3'],
    counts: Int[Tensor, ' crystals'],
    cutoff: float,
    *,
    periodic: bool,
) -> Edges:
    """Return all neighbours within the cut-off of each atom.

    :param lattices: lattice vectors as rows, in Å.
    :param counts: number of atoms of each crystal.
    :param cutoff: in Å.
    :param periodic: whether the cells repeat; otherwise atoms have no images.
    :raises ValueError: if a number is not finite, or a cell has no volume or too many images.
    """
    with torch.no_grad():
        lattices, fractional = lattices.detach(), fractional.detach()
        if not bool(torch.isfinite(lattices).all() and torch.isfinite(fractional).all()):
            raise ValueError('lattices and coordinates must be finite numbers; reject others first')
        reaches, sizes = translation_windows(lattices, cutoff, periodic=periodic)
        offsets = counts.cumsum(0) - counts
        search = _Search(lattices, fractional, offsets, reaches, cutoff, periodic)
        parts = [search.edges_of(rows, shape) for rows, shape in _blocks(counts, sizes)]
        columns = zip(*parts, strict=True) if parts else [[counts]] * 3 + [[fractional]]
        return Edges(*(torch.cat(list(column)) for column in columns))


def edge_vectors(
    lattices: Float[Tensor, 'crystals 3 3'],
    fractional: Float[Tensor, 'atoms 3'],
    counts: Int[Tensor, ' crystals'],
    edges: Edges,
) -> Float[Tensor, 'edges 3']:
    """Return the vector from the centre to the neighbour of each edge in Å, with gradient."""
    crystals = torch.arange(len(counts), device=counts.device).repeat_interleave(counts)
    positions = _combined(fractional, _rows(lattices.flatten(1), crystals))
    steps = _rows(positions, edges.neighbors) - _rows(positions, edges.centres)
    return steps + _combined(edges.translations, _rows(lattices.flatten(1), edges.crystals))


def translation_windows(
    lattices: Float[Tensor, 'crystals 3 3'], cutoff: float, *, periodic: bool
) -> tuple[Float[Tensor, 'crystals 3'], Int[Tensor, 'crystals 3']]:
    """Return how many plane spacings the cut-off is along each axis, and the translations to try.

    :raises ValueError: if a cell has no volume, or is too small for its images to be listed.
    """
    if not periodic:
        zero = torch.zeros_like(lattices[:, 0])
        return zero, torch.ones_like(zero, dtype=torch.int64)
    a, b, c = lattices.unbind(1)
    normals = torch.stack([torch.linalg.cross(*pair) for pair in ((b, c), (c, a), (a, b))], dim=1)
    volumes = (a * normals[:, 0]).sum(1).abs()
    flat = volumes <= 1e-9 * lattices.norm(dim=2).prod(1)
    if bool(flat.any()):
        row = int(flat.nonzero()[0])
        raise ValueError(f'the cell of crystal {row} has no volume; reject it first')
    reaches = cutoff * normals.norm(dim=2) / volumes[:, None] * (1 + 1e-6)
    sizes = (2 * reaches).floor() + 1
    numbers = sizes.prod(1)
    if len(numbers) and float(numbers.max()) > _MOST_TRANSLATIONS:
        row = int(numbers.argmax())
        raise ValueError(
            f'the cell of crystal {row} is too small: {float(numbers[row]):.0f} translations are '
            f'within {cutoff} Å; reject it by its volume first'
        )
    return reaches, sizes.to(torch.int64)


def _rows(table: Float[Tensor, 'rows width'], chosen: Int[Tensor, ' items']) -> Tensor:
    """Return the chosen rows; the gradient of gather is far faster than that of an index."""
    return table.gather(0, chosen[:, None].expand(-1, table.shape[1]))


def _combined(
    coefficients: Float[Tensor, 'items 3'], lattices: Float[Tensor, 'items 9']
) -> Float[Tensor, 'items 3']:
    """Return the Cartesian vectors of fractional ones, in Å."""
    return (coefficients[:, :, None] * lattices.unflatten(1, (3, 3))).sum(1)


def _blocks(
    counts: Int[Tensor, ' crystals'], sizes: Int[Tensor, 'crystals 3']
) -> Iterator[tuple[Int[Tensor, ' rows'], list[int]]]:
    """Yield crystals with equally many atoms and translations, and these four numbers."""
    if not len(counts):
        return
    keys = torch.cat([counts[:, None], sizes], dim=1)
    shapes, kinds, numbers = torch.unique(keys, dim=0, return_inverse=True, return_counts=True)
    groups = torch.argsort(kinds, stable=True).split(numbers.tolist())
    for shape, rows in zip(shapes.tolist(), groups, strict=True):
        distances = shape[0] ** 2 * shape[1] * shape[2] * shape[3]
        for part in rows.split(max(1, _BLOCK // distances)):
            yield part, shape


@dataclass(frozen=True)
class _Search:
    """What the search in a block of crystals starts from.

    :param offsets: index of the first atom of each crystal.
    :param reaches: cut-off in plane spacings along each axis.
    :param periodic: whether there are translations at all.
    """

    lattices: Float[Tensor, 'crystals 3 3']
    fractional: Float[Tensor, 'atoms 3']
    offsets: Int[Tensor, ' crystals']
    reaches: Float[Tensor, 'crystals 3']
    cutoff: float
    periodic: bool

    def edges_of(
        self, rows: Int[Tensor, ' rows'], shape: list[int]
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Return the columns of the edges of crystals of one shape.

        :param shape: number of atoms, and of translations to try along each axis.
        """
        atoms, *sizes = shape
        within = self.offsets[rows][:, None] + torch.arange(atoms, device=rows.device)
        fractions = self.fractional[within]
        steps = (fractions[:, None] - fractions[:, :, None]).flatten(1, 2)
        lowest = (-steps - self.reaches[rows][:, None]).ceil() * self.periodic
        ranges = [torch.arange(size, device=rows.device, dtype=steps.dtype) for size in sizes]
        grid = torch.cartesian_prod(*ranges)
        squares = self._squares(rows, steps + lowest, grid)
        # An atom is no neighbour of itself, but its images are.
        itself = (lowest[:, :1] + grid == 0).all(2)[:, None].expand(-1, atoms, -1)
        squares.unflatten(1, (atoms, atoms)).diagonal(dim1=1, dim2=2).mT[itself] = torch.inf
        pair, image = (squares.flatten(0, 1) <= self.cutoff**2).nonzero(as_tuple=True)
        centres = within[:, :, None].expand(-1, -1, atoms).flatten()
        neighbors = within[:, None].expand(-1, atoms, -1).flatten()
        translations = lowest.flatten(0, 1).index_select(0, pair) + grid.index_select(0, image)
        return centres[pair], neighbors[pair], rows[pair // atoms**2], translations

    def _squares(
        self,
        rows: Int[Tensor, ' rows'],
        pairs: Float[Tensor, 'rows pairs 3'],
        grid: Float[Tensor, 'translations 3'],
    ) -> Float[Tensor, 'rows pairs translations']:
        """Return the squared distances of pairs over translations in Å²."""
        lattices = self.lattices[rows]
        near = (pairs[..., None] * lattices[:, None]).sum(2).unbind(2)
        far = (grid[:, :, None] * lattices[:, None]).sum(2).unbind(2)
        first, *others = (
            (one[:, :, None] + two[:, None]).square_() for one, two in zip(near, far, strict=True)
        )
        for square in others:
            first += square
        return first
