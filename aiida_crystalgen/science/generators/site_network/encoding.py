"""The parts of the network that read fingerprints, and the one that writes them."""

from __future__ import annotations

import math

import torch
from jaxtyping import Float
from torch import Tensor, nn

from aiida_crystalgen.science.generators.site_network.settings import ConvolutionalEncoder

__all__ = ('ConvolutionDecoder', 'ConvolutionStack', 'LengthsOfVectors', 'linear')

_SMALLEST = 1e-4  # squared length whose root still has a finite slope


def linear(inputs: int, outputs: int) -> nn.Linear:
    """Return a layer without initial weights, which would come from the global random numbers."""
    return nn.utils.skip_init(nn.Linear, inputs, outputs)


class LengthsOfVectors(nn.Module):
    """Scalars as they are, and the lengths of learned combinations of vectors.

    :param scalars: number of scalars.
    :param vectors: number of vectors.
    :param lengths: number of combinations.
    """

    def __init__(self, scalars: int, vectors: int, lengths: int) -> None:
        super().__init__()
        self.scalars = scalars
        self.mixing = nn.Parameter(torch.empty(vectors, lengths))

    def forward(
        self, features: Float[Tensor, 'sites features']
    ) -> Float[Tensor, 'sites invariants']:
        """Return what does not change when the vectors are turned.

        :param features: scalars, then x, y and z of the vectors.
        """
        vectors = features[:, self.scalars :].reshape(len(features) * 3, -1)
        mixed = (vectors @ self.mixing).reshape(len(features), 3, -1)
        lengths = (mixed.square().sum(dim=1) + _SMALLEST).sqrt()
        return torch.cat([features[:, : self.scalars], lengths], dim=1)


class ConvolutionStack(nn.Module):
    """Stages of convolutions over a standardized fingerprint.

    :param settings: of the convolutions.
    :param perspectives: number of tables, which are the first channels.
    :param points: of each table.
    :param dropout: share of the units that are left out.
    """

    def __init__(
        self, settings: ConvolutionalEncoder, perspectives: int, points: int, dropout: float
    ) -> None:
        super().__init__()
        # Mean and scale of each input are learned; their first values are those of the data.
        self.shift = nn.Parameter(torch.zeros(perspectives * points))
        self.scale = nn.Parameter(torch.ones(perspectives * points))
        self.perspectives = perspectives
        layers: list[nn.Module] = []
        channels = perspectives
        for wanted in settings.channels:
            for number in range(settings.layers):
                stride = settings.stride if number == 0 else 1
                layers += [
                    nn.utils.skip_init(
                        nn.Conv1d,
                        channels,
                        wanted,
                        settings.kernel,
                        stride=stride,
                        padding=settings.kernel // 2,
                    ),
                    nn.ELU(),
                    nn.Dropout(dropout),
                ]
                channels = wanted
        self.layers = nn.Sequential(*layers)
        for _ in settings.channels:
            points = math.ceil(points / settings.stride)
        self.width = channels * points

    def forward(self, inputs: Float[Tensor, 'sites values']) -> Float[Tensor, 'sites features']:
        """Return the features of fingerprints, whose tables follow each other."""
        tables = self.standardized(inputs).reshape(len(inputs), self.perspectives, -1)
        return self.layers(tables).flatten(start_dim=1)

    def standardized(self, inputs: Float[Tensor, 'sites values']) -> Float[Tensor, 'sites values']:
        """Return the inputs without their mean and scale, as far as these are learned."""
        return (inputs - self.shift) / self.scale


class ConvolutionDecoder(nn.Module):
    """The stages in reverse, from a code to a standardized fingerprint.

    :param settings: of the convolutions of the encoder.
    :param perspectives: number of tables.
    :param points: of each table.
    :param latent: length of the code.
    :param dropout: share of the units that are left out.
    """

    def __init__(
        self,
        settings: ConvolutionalEncoder,
        perspectives: int,
        points: int,
        latent: int,
        dropout: float,
    ) -> None:
        super().__init__()
        shortest = math.ceil(points / settings.stride ** len(settings.channels))
        self.shape = (settings.channels[-1], shortest)
        self.points = points
        self.first = linear(latent, math.prod(self.shape))
        layers: list[nn.Module] = []
        channels = settings.channels[-1]
        for wanted in (*settings.channels[-2::-1], perspectives):
            for number in range(settings.layers):
                last = number == settings.layers - 1
                layers += [nn.Upsample(scale_factor=settings.stride)] if last else []
                layers += [
                    nn.ELU(),
                    nn.Dropout(dropout),
                    nn.utils.skip_init(
                        nn.Conv1d,
                        channels,
                        wanted if last else channels,
                        settings.kernel,
                        padding=settings.kernel // 2,
                    ),
                ]
            channels = wanted
        self.layers = nn.Sequential(*layers)

    def forward(self, codes: Float[Tensor, 'sites latent']) -> Float[Tensor, 'sites values']:
        """Return the standardized fingerprints that codes stand for."""
        tables = self.layers(self.first(codes).reshape(-1, *self.shape))
        return tables[:, :, : self.points].flatten(start_dim=1)
