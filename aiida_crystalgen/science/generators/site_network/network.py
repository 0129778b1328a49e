"""The network: an encoder of fingerprints, a classifier by topology, and one that knows the scale.

Ryan, Lengyel & Shatruk 2018, figure 3: the sigmoid classifier sees the code and how large the site
is in its crystal, and gives the likelihood of each element; the auxiliary softmax classifier also
sees the nearest distance in Å, and only serves the training.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from jaxtyping import Float, Float32
from torch import Tensor, nn

from aiida_crystalgen.science.generators.site_network.encoding import (
    ConvolutionDecoder,
    ConvolutionStack,
    LengthsOfVectors,
    linear,
)
from aiida_crystalgen.science.generators.site_network.settings import SiteNetworkSettings

__all__ = ('ELEMENTS', 'Outputs', 'SiteClassifier')

ELEMENTS = 118  # places of the classifiers, one for each element there is

_NEAREST, _FARTHEST = 0.5, 4.5  # Å: where the Gaussians of the nearest distance are


@dataclass(frozen=True)
class Outputs:
    """What the network says of some sites.

    :param mean: of the code.
    :param log_variance: of the code.
    :param sigmoid: logits of the likelihood of each element, by atomic number minus one.
    :param softmax: logits of the auxiliary classifier.
    :param reconstruction_error: squared, of the standardized fingerprints; None without a decoder.
    """

    mean: Float[Tensor, 'sites latent']
    log_variance: Float[Tensor, 'sites latent']
    sigmoid: Float[Tensor, 'sites elements']
    softmax: Float[Tensor, 'sites elements']
    reconstruction_error: Float[Tensor, ' sites'] | None


class SiteClassifier(nn.Module):
    """The whole network.

    :param settings: of its architecture.
    """

    def __init__(self, settings: SiteNetworkSettings) -> None:
        super().__init__()
        self.settings = settings
        encoder = settings.invariant
        points, perspectives = settings.sites.points, settings.sites.perspectives
        self.decoder: nn.Module | None = None
        if settings.encoder == 'convolutional':
            stack = ConvolutionStack(settings.convolutional, perspectives, points, settings.dropout)
            self.encoder: nn.Module = stack
            width = stack.width
            if settings.reconstruction_weight > 0:
                self.decoder = ConvolutionDecoder(
                    settings.convolutional,
                    perspectives,
                    points,
                    settings.latent,
                    settings.dropout,
                )
        else:
            width = encoder.hidden[-1]
            self.encoder = nn.Sequential(
                LengthsOfVectors(encoder.scalars, encoder.vectors, encoder.lengths),
                *_hidden([encoder.scalars + encoder.lengths, *encoder.hidden], settings.dropout),
            )
        self.mean = linear(width, settings.latent)
        self.log_variance = linear(width, settings.latent)
        self.sigmoid = _classifier(settings.latent + 1, settings.sigmoid_hidden, settings.dropout)
        seen = ELEMENTS + (settings.latent if settings.softmax_sees == 'code' else 0)
        seen += max(1, settings.distance_functions)
        self.normalization = nn.BatchNorm1d(seen)
        self.softmax = _classifier(seen, settings.softmax_hidden, settings.dropout)

    def initialize(self, generator: torch.Generator) -> None:
        """Draw all weights anew (X. Glorot & Y. Bengio, AISTATS 2010, equation 16)."""
        for layer in self.modules():
            if isinstance(layer, nn.Linear | nn.Conv1d | nn.ConvTranspose1d):
                nn.init.xavier_uniform_(layer.weight, generator=generator)
                if layer.bias is not None:
                    nn.init.zeros_(layer.bias)
            if isinstance(layer, LengthsOfVectors):
                nn.init.xavier_uniform_(layer.mixing, generator=generator)

    def standardize(
        self, mean: Float32[np.ndarray, ' values'], spread: Float32[np.ndarray, ' values']
    ) -> None:
        """Let a convolutional encoder begin with the mean and spread of its inputs.

        :param spread: standard deviations; values that never vary are not divided.
        """
        state = self.encoder.state_dict()
        state['shift'] = torch.from_numpy(mean)
        state['scale'] = torch.from_numpy(np.where(spread > 0, spread, 1).astype(np.float32))
        self.encoder.load_state_dict(state)

    def forward(
        self,
        inputs: Float[Tensor, 'sites features'],
        relative: Float[Tensor, ' sites'],
        nearest: Float[Tensor, ' sites'],
        noise: Float[Tensor, 'sites latent'] | None = None,
    ) -> Outputs:
        """Return what the network says of sites.

        :param inputs: fingerprints, as the encoder wants them.
        :param relative: shortest distance of the crystal in units of the nearest of the site.
        :param nearest: distance to the nearest neighbour, in Å.
        :param noise: standard normal numbers by which the code is drawn; its mean is taken if None.
        """
        features = self.encoder(inputs)
        mean, log_variance = self.mean(features), self.log_variance(features).clamp(-12, 12)
        code = mean if noise is None else mean + (0.5 * log_variance).exp() * noise
        sigmoid = self.sigmoid(torch.cat([code, relative[:, None]], dim=1))
        seen = [sigmoid, self._spread(nearest)]
        if self.settings.softmax_sees == 'code':
            seen.append(code)
        softmax = self.softmax(self.normalization(torch.cat(seen, dim=1)))
        error = self._reconstruction_error(inputs, code)
        return Outputs(mean, log_variance, sigmoid, softmax, error)

    def _reconstruction_error(
        self, inputs: Float[Tensor, 'sites values'], code: Float[Tensor, 'sites latent']
    ) -> Float[Tensor, ' sites'] | None:
        """Return the squared error of the standardized fingerprint of each site."""
        if self.decoder is None or not isinstance(self.encoder, ConvolutionStack):
            return None
        return (self.decoder(code) - self.encoder.standardized(inputs)).square().sum(dim=1)

    def _spread(self, nearest: Float[Tensor, ' sites']) -> Float[Tensor, 'sites functions']:
        """Return the values of Gaussians at the nearest distances, or the distances themselves."""
        number = self.settings.distance_functions
        if number == 0:
            return nearest[:, None]
        centres = torch.linspace(_NEAREST, _FARTHEST, number, dtype=nearest.dtype)
        width = (_FARTHEST - _NEAREST) / number
        return torch.exp(-0.5 * ((nearest[:, None] - centres) / width) ** 2)


def _hidden(widths: Sequence[int], dropout: float) -> list[nn.Module]:
    """Return linear layers of these widths, each followed by an exponential linear unit."""
    layers: list[nn.Module] = []
    for inputs, outputs in pairwise(widths):
        layers += [linear(inputs, outputs), nn.ELU(), nn.Dropout(dropout)]
    return layers


def _classifier(inputs: int, hidden: Sequence[int], dropout: float) -> nn.Sequential:
    """Return layers that end in one logit for each element."""
    return nn.Sequential(*_hidden([inputs, *hidden], dropout), linear(hidden[-1], ELEMENTS))
