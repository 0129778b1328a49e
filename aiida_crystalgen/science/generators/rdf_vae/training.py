"""Training of the autoencoder on the fingerprints of a few dozen to many thousand crystals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Float32, Int
from torch import Tensor

from aiida_crystalgen.science.checkpoint import Checkpoint
from aiida_crystalgen.science.determinism import single_threaded
from aiida_crystalgen.science.generators.interface import Course
from aiida_crystalgen.science.generators.rdf_vae.model import TrainedModel
from aiida_crystalgen.science.generators.rdf_vae.network import (
    Autoencoder,
    divergence,
    reconstruction_loss,
)
from aiida_crystalgen.science.generators.rdf_vae.settings import RdfVaeSettings
from aiida_crystalgen.science.generators.rdf_vae.state import TrainingState
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
    course: Course,
    *,
    seed: int,
    progress: Progress,
) -> Training:
    """Return an autoencoder of the fingerprints.

    :param fingerprints: in 1/Å.
    :param seed: of split, initial weights, order of the crystals and codes.
    :param course: its state is that after some epoch of the same training.
    :raises ValueError: if there are fewer than three crystals, the loss is no longer finite, or
        the state belongs to another training.
    """
    generator = torch.Generator().manual_seed(seed % 2**63)
    with single_threaded():
        training, validation = _split(len(fingerprints), settings.validation_fraction, generator)
        network = Autoencoder(settings.rdf.points, settings.hidden, settings.latent)
        network.initialize(generator)
        if course.start is not None:
            _take_weights(network, course.start, settings)
        scale = _scale(fingerprints[training], settings.scale_floor)
        model = TrainedModel(settings, network, scale)
        inputs = torch.tensor(model.scaled(fingerprints), dtype=torch.float32)
        optimizer = torch.optim.Adam(network.parameters(), lr=settings.learning_rate, fused=True)
        run = TrainingState(settings, seed, network, optimizer, generator)
        if course.state is not None:
            run.restore(course.state)
        for epoch in range(run.epochs, settings.epochs):
            _train_epoch(run, inputs[training], epoch)
            with torch.inference_mode():
                parts = _losses(network, inputs, generator)
            run.losses[epoch] = [
                part[rows].mean() for rows in (training, validation) for part in parts
            ]
            _require_finite(run.losses[epoch], epoch, settings)
            run.epochs = epoch + 1
            message = f'validation loss {run.losses[epoch, 2:].sum():.2f}'
            progress(run.epochs, settings.epochs, message)
            if course.save is not None:
                course.save(run.capture)
    return Training(model, validation, run.losses)


def _take_weights(network: Autoencoder, start: Checkpoint, settings: RdfVaeSettings) -> None:
    """Give a network the weights of another model.

    :raises ValueError: if its layers differ.
    """
    model = TrainedModel.from_checkpoint(start)
    shapes = [(one.rdf, one.hidden, one.latent) for one in (model.settings, settings)]
    if shapes[0] != shapes[1]:
        raise ValueError(
            "the model to start from has other settings of 'rdf', 'hidden' or 'latent'; keep them, "
            'or train without it'
        )
    network.load_state_dict(model.network.state_dict())


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


def _train_epoch(
    run: TrainingState, inputs: Float32[Tensor, 'crystals points'], epoch: int
) -> None:
    """Take the steps of one pass through the training crystals."""
    settings = run.settings
    weight = settings.kl_weight * min(1, (epoch + 1) / (settings.kl_warmup + 1))
    rows = torch.randperm(len(inputs), generator=run.generator)
    for batch in rows.split(settings.batch_size):
        reconstruction, code_divergence = _losses(run.network, inputs[batch], run.generator)
        loss = (reconstruction + weight * code_divergence).mean()
        run.optimizer.zero_grad()
        loss.backward()
        run.optimizer.step()


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
