"""Templates with numbers filled in, as the network sees them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float, Float32
from torch import Tensor

from aiida_crystalgen.science.generators.score_langevin.architectures import NoiseNetwork
from aiida_crystalgen.science.generators.score_langevin.freedoms import SiteFreedoms
from aiida_crystalgen.science.generators.score_langevin.harmonics import spherical_harmonics
from aiida_crystalgen.science.generators.score_langevin.network import NoisyCrystals
from aiida_crystalgen.science.generators.score_langevin.noise import NoiseSchedule
from aiida_crystalgen.science.generators.score_langevin.scaling import CellScaling
from aiida_crystalgen.science.generators.score_langevin.settings import (
    ScoreNetworkSettings,
    TripletNetworkSettings,
)
from aiida_crystalgen.science.generators.score_langevin.triplet_network import (
    NoisyEdges,
    TripletNetwork,
)
from aiida_crystalgen.science.multigraph.classes import classified
from aiida_crystalgen.science.multigraph.edges import Edges, edges_within
from aiida_crystalgen.science.multigraph.layout import Layout
from aiida_crystalgen.science.multigraph.products import rows_times, squared_norms
from aiida_crystalgen.science.symmetric_crystals import SiteTemplates
from aiida_crystalgen.science.symmetry.cell_parameters import is_free, length_derivatives

__all__ = ('CrystalNumbers', 'TemplateBatch', 'site_facts')

_SHORTEST = 1e-4  # Å, below which an edge has no direction


@dataclass(frozen=True)
class CrystalNumbers:
    """What is free of crystals.

    :param parameters: x, y, z of each site on its Wyckoff position.
    :param cells: standard coordinates of the cells.
    """

    parameters: Float[Tensor, 'sites 3']
    cells: Float[Tensor, 'crystals 6']


@dataclass(frozen=True)
class TemplateBatch:
    """Templates, and all that follows from them alone.

    :param layout: of their multigraphs.
    :param freedoms: of their sites.
    :param scaling: of their cells.
    :param edges: logarithm of the expected edge of each cell.
    :param facts: of each site.
    :param shares: of each site in the atoms of its crystal.
    :param is_free: which coordinates the cells have.
    """

    layout: Layout
    freedoms: SiteFreedoms
    scaling: CellScaling
    edges: Float[Tensor, ' crystals']
    facts: Float32[Tensor, 'sites facts']
    shares: Float32[Tensor, ' sites']
    is_free: Bool[Tensor, 'crystals 6']

    @classmethod
    def of(
        cls, templates: SiteTemplates, scaling: CellScaling, device: torch.device | str = 'cpu'
    ) -> TemplateBatch:
        """Return the batch of the templates."""
        layout = Layout.of(templates, device)
        shares = templates.multiplicities / np.repeat(templates.atom_counts, templates.orbit_counts)
        return cls(
            layout=layout,
            freedoms=SiteFreedoms.of(layout),
            scaling=scaling,
            edges=torch.from_numpy(scaling.edges(templates)).to(device),
            facts=site_facts(layout),
            shares=torch.from_numpy(shares).to(device, torch.float32),
            is_free=is_free(layout.groups),
        )

    def __len__(self) -> int:
        return len(self.layout)

    @property
    def device(self) -> torch.device:
        """Where its tensors are."""
        return self.shares.device

    def lattices(self, cells: Float[Tensor, 'crystals 6']) -> Float[Tensor, 'crystals 3 3']:
        """Return the conventional cells of standard coordinates, in Å."""
        return self.scaling.lattices(cells, self.edges, self.layout)

    def noise(
        self,
        network: NoiseNetwork,
        schedule: NoiseSchedule,
        numbers: CrystalNumbers,
        times: Float[Tensor, ' crystals'],
    ) -> CrystalNumbers:
        """Return the noise that the network finds in crystals, in standard deviations.

        The noise of positions is a displacement along conventional axes of length 1.
        """
        lattices = self.lattices(numbers.cells)
        # not as a power, which is rounded differently at the end of a tensor
        mean_edges = (torch.linalg.det(lattices).log() / 3).exp()
        to_axes = mean_edges[:, None, None] * torch.linalg.solve(lattices, self.freedoms.frames)
        facts = self._crystal_facts(numbers, times)
        facts['scales'] = (schedule.positions(times) * mean_edges).log().to(torch.float32)
        cutoffs = torch.full_like(mean_edges, network.settings.cutoff)
        edges = edges_within(self.layout, numbers.parameters, lattices, cutoffs)
        noisy: NoisyCrystals | NoisyEdges
        if isinstance(network, TripletNetwork):
            noisy = NoisyEdges(**facts, **self._edge_facts(network.settings, edges, lattices))
        else:
            noisy = NoisyCrystals(**facts, **self._class_facts(network.settings, edges, lattices))
        vectors, cells = network(noisy)
        displacements = rows_times(vectors.to(to_axes.dtype), to_axes[self.layout.owners])
        return CrystalNumbers(self.freedoms.allowed(displacements), cells.to(to_axes.dtype))

    def _crystal_facts(
        self, numbers: CrystalNumbers, times: Float[Tensor, ' crystals']
    ) -> dict[str, Tensor]:
        """Return what the network is told of crystals and sites."""
        layout = self.layout
        atoms = torch.bincount(layout.owners[layout.image_sites])
        return {
            'owners': layout.owners,
            'numbers': layout.numbers,
            'facts': self.facts,
            'shares': self.shares,
            'groups': layout.groups,
            'times': times.to(torch.float32),
            'sizes': atoms.log().to(torch.float32),
            'cells': numbers.cells.to(torch.float32),
            'is_free': self.is_free,
        }

    def _class_facts(
        self,
        settings: ScoreNetworkSettings,
        edges: Edges,
        lattices: Float[Tensor, 'crystals 3 3'],
    ) -> dict[str, Tensor]:
        """Return what the network is told of the classes of edges."""
        layout, single = self.layout, torch.float32
        owners = layout.owners[edges.sites]
        classes = classified(edges, len(layout.owners))
        lengths = edges.lengths.clamp(min=_SHORTEST)[:, None]
        directions = (edges.vectors / lengths).to(single)
        growths = length_derivatives(edges.vectors, lattices[owners], layout.groups[owners])
        harmonics = spherical_harmonics(directions, settings.degree)
        sums = classes.summed(torch.cat([directions, growths.to(single), harmonics], dim=1))
        backward = classes.summed(edges.reversed_vectors(layout, lattices) / lengths)
        backward = backward / squared_norms(backward).sqrt().clamp(min=_SHORTEST)[:, None]
        counts = classes.counts.to(single)
        groups = layout.groups[layout.owners[classes.sites]]
        return {
            'sites': classes.sites,
            'neighbors': classes.neighbors,
            'counts': counts,
            'lengths': classes.lengths.to(single),
            'directions': sums[:, :3],
            'harmonics': sums[:, 9:] / counts[:, None],
            'reversed_harmonics': spherical_harmonics(backward.to(single), settings.degree),
            'growths': self.scaling.derivatives(sums[:, 3:9], groups),
        }

    def _edge_facts(
        self,
        settings: TripletNetworkSettings,
        edges: Edges,
        lattices: Float[Tensor, 'crystals 3 3'],
    ) -> dict[str, Tensor]:
        """Return what the network is told of each single edge."""
        layout, single = self.layout, torch.float32
        owners = layout.owners[edges.sites]
        groups = layout.groups[owners]
        lengths = edges.lengths.clamp(min=_SHORTEST)[:, None]
        directions = (edges.vectors / lengths).to(single)
        backward = (edges.reversed_vectors(layout, lattices) / lengths).to(single)
        growths = length_derivatives(edges.vectors, lattices[owners], groups)
        firsts = layout.tables.map_bounds[layout.positions]
        return {
            'sites': edges.sites,
            'neighbors': edges.neighbors,
            'is_image': (edges.sites == edges.neighbors) & (edges.maps != firsts[edges.neighbors]),
            'lengths': lengths[:, 0].to(single),
            'directions': directions,
            'harmonics': spherical_harmonics(directions, settings.degree),
            'reversed_harmonics': spherical_harmonics(backward, settings.degree),
            'growths': self.scaling.derivatives(growths.to(single), groups),
        }


def site_facts(layout: Layout) -> Float32[Tensor, 'sites facts']:
    """Return what the Wyckoff position of each site says: its freedom, symmetry and atoms."""
    freedoms = layout.tables.freedoms[layout.positions]
    numbers = torch.stack(
        [layout.tables.stabilizers[layout.positions], layout.multiplicities], dim=1
    )
    one_hot = torch.nn.functional.one_hot(freedoms, 4)
    return torch.cat([one_hot.to(torch.float32), numbers.to(torch.float32).log()], dim=1)
