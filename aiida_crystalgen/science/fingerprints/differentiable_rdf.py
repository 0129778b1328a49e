"""Radial distribution functions that can be differentiated, equal to those of ``rdf``.

The tables are the same to rounding: distances are spread over the same fine grid, by shares that
are smooth in the distance, and smeared by the same kernel. Importing this module imports torch.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import torch
from jaxtyping import Float, Int
from torch import Tensor

from aiida_crystalgen.science.fingerprints.rdf import Grid, RdfSettings

__all__ = ('RadialDistribution',)

_BLOCK = 1 << 21  # distances of pairs and images held at once, some 16 MB


class RadialDistribution:
    """The radial distribution function of crystals as a function of their cells and coordinates.

    :param settings: of the table.
    """

    def __init__(self, settings: RdfSettings) -> None:
        self.settings = settings
        self.number = settings.points
        self._grid = Grid.of(settings)
        self._kernel = torch.tensor(self._grid.kernel)

    def __call__(
        self,
        lattices: Float[Tensor, 'crystals 3 3'],
        fractional: Float[Tensor, 'atoms 3'],
        numbers: Int[Tensor, ' atoms'],  # noqa: ARG002
        counts: Int[Tensor, ' crystals'],
    ) -> Float[Tensor, 'crystals points']:
        """Return the smeared number of neighbours per Å at each radius, averaged over the atoms.

        All elements are alike. The result for a crystal does not depend on the others.

        :param lattices: vectors as rows, in Å.
        :param fractional: coordinates of all atoms, crystal after crystal.
        :param counts: number of atoms of each crystal.
        """
        order, tables = [], []
        offsets = counts.cumsum(0) - counts
        for number in torch.unique(counts).tolist():
            rows = torch.nonzero(counts == number)[:, 0]
            atoms = offsets[rows][:, None] + torch.arange(number)
            for part in _parts(lattices[rows], fractional[atoms], self._grid.reach):
                order.append(rows[part])
                tables.append(self._tables(lattices[rows[part]], fractional[atoms[part]]))
        return torch.cat(tables)[torch.argsort(torch.cat(order))]

    def _tables(
        self, lattices: Float[Tensor, 'crystals 3 3'], fractional: Float[Tensor, 'crystals atoms 3']
    ) -> Float[Tensor, 'crystals points']:
        """Return the tables of crystals with equally many atoms."""
        grid, (crystals, atoms) = self._grid, fractional.shape[:2]
        edges = _Edges.within(lattices, fractional, grid.reach)
        steps = fractional[edges.crystals, edges.second] - fractional[edges.crystals, edges.first]
        vectors = ((steps + edges.images)[:, :, None] * lattices[edges.crystals]).sum(dim=1)
        positions = (vectors * vectors).sum(dim=1).sqrt() / grid.step
        nearest = positions.detach().round()
        offsets = positions - nearest
        # Each distance counts for both of its atoms.
        above, below = (0.5 + offsets) ** 2 / atoms, (0.5 - offsets) ** 2 / atoms
        shares = torch.stack([below, 2 / atoms - below - above, above], dim=1)
        cells = edges.crystals * grid.size + grid.margin + nearest.long()
        targets = cells[:, None] + torch.arange(-1, 2)
        histograms = torch.zeros(crystals * grid.size, dtype=shares.dtype)
        histograms = histograms.index_add(0, targets.reshape(-1), shares.reshape(-1))
        windows = histograms.reshape(crystals, -1).unfold(1, len(self._kernel), grid.per_point)
        return (windows[:, : grid.points] * self._kernel.to(shares.dtype)).sum(dim=2)


@dataclass(frozen=True)
class _Edges:
    """Pairs of near atoms, each listed once, of crystals with equally many atoms.

    :param crystals: number of the crystal of each pair.
    :param first: number of the first atom within its crystal.
    :param second: number of the second atom.
    :param images: lattice translation of the second atom, in multiples of the lattice vectors.
    """

    crystals: Int[Tensor, ' edges']
    first: Int[Tensor, ' edges']
    second: Int[Tensor, ' edges']
    images: Float[Tensor, 'edges 3']

    @classmethod
    @torch.no_grad()
    def within(
        cls,
        lattices: Float[Tensor, 'crystals 3 3'],
        fractional: Float[Tensor, 'crystals atoms 3'],
        cutoff: float,
    ) -> _Edges:
        """Return all pairs whose distance is within the cut-off, in Å."""
        first, second, wraps, vectors = _near_pairs(lattices, fractional)
        images = _images(lattices, vectors, cutoff)
        translations = (images[:, :, None] * lattices[:, None]).sum(dim=2)
        squares = torch.zeros((*vectors.shape[:2], len(images)), dtype=lattices.dtype)
        for axis in range(3):
            squares += (vectors[:, :, None, axis] + translations[:, None, :, axis]) ** 2
        is_near = squares <= cutoff**2
        # Of an atom and its own images each second one is its opposite.
        weights = images @ images.new_tensor([2.0**20, 2.0**10, 1.0])
        is_near[:, first == second] &= weights > 0
        crystals, pairs, chosen = torch.nonzero(is_near, as_tuple=True)
        return cls(crystals, first[pairs], second[pairs], images[chosen] - wraps[crystals, pairs])


def _near_pairs(
    lattices: Float[Tensor, 'crystals 3 3'], fractional: Float[Tensor, 'crystals atoms 3']
) -> tuple[
    Int[Tensor, ' pairs'],
    Int[Tensor, ' pairs'],
    Float[Tensor, 'crystals pairs 3'],
    Float[Tensor, 'crystals pairs 3'],
]:
    """Return the atoms of all pairs, the translations that bring them near, and their vectors.

    The pair of each atom with itself would be the same for all; it is listed once for each.
    """
    first, second = torch.triu_indices(fractional.shape[1], fractional.shape[1])
    steps = fractional[:, second] - fractional[:, first]
    wraps = steps.round()
    vectors = ((steps - wraps)[..., None] * lattices[:, None]).sum(dim=2)
    return first, second, wraps, vectors


def _images(
    lattices: Float[Tensor, 'crystals 3 3'],
    vectors: Float[Tensor, 'crystals pairs 3'],
    cutoff: float,
) -> Float[Tensor, 'images 3']:
    """Return all translations within reach of the pairs in any of the crystals."""
    reaches = cutoff + vectors.norm(dim=2).amax(dim=1)
    spacings = 1 / torch.linalg.inv(lattices).norm(dim=1)
    extents = (reaches[:, None] / spacings * (1 + 1e-9)).floor().long().amax(dim=0).tolist()
    grid = list(product(*(range(-extent, extent + 1) for extent in extents)))
    images = torch.tensor(grid, dtype=lattices.dtype)
    lengths = (images[:, :, None] * lattices[:, None]).sum(dim=2).norm(dim=2)
    return images[(lengths <= reaches[:, None] * (1 + 1e-9)).any(dim=0)]


def _parts(
    lattices: Float[Tensor, 'crystals 3 3'],
    fractional: Float[Tensor, 'crystals atoms 3'],
    cutoff: float,
) -> Iterator[Int[Tensor, ' part']]:
    """Yield the crystals in parts whose pairs and images fit into memory."""
    lengths = lattices.detach().norm(dim=2).sum(dim=1) / 2
    volumes = torch.linalg.det(lattices.detach()).abs()
    images = 4.2 * (cutoff + 2 * lengths) ** 3 / volumes
    distances = images * fractional.shape[1] ** 2 / 2
    size = max(1, int(_BLOCK / float(distances.max())))
    yield from torch.arange(len(lattices)).split(size)
