"""The network of the paper: messages that see triplets of atoms, and noise from edges."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import torch
from jaxtyping import Bool, Float, Float32, Int
from torch import Tensor, nn

from aiida_crystalgen.science.generators.score_langevin.bessel import (
    bessel_table,
    envelope,
    looked_up,
)
from aiida_crystalgen.science.generators.score_langevin.conditioning import (
    ELEMENTS,
    FACTS,
    GROUPS,
    NoisySites,
    crystal_inputs,
    of_crystal,
)
from aiida_crystalgen.science.generators.score_langevin.settings import TripletNetworkSettings
from aiida_crystalgen.science.generators.score_langevin.triplet_sums import TripletSums

__all__ = ('NoisyEdges', 'TripletNetwork')

_LEAST_GROWTH = 1e-3  # published code, of squares in Å², so that nothing is divided by zero

_ROW = 32  # numbers that processors take at once, at most


@dataclass(frozen=True)
class NoisyEdges(NoisySites):
    """A batch of crystals with noise, as this network sees it: edge by edge.

    Edges that symmetry makes equal are not taken together, since the angles between them count.

    :param sites: that the edges begin at.
    :param neighbors: sites whose images they end at.
    :param is_image: whether that is another atom of the site that the edge begins at, and not only
        a translation of the same one.
    :param lengths: in Å.
    :param directions: unit vectors.
    :param harmonics: spherical harmonics of the directions.
    :param reversed_harmonics: of the reverse directions, as seen from the other end.
    :param growths: derivatives of the lengths by the cell's coordinates, in Å.
    """

    sites: Int[Tensor, ' edges']
    neighbors: Int[Tensor, ' edges']
    is_image: Bool[Tensor, ' edges']
    lengths: Float32[Tensor, ' edges']
    directions: Float32[Tensor, 'edges 3']
    harmonics: Float32[Tensor, 'edges components']
    reversed_harmonics: Float32[Tensor, 'edges components']
    growths: Float32[Tensor, 'edges 6']


class TripletNetwork(nn.Module):
    """DimeNet++ with outputs at edges, conditioned on noise, elements, Wyckoff sites and cell.

    Layers and outputs as in the code of Sultanov et al., arXiv:2310.10695 (2023), blocks as in
    DimeNet++ (Gasteiger et al., arXiv:2011.14115, 2020).

    :param settings: of its layers.
    """

    def __init__(self, settings: TripletNetworkSettings) -> None:
        super().__init__()
        self.settings = settings
        width, crystal = settings.width, settings.crystal_width
        self.element = nn.Embedding(ELEMENTS, width)
        self.group = nn.Embedding(GROUPS, crystal)
        self.image = nn.Embedding(2, width)
        self.of_crystal = of_crystal(width, crystal)
        self.of_site = nn.Linear(width + FACTS + crystal, width)
        self.of_radial = nn.Linear(settings.radial, width)
        self.of_edge = nn.Linear(4 * width, width)
        self.blocks = nn.ModuleList(_Block(settings) for _ in range(settings.blocks))
        self.outputs = nn.ModuleList(_Output(settings) for _ in range(settings.blocks + 1))
        for module in self.modules():
            if isinstance(module, nn.Linear):
                _initialize(module)
        table = bessel_table(settings.degree, settings.radial, settings.exponent)
        self.register_buffer('table', table.clone(), persistent=False)

    def forward(
        self, noisy: NoisyEdges
    ) -> tuple[Float32[Tensor, 'sites 3'], Float32[Tensor, 'crystals 6']]:
        """Return the noise: Cartesian vectors of the sites, and that of the cells' coordinates."""
        relative = noisy.lengths / self.settings.cutoff
        basis = looked_up(self.get_buffer('table'), relative)
        sums = TripletSums.of(
            noisy.sites,
            noisy.neighbors,
            len(noisy.owners),
            noisy.harmonics,
            noisy.reversed_harmonics,
        )
        edge = self._edges(noisy, basis[0])
        found = self.outputs[0](edge, basis[0])
        for block, output in zip(self.blocks, self.outputs[1:], strict=True):
            edge = block(edge, basis, sums)
            found = found + output(edge, basis[0])
        fading = envelope(relative, self.settings.exponent)
        return self._noise(noisy, found.float(), fading)

    def _edges(
        self, noisy: NoisyEdges, radial: Float32[Tensor, 'edges radial']
    ) -> Float[Tensor, 'edges width']:
        """Return what is known of each edge before any message."""
        elements = self.element(noisy.numbers)
        crystal = self.of_crystal(crystal_inputs(noisy, elements, self.group(noisy.groups)))
        crystal = crystal.index_select(0, noisy.owners)
        site = self.of_site(torch.cat([elements, noisy.facts, crystal], dim=1))
        parts = [
            site.index_select(0, noisy.sites),
            site.index_select(0, noisy.neighbors),
            nn.functional.silu(self.of_radial(radial)),
            self.image(noisy.is_image.to(torch.int64)),
        ]
        return nn.functional.silu(self.of_edge(torch.cat(parts, dim=1)))

    def _noise(
        self,
        noisy: NoisyEdges,
        found: Float32[Tensor, 'edges 2'],
        fading: Float32[Tensor, ' edges'],
    ) -> tuple[Float32[Tensor, 'sites 3'], Float32[Tensor, 'crystals 6']]:
        """Return the noise that edges add up to.

        Unit vectors are summed; derivatives of lengths are divided by their squares and averaged.
        """
        bounded = _bounded(found[:, :1], self.settings.largest) * fading[:, None]
        vectors = torch.zeros_like(noisy.facts[:, :3])
        vectors = vectors.index_add(0, noisy.sites, bounded * noisy.directions)
        squares = (noisy.growths * noisy.growths).sum(dim=1, keepdim=True)
        growths = noisy.growths / (_LEAST_GROWTH + squares)
        # an edge of a site stands for as many as the site has atoms
        weights = (fading * noisy.shares.index_select(0, noisy.sites))[:, None]
        values = torch.cat([found[:, 1:] * growths * weights, weights], dim=1)
        owners = noisy.owners.index_select(0, noisy.sites)
        total = values.new_zeros(len(noisy.cells), values.shape[1]).index_add(0, owners, values)
        cells = total[:, :-1] / total[:, -1:].clamp(min=torch.finfo(total.dtype).tiny)
        return vectors, cells * noisy.is_free


class _Block(nn.Module):
    """An interaction block of DimeNet++."""

    def __init__(self, settings: TripletNetworkSettings) -> None:
        super().__init__()
        width, angle = settings.width, settings.angle_width
        self.radial = _Basis(settings.radial, settings.basis_width, width)
        functions = (settings.degree + 1) * settings.radial
        self.spherical = _Basis(functions, settings.basis_width, angle)
        self.own = nn.Linear(width, width)
        self.other = nn.Linear(width, width)
        self.down = nn.Linear(width, angle, bias=False)
        self.up = nn.Linear(angle, width, bias=False)
        self.before = nn.Sequential(*(_Residual(width) for _ in range(settings.before_skip)))
        self.skip = nn.Linear(width, width)
        self.after = nn.Sequential(*(_Residual(width) for _ in range(settings.after_skip)))

    def forward(
        self,
        edge: Float[Tensor, 'edges width'],
        basis: Float32[Tensor, 'degrees edges radial'],
        sums: TripletSums,
    ) -> Float[Tensor, 'edges width']:
        """Return what is known of each edge after a round of messages."""
        silu = nn.functional.silu
        other = silu(self.other(edge)) * self.radial(basis[0])
        weights = self.spherical.by_degree(basis)
        messages = silu(self.down(other)) * weights
        other = silu(self.up(sums.summed(messages)))
        inner = self.before(silu(self.own(edge)) + other)
        return self.after(silu(self.skip(inner)) + edge)


class _Output(nn.Module):
    """What a block says of the noise, edge by edge."""

    def __init__(self, settings: TripletNetworkSettings) -> None:
        super().__init__()
        width = settings.output_width
        self.radial = nn.Linear(settings.radial, settings.width, bias=False)
        self.up = nn.Linear(settings.width, width, bias=False)
        self.norm = nn.LayerNorm(width)
        layers = ((nn.Linear(width, width), nn.SiLU()) for _ in range(settings.output_layers))
        self.layers = nn.Sequential(*(one for pair in layers for one in pair))
        self.last = nn.Linear(width, 2, bias=False)

    def forward(
        self, edge: Float[Tensor, 'edges width'], radial: Float32[Tensor, 'edges radial']
    ) -> Float[Tensor, 'edges 2']:
        """Return two numbers of each edge: for its direction and for its length."""
        known = self.norm(self.up(edge * self.radial(radial)))
        return self.last(self.layers(known))


class _Residual(nn.Module):
    """Two layers, added to what goes in."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(width, width), nn.SiLU(), nn.Linear(width, width), nn.SiLU()
        )

    def forward(self, edge: Float[Tensor, 'edges width']) -> Float[Tensor, 'edges width']:
        """Return what is known of each edge after the layers."""
        return edge + self.layers(edge)


class _Basis(nn.Module):
    """Weights of basis functions, through few numbers."""

    def __init__(self, functions: int, inner: int, width: int) -> None:
        super().__init__()
        self.first = nn.Linear(functions, inner, bias=False)
        self.second = nn.Linear(inner, width, bias=False)

    def forward(self, basis: Float32[Tensor, 'edges functions']) -> Float[Tensor, 'edges width']:
        """Return the weighted sums of the basis functions."""
        return basis @ self._weights()

    def by_degree(
        self, basis: Float32[Tensor, 'degrees edges radial']
    ) -> Float[Tensor, 'degrees edges width']:
        """Return the weighted sums of the basis functions of each degree."""
        return basis @ self._weights().unflatten(0, (len(basis), -1))

    def _weights(self) -> Float[Tensor, 'functions width']:
        """Return the product of both layers, which is the same for all edges."""
        return (self.second.weight @ self.first.weight).T


def _bounded(values: Float32[Tensor, 'edges 1'], largest: float) -> Float32[Tensor, 'edges 1']:
    """Return values that approach a bound smoothly."""
    # in whole rows, since processors round differently at the odd end of a tensor
    rows = (values / largest).expand(-1, _ROW).contiguous()
    return largest * torch.tanh(rows)[:, :1]


def _initialize(layer: nn.Linear) -> None:
    """Give a layer orthogonal weights of the variance of Glorot & Bengio 2010, as DimeNet has."""
    with torch.no_grad():
        nn.init.orthogonal_(layer.weight)
        variance = 2 / (layer.in_features + layer.out_features)
        layer.weight *= sqrt(variance) / layer.weight.std(correction=0)
        if layer.bias is not None:
            layer.bias.zero_()
