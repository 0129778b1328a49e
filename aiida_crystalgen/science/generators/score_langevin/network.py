"""The network: what it says of edges adds up to the noise of positions and cells."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import torch
from jaxtyping import Float, Float32, Int
from torch import Tensor, nn

from aiida_crystalgen.science.generators.score_langevin.conditioning import (
    ELEMENTS,
    FACTS,
    GROUPS,
    NoisySites,
    crystal_inputs,
    of_crystal,
)
from aiida_crystalgen.science.generators.score_langevin.settings import ScoreNetworkSettings
from aiida_crystalgen.science.symmetry.cell_parameters import CELL_PARAMETERS

__all__ = ('NoisyCrystals', 'ScoreNetwork')

_SHORTEST, _LONGEST = 0.3, 2.5  # lengths of edges in sums of radii that are told apart


@dataclass(frozen=True)
class NoisyCrystals(NoisySites):
    """A batch of crystals with noise, as this network sees it.

    :param sites: that each class of edges begins at.
    :param neighbors: site that it ends at.
    :param counts: edges of each class.
    :param lengths: in Å.
    :param directions: sum of the unit vectors of the edges of each class.
    :param harmonics: mean of the spherical harmonics of their directions.
    :param reversed_harmonics: of the reverse direction, as seen from the other end.
    :param growths: sum of the derivatives of their lengths by the cell's coordinates, in Å.
    """

    sites: Int[Tensor, ' classes']
    neighbors: Int[Tensor, ' classes']
    counts: Float32[Tensor, ' classes']
    lengths: Float32[Tensor, ' classes']
    directions: Float32[Tensor, 'classes 3']
    harmonics: Float32[Tensor, 'classes components']
    reversed_harmonics: Float32[Tensor, 'classes components']
    growths: Float32[Tensor, 'classes 6']


class ScoreNetwork(nn.Module):
    """Messages along edges, with tensors of the neighbourhoods in place of triplets of atoms.

    Each site sums the spherical harmonics of its edges, weighted by what the network knows of them;
    each edge is told how these tensors of its two ends lie along it. This says what sums over pairs
    of edges would, at the price of one (Drautz, Phys. Rev. B 99, 014104, 2019).

    :param settings: of its layers.
    """

    def __init__(self, settings: ScoreNetworkSettings) -> None:
        super().__init__()
        self.settings = settings
        width, crystal = settings.width, settings.crystal_width
        self.element = nn.Embedding(ELEMENTS, width)
        self.group = nn.Embedding(GROUPS, crystal)
        self.radii = nn.Parameter(_covalent_radii().clone())
        self.of_site = nn.Linear(width + FACTS + crystal, width)
        self.of_crystal = of_crystal(width, crystal)
        self.radial = nn.Linear(2 * settings.radial, settings.edge_width)
        self.layers = nn.ModuleList(_Layer(settings) for _ in range(settings.layers))
        self.on_edges = nn.Sequential(
            nn.Linear(settings.edge_width, settings.edge_width),
            nn.SiLU(),
            nn.Linear(settings.edge_width, 2),
        )
        self.on_crystals = nn.Sequential(
            nn.Linear(crystal, crystal), nn.SiLU(), nn.Linear(crystal, CELL_PARAMETERS + 2)
        )

    def forward(
        self, noisy: NoisyCrystals
    ) -> tuple[Float32[Tensor, 'sites 3'], Float32[Tensor, 'crystals 6']]:
        """Return the noise: Cartesian vectors of the sites, and that of the cells' coordinates."""
        settings = self.settings
        fading = _fading(noisy.lengths / settings.cutoff)
        elements = self.element(noisy.numbers)
        crystal = self.of_crystal(crystal_inputs(noisy, elements, self.group(noisy.groups)))
        site = self.of_site(torch.cat([elements, noisy.facts, crystal[noisy.owners]], dim=1))
        edge = self.radial(self._spread(noisy))
        angles = None
        for layer in self.layers:
            site, crystal, edge, angles = layer(noisy, site, crystal, edge, fading, angles)
        on_edges = self.on_edges(edge).float() * fading[:, None]
        on_crystals = self.on_crystals(crystal).float()
        vectors = torch.zeros_like(noisy.facts[:, :3]).index_add(
            0, noisy.sites, on_edges[:, :1] * noisy.directions
        )
        # each class stands for as many edges as its site has atoms
        weights = on_edges[:, 1:] * noisy.shares[noisy.sites, None]
        cells = torch.zeros_like(noisy.cells).index_add(
            0, noisy.owners[noisy.sites], weights * noisy.growths
        )
        scales = on_crystals[:, CELL_PARAMETERS:].exp()
        vectors = vectors * scales[noisy.owners, :1]
        cells = cells * scales[:, 1:] / settings.cutoff + on_crystals[:, :CELL_PARAMETERS]
        return vectors, cells * noisy.is_free

    def _spread(self, noisy: NoisyCrystals) -> Float32[Tensor, 'classes functions']:
        """Return Gaussians of the lengths of edges, in Å and in sums of radii."""
        number, cutoff = self.settings.radial, self.settings.cutoff
        radii = self.radii[noisy.numbers]
        relative = noisy.lengths / (radii[noisy.sites] + radii[noisy.neighbors])
        device = noisy.lengths.device
        parts = []
        for values, low, high in (
            (noisy.lengths, 0.0, cutoff),
            (relative, _SHORTEST, _LONGEST),
        ):
            centres = torch.linspace(low, high, number, device=device)
            width = (high - low) / (number - 1)
            parts.append((-0.5 * ((values[:, None] - centres) / width) ** 2).exp())
        return torch.cat(parts, dim=1)


class _Layer(nn.Module):
    """One round of messages: edges, then tensors and sums at sites, then crystals."""

    def __init__(self, settings: ScoreNetworkSettings) -> None:
        super().__init__()
        width, edge, crystal = settings.width, settings.edge_width, settings.crystal_width
        self.settings = settings
        invariants = settings.tensors * (settings.degree + 1)
        self.from_sites = nn.Linear(width, 2 * edge)
        self.from_crystals = nn.Linear(crystal, edge)
        self.from_edges = nn.Linear(edge, edge)
        self.from_angles = nn.Linear(2 * settings.tensors * settings.degree, edge, bias=False)
        self.edge_norm = nn.LayerNorm(edge)
        self.tensor_weights = nn.Linear(edge, settings.tensors)
        self.message = nn.Linear(edge, width)
        self.site_norm = nn.LayerNorm(width)
        self.on_sites = nn.Sequential(
            nn.Linear(2 * width + invariants + crystal, 2 * width),
            nn.SiLU(),
            nn.Linear(2 * width, width),
        )
        self.crystal_norm = nn.LayerNorm(crystal)
        self.on_crystals = nn.Sequential(
            nn.Linear(crystal + width, crystal), nn.SiLU(), nn.Linear(crystal, crystal)
        )

    def forward(
        self,
        noisy: NoisyCrystals,
        site: Float[Tensor, 'sites width'],
        crystal: Float[Tensor, 'crystals crystal_width'],
        edge: Float[Tensor, 'classes edge_width'],
        fading: Float32[Tensor, ' classes'],
        angles: Float[Tensor, 'classes angles'] | None,
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Return what is known of sites, crystals and edges, and the angles of the edges."""
        known = self.site_norm(site)
        begin, end = self.from_sites(known).chunk(2, dim=1)
        begin = begin + self.from_crystals(crystal)[noisy.owners]
        inner = self.from_edges(self.edge_norm(edge)) + begin[noisy.sites] + end[noisy.neighbors]
        if angles is not None:
            inner = inner + self.from_angles(angles)
        edge = edge + nn.functional.silu(inner)
        weights = (fading * noisy.counts)[:, None]
        usual = self.settings.cutoff**3 / 20  # edges that are not yet faded, in a usual crystal
        sums = torch.zeros(len(site), edge.shape[1], device=edge.device)
        sums = sums.index_add(0, noisy.sites, edge * weights) / usual
        tensors = self._tensors(noisy, edge, weights / usual, len(site))
        invariants = self._lengths(tensors)
        inputs = [known, self.message(sums), invariants, crystal[noisy.owners]]
        site = site + self.on_sites(torch.cat(inputs, dim=1))
        pooled = torch.zeros(len(crystal), site.shape[1], device=site.device)
        pooled = pooled.index_add(0, noisy.owners, site * noisy.shares[:, None])
        known = torch.cat([self.crystal_norm(crystal), pooled], dim=1)
        return site, crystal + self.on_crystals(known), edge, self._angles(noisy, tensors)

    def _tensors(
        self, noisy: NoisyCrystals, edge: Tensor, weights: Tensor, sites: int
    ) -> Float[Tensor, 'sites tensors components']:
        """Return the sums of the harmonics of the edges of each site, with learned weights."""
        learned = self.tensor_weights(edge) * weights
        products = learned[:, :, None] * noisy.harmonics[:, None]
        shape = (sites, *products.shape[1:])
        return torch.zeros(shape, device=edge.device).index_add(0, noisy.sites, products)

    def _lengths(self, tensors: Tensor) -> Float[Tensor, 'sites invariants']:
        """Return the scalars, and the lengths of the other tensors."""
        squares = tensors * tensors
        parts = [tensors[:, :, 0]]
        for degree in range(1, self.settings.degree + 1):
            total = squares[:, :, degree**2 : (degree + 1) ** 2].sum(dim=2)
            parts.append((total + 1e-4).sqrt())
        return torch.cat(parts, dim=1)

    def _angles(self, noisy: NoisyCrystals, tensors: Tensor) -> Float[Tensor, 'classes angles']:
        """Return how the tensors of both ends of each edge lie along it."""
        parts = []
        for sites, harmonics in (
            (noisy.sites, noisy.harmonics),
            (noisy.neighbors, noisy.reversed_harmonics),
        ):
            products = tensors[sites] * harmonics[:, None]
            parts += [
                products[:, :, degree**2 : (degree + 1) ** 2].sum(dim=2)
                for degree in range(1, self.settings.degree + 1)
            ]
        return torch.cat(parts, dim=1)


def _fading(relative: Float32[Tensor, ' classes']) -> Float32[Tensor, ' classes']:
    """Return 1 for short edges, falling to 0 at the cut-off with its first two derivatives."""
    x = relative.clamp(max=1)
    return 1 - x**3 * (10 - 15 * x + 6 * x * x)


@cache
def _covalent_radii() -> Float32[Tensor, ' elements']:
    """Return the covalent radius of each element in Å, by atomic number."""
    from ase.data import covalent_radii

    radii = torch.tensor(covalent_radii[:ELEMENTS], dtype=torch.float32)
    return torch.where(radii < 0.3, 1.5, radii)
