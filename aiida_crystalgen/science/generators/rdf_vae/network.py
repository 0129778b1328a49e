"""The variational autoencoder (Lee & Chang 2021, figure 1 and equation 3)."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

__all__ = ('Autoencoder', 'divergence', 'reconstruction_loss')


class Autoencoder(nn.Module):
    """Fully connected layers from points through a normal distribution of the code and back.

    :param points: number of values of a fingerprint.
    :param hidden: widths of the hidden layers of the encoder; the decoder has them in reverse.
    :param latent: length of the code.
    """

    def __init__(self, points: int, hidden: Sequence[int], latent: int) -> None:
        super().__init__()
        self.encoder = _rectified_layers([points, *hidden])
        self.mean = _linear(hidden[-1], latent)
        self.log_variance = _linear(hidden[-1], latent)
        self.decoder = _rectified_layers([latent, *reversed(hidden)])
        self.output = _linear(hidden[0], points)

    def initialize(self, generator: torch.Generator) -> None:
        """Draw all weights from normal distributions that keep the variance of a rectified signal.

        He et al., ICCV 2015, equation 10, doi:10.1109/ICCV.2015.123.
        """
        for layer in self.modules():
            if isinstance(layer, nn.Linear):
                nn.init.kaiming_normal_(layer.weight, nonlinearity='relu', generator=generator)
                nn.init.zeros_(layer.bias)

    def encode(
        self, fingerprints: Float[Tensor, 'crystals points']
    ) -> tuple[Float[Tensor, 'crystals latent'], Float[Tensor, 'crystals latent']]:
        """Return the mean and the logarithm of the variance of each crystal's code.

        :param fingerprints: scaled to 0…1.
        """
        features = self.encoder(fingerprints)
        return self.mean(features), self.log_variance(features)

    def decode(self, codes: Float[Tensor, 'codes latent']) -> Float[Tensor, 'codes points']:
        """Return the logits of the fingerprints, scaled to 0…1, that the codes stand for."""
        return self.output(self.decoder(codes))


def _linear(inputs: int, outputs: int) -> nn.Linear:
    """Return a layer without initial weights, which would come from the global random numbers."""
    return nn.utils.skip_init(nn.Linear, inputs, outputs)


def _rectified_layers(widths: Sequence[int]) -> nn.Sequential:
    """Return linear layers of these widths, each followed by a rectified linear unit."""
    layers: list[nn.Module] = []
    for inputs, outputs in pairwise(widths):
        layers += [_linear(inputs, outputs), nn.ReLU()]
    return nn.Sequential(*layers)


def reconstruction_loss(
    logits: Float[Tensor, 'crystals points'], targets: Float[Tensor, 'crystals points']
) -> Float[Tensor, ' crystals']:
    """Return how far the cross-entropy of each crystal, summed over points, is from the least.

    The least possible binary cross-entropy is the entropy of the targets, which no training
    changes: what is left is zero for a perfect reconstruction.

    :param targets: between 0 and 1.
    """
    entropy = -(torch.xlogy(targets, targets) + torch.xlogy(1 - targets, 1 - targets))
    cross_entropy = binary_cross_entropy_with_logits(logits, targets, reduction='none')
    return (cross_entropy - entropy).sum(dim=1)


def divergence(
    mean: Float[Tensor, 'crystals latent'], log_variance: Float[Tensor, 'crystals latent']
) -> Float[Tensor, ' crystals']:
    """Return the Kullback–Leibler divergence of each code from the standard normal distribution.

    Kingma & Welling, arXiv:1312.6114, appendix B.
    """
    return 0.5 * (mean**2 + log_variance.exp() - 1 - log_variance).sum(dim=1)
