"""Which sites and images a batch of templates has, whatever their coordinates."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from aiida_crystalgen.science.multigraph.products import times_columns
from aiida_crystalgen.science.multigraph.tables import PositionTables, position_tables
from aiida_crystalgen.science.symmetric_crystals import SiteTemplates

__all__ = ('Layout', 'expanded')


def expanded(counts: Int[Tensor, ' items']) -> tuple[Int[Tensor, ' all'], Int[Tensor, ' all']]:
    """Return, for as many things as each item has: number of the item, and number in the item."""
    owners = torch.repeat_interleave(torch.arange(len(counts), device=counts.device), counts)
    firsts = counts.cumsum(0) - counts
    return owners, torch.arange(len(owners), device=counts.device) - firsts[owners]


@dataclass(frozen=True)
class Layout:
    """Inequivalent sites of many crystals, and the atoms of their primitive cells, as indices.

    :param groups: space group of each crystal.
    :param owners: crystal of each site.
    :param numbers: atomic number of each site.
    :param positions: row of each site in the table of Wyckoff positions.
    :param image_sites: site of each atom of the primitive cells.
    :param image_maps: row of each atom in the maps of the positions.
    :param pair_sites: site of each pair of a site and an atom of the same crystal.
    :param pair_images: atom of each pair.
    :param tables: of the positions.
    """

    groups: Int[Tensor, ' crystals']
    owners: Int[Tensor, ' sites']
    numbers: Int[Tensor, ' sites']
    positions: Int[Tensor, ' sites']
    image_sites: Int[Tensor, ' images']
    image_maps: Int[Tensor, ' images']
    pair_sites: Int[Tensor, ' pairs']
    pair_images: Int[Tensor, ' pairs']
    tables: PositionTables

    @classmethod
    def of(cls, templates: SiteTemplates, device: torch.device | str = 'cpu') -> Layout:
        """Return the layout of the templates."""
        groups, owners, numbers, positions = (
            torch.from_numpy(one).to(device)
            for one in (
                templates.space_groups,
                templates.crystal_of_orbit,
                templates.atomic_numbers,
                templates.positions,
            )
        )
        tables = position_tables(torch.device(device))
        sizes = torch.diff(tables.map_bounds)[positions]
        image_sites, points = expanded(sizes)
        images = torch.zeros_like(groups).index_add_(0, owners, sizes)
        pair_sites, pair_images = expanded(images[owners])
        pair_images += (images.cumsum(0) - images)[owners][pair_sites]
        return cls(
            groups=groups,
            owners=owners,
            numbers=numbers,
            positions=positions,
            image_sites=image_sites,
            image_maps=tables.map_bounds[positions[image_sites]] + points,
            pair_sites=pair_sites,
            pair_images=pair_images,
            tables=tables,
        )

    def __len__(self) -> int:
        return len(self.groups)

    @property
    def multiplicities(self) -> Int[Tensor, ' sites']:
        """Number of atoms of each site in the primitive cell."""
        return torch.diff(self.tables.map_bounds)[self.positions]

    @property
    def is_self(self) -> Bool[Tensor, ' pairs']:
        """Whether the atom of a pair is the representative of its site itself."""
        first = self.tables.map_bounds[self.positions]
        is_same = self.image_sites[self.pair_images] == self.pair_sites
        return is_same & (self.image_maps[self.pair_images] == first[self.pair_sites])

    def points(self, parameters: Float[Tensor, 'sites 3']) -> Float[Tensor, 'images 3']:
        """Return the conventional coordinates of the atoms of the primitive cells.

        :param parameters: x, y, z of each site.
        """
        maps = self.tables.maps[self.image_maps]
        return times_columns(maps[:, :, :3], parameters[self.image_sites]) + maps[:, :, 3]
