"""The conditional autoencoder of representations, and the networks that predict properties."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn
from torch.nn.functional import elu, softplus

__all__ = ('ConditionalAutoencoder', 'Surrogate')


class ConditionalAutoencoder(nn.Module):
    """Fully connected layers from features through a normal distribution of the code and back.

    Encoder and decoder see the conditions beside their input: Sohn, Lee & Yan, NeurIPS 2015;
    Fung et al. 2022, section 2.3.

    :param features: number of values of a representation.
    :param conditions: number of values that it is conditioned on.
    :param hidden: widths of the hidden layers of the encoder; the decoder has them in reverse.
    :param latent: length of the code.
    """

    def __init__(self, features: int, conditions: int, hidden: Sequence[int], latent: int) -> None:
        super().__init__()
        self.encoder = _layers([features + conditions, *hidden])
        self.mean = _linear(hidden[-1], latent)
        self.log_variance = _linear(hidden[-1], latent)
        self.decoder = _layers([latent + conditions, *reversed(hidden)])
        self.output = _linear(hidden[0], features)

    def initialize(self, generator: torch.Generator) -> None:
        """Draw all weights from normal distributions that keep the variance of the signal.

        Glorot & Bengio, AISTATS 2010, equation 12.
        """
        for layer in self.modules():
            if isinstance(layer, nn.Linear):
                nn.init.xavier_normal_(layer.weight, generator=generator)
                nn.init.zeros_(layer.bias)

    def encode(
        self,
        features: Float[Tensor, 'crystals features'],
        conditions: Float[Tensor, 'crystals conditions'],
    ) -> tuple[Float[Tensor, 'crystals latent'], Float[Tensor, 'crystals latent']]:
        """Return the mean and the logarithm of the variance of each crystal's code.

        :param features: scaled.
        :param conditions: scaled.
        """
        hidden = self.encoder(torch.cat([features, conditions], dim=1))
        return self.mean(hidden), self.log_variance(hidden)

    def decode(
        self,
        codes: Float[Tensor, 'codes latent'],
        conditions: Float[Tensor, 'codes conditions'],
        floors: Float[Tensor, ' features'],
    ) -> Float[Tensor, 'codes features']:
        """Return the scaled features that the codes stand for.

        :param floors: scaled zero of each feature that cannot be negative; −∞ where it can. Values
            approach it through a softplus.
        """
        values = self.output(self.decoder(torch.cat([codes, conditions], dim=1)))
        bounded: Bool[Tensor, ' features'] = floors.isfinite()
        lowest = torch.where(bounded, floors, 0.0)
        return torch.where(bounded, lowest + softplus(values - lowest), values)


class Surrogate(nn.Module):
    """Several networks of equal layers that predict the same properties, as one.

    :param members: number of networks.
    :param inputs: number of values that they see.
    :param hidden: widths of the hidden layers.
    :param properties: number of values that they predict.
    """

    def __init__(self, members: int, inputs: int, hidden: Sequence[int], properties: int) -> None:
        super().__init__()
        widths = list(pairwise([inputs, *hidden, properties]))
        self.weights = nn.ParameterList([torch.empty(members, *shape) for shape in widths])
        self.biases = nn.ParameterList([torch.empty(members, 1, shape[1]) for shape in widths])

    def initialize(self, generator: torch.Generator) -> None:
        """Draw the weights of every member from normal distributions that keep the variance."""
        for weight, bias in zip(self.weights, self.biases, strict=True):
            spread = (2 / (weight.shape[1] + weight.shape[2])) ** 0.5
            nn.init.normal_(weight, std=spread, generator=generator)
            nn.init.zeros_(bias)

    def forward(
        self, inputs: Float[Tensor, 'members crystals inputs']
    ) -> Float[Tensor, 'members crystals properties']:
        """Return what each member predicts from its inputs, standardised."""
        values, last = inputs, len(self.weights) - 1
        for number, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            values = torch.baddbmm(bias, values, weight)
            values = values if number == last else elu(values)
        return values


def _linear(inputs: int, outputs: int) -> nn.Linear:
    """Return a layer without initial weights, which would come from the global random numbers."""
    return nn.utils.skip_init(nn.Linear, inputs, outputs)


def _layers(widths: Sequence[int]) -> nn.Sequential:
    """Return linear layers of these widths, each followed by an exponential linear unit."""
    layers: list[nn.Module] = []
    for inputs, outputs in pairwise(widths):
        layers += [_linear(inputs, outputs), nn.ELU()]
    return nn.Sequential(*layers)
