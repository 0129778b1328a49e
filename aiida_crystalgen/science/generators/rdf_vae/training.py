"""Training of the autoencoder on the fingerprints of a few dozen to many thousand crystals."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Float32, Int
from torch import Tensor

from aiida_crystalgen.science.determinism import single_threaded
from aiida_crystalgen.science.generators.rdf_vae.model import TrainedModel
from aiida_crystalgen.science.generators.rdf_vae.network import (
    Autoencoder,
    divergence,
    reconstruction_loss,
)
from aiida_crystalgen.science.generators.rdf_vae.settings import RdfVaeSettings
from aiida_crystalgen.science.progress import Progress

__all__ = ('Training', 'train_autoencoder')

_FEWEST_CRYSTALS = 3  # one to validate, two to tell apart


@dataclass(frozen=True)
class Training:
    """A trained model and how it came about.

    :param model: in single precision.
    :param validation: rows of the crystals that were kept apart, in ascending order.
    :param losses: of each epoch: reconstruction and divergence of the training crystals, then of
        the validation crystals, averaged over the crystals.
    """

    model: TrainedModel
    validation: Int[np.ndarray, ' validation']
    losses: Float[np.ndarray, 'epochs 4']


def train_autoencoder(
    fingerprints: Float[np.ndarray, 'crystals points'],
    settings: RdfVaeSettings,
    *,
    seed: int,
    progress: Progress,
) -> Training:
    """Return an autoencoder of the fingerprints.

    :param fingerprints: in 1/Å.
    :param seed: of split, initial weights, order of the crystals and codes.
    :raises ValueError: if there are fewer than three crystals, or the loss is no longer finite.
    """
    generator = torch.Generator().manual_seed(seed % 2**63)
    with single_threaded():
        training, validation = _split(len(fingerprints), settings.validation_fraction, generator)
        network = Autoencoder(settings.rdf.points, settings.hidden, settings.latent)
        network.initialize(generator)
        scale = _scale(fingerprints[training], settings.scale_floor)
        model = TrainedModel(settings, network, scale)
        inputs = torch.tensor(model.scaled(fingerprints), dtype=torch.float32)
        epochs = _epochs(network, inputs[training], settings, generator)
        losses = np.empty((settings.epochs, 4))
        for epoch, _ in enumerate(epochs):
            with torch.inference_mode():
                parts = _losses(network, inputs, generator)
            losses[epoch] = [part[rows].mean() for rows in (training, validation) for part in parts]
            _require_finite(losses[epoch], epoch, settings)
            message = f'validation loss {losses[epoch, 2:].sum():.2f}'
            progress(epoch + 1, settings.epochs, message)
    return Training(model, validation, losses)


def _split(
    crystals: int, fraction: float, generator: torch.Generator
) -> tuple[Int[np.ndarray, ' training'], Int[np.ndarray, ' validation']]:
    """Return the rows to train on and those to validate on, each in ascending order.

    :raises ValueError: if there are too few crystals.
    """
    if crystals < _FEWEST_CRYSTALS:
        raise ValueError(
            f'the training set has {crystals} crystals; an autoencoder needs at least '
            f'{_FEWEST_CRYSTALS}, and some dozens to be of use'
        )
    kept_apart = min(max(round(fraction * crystals), 1), crystals - 2)
    rows = torch.randperm(crystals, generator=generator).numpy()
    return np.sort(rows[kept_apart:]), np.sort(rows[:kept_apart])


def _scale(
    fingerprints: Float[np.ndarray, 'crystals points'], floor: float
) -> Float[np.ndarray, ' points']:
    """Return the largest value of each point, raised to ``floor`` times the largest of all."""
    return np.maximum(fingerprints.max(axis=0), floor * fingerprints.max())


def _epochs(
    network: Autoencoder,
    inputs: Float32[Tensor, 'crystals points'],
    settings: RdfVaeSettings,
    generator: torch.Generator,
) -> Iterator[None]:
    """Train the network and yield after each epoch."""
    optimizer = torch.optim.Adam(network.parameters(), lr=settings.learning_rate, fused=True)
    for epoch in range(settings.epochs):
        weight = settings.kl_weight * min(1, (epoch + 1) / (settings.kl_warmup + 1))
        rows = torch.randperm(len(inputs), generator=generator)
        for batch in rows.split(settings.batch_size):
            reconstruction, code_divergence = _losses(network, inputs[batch], generator)
            loss = (reconstruction + weight * code_divergence).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        yield


def _losses(
    network: Autoencoder, inputs: Float32[Tensor, 'crystals points'], generator: torch.Generator
) -> tuple[Float32[Tensor, ' crystals'], Float32[Tensor, ' crystals']]:
    """Return reconstruction loss and divergence of each crystal, for one code drawn for each."""
    mean, log_variance = network.encode(inputs)
    noise = torch.randn(mean.shape, generator=generator)
    logits = network.decode(mean + (0.5 * log_variance).exp() * noise)
    return reconstruction_loss(logits, inputs), divergence(mean, log_variance)


def _require_finite(
    losses: Float[np.ndarray, ' parts'], epoch: int, settings: RdfVaeSettings
) -> None:
    """Raise if the training has run away."""
    if not np.isfinite(losses).all():
        raise ValueError(
            f'the loss is no longer finite after epoch {epoch + 1}; choose a learning_rate below '
            f'{settings.learning_rate}'
        )
