"""Training of the network, from the beginning or from where another one, or itself, was."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Float32, Int64
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy

from aiida_crystalgen.science.determinism import single_threaded
from aiida_crystalgen.science.generators.interface import Course
from aiida_crystalgen.science.generators.site_network.network import (
    ELEMENTS,
    Outputs,
    SiteClassifier,
)
from aiida_crystalgen.science.generators.site_network.settings import (
    LearningRate,
    SiteNetworkSettings,
)
from aiida_crystalgen.science.generators.site_network.state import TrainingState
from aiida_crystalgen.science.progress import Progress
from aiida_crystalgen.science.seeds import derive_seed

__all__ = ('Examples', 'Training', 'train_network')

_EVALUATED = 8192  # sites at once


@dataclass(frozen=True)
class Examples:
    """What the network learns from and is watched on.

    :param features: gives what goes into the encoder, for the number of an orientation.
    :param nearest: distance to the nearest neighbour of each site, in Å.
    :param relative: shortest distance of the crystal divided by that of the site.
    :param elements: atomic number minus one of each site.
    :param training: rows to learn from.
    :param validation: rows to be watched on.
    """

    features: Callable[[int], np.ndarray]
    nearest: Float32[np.ndarray, ' sites']
    relative: Float32[np.ndarray, ' sites']
    elements: Int64[np.ndarray, ' sites']
    training: Int64[np.ndarray, ' training']
    validation: Int64[np.ndarray, ' validation']


@dataclass(frozen=True)
class Training:
    """What a training leaves behind.

    :param network: in single precision.
    :param losses: of training and validation after each epoch: cross-entropy of the sigmoid in nats
        per site, that of the softmax, and its error.
    """

    network: SiteClassifier
    losses: Float[np.ndarray, 'epochs 2 3']


def train_network(
    network: SiteClassifier,
    examples: Examples,
    course: Course,
    *,
    seed: int,
    progress: Progress,
) -> Training:
    """Return the network after the epochs of its settings.

    :param network: with the weights to begin from; it is changed.
    :raises ValueError: if the state belongs to another training, or the loss runs away.
    """
    settings = network.settings
    optimizer = torch.optim.Adam(
        network.parameters(), weight_decay=settings.weight_decay, fused=True
    )
    run = TrainingState(settings, seed, network, optimizer)
    if course.state is not None:
        run.restore(course.state)
    orientation, features = -1, np.empty((0, 0), dtype=np.float16)
    with single_threaded():
        for epoch in range(run.epochs, settings.epochs):
            wanted = epoch // settings.epochs_per_orientation
            if wanted != orientation:
                orientation, features = wanted, examples.features(wanted)
            run.losses[epoch, 0] = _train_epoch(run, examples, features, epoch, seed)
            run.losses[epoch, 1] = _evaluate(network, examples, features)
            _require_finite(run.losses[epoch], epoch)
            run.epochs = epoch + 1
            error = 100 * run.losses[epoch, 1, 2]
            progress(run.epochs, settings.epochs, f'validation error {error:.1f} %')
            if course.save is not None:
                course.save(run.capture)
    return Training(network, run.losses)


def _train_epoch(
    run: TrainingState, examples: Examples, features: np.ndarray, epoch: int, seed: int
) -> Float[np.ndarray, ' 3']:
    """Take the steps of one epoch; return the mean losses of the sites."""
    settings, network = run.settings, run.network
    generator = torch.Generator().manual_seed(derive_seed(seed, 'epoch', epoch))
    batches = _drawn(examples, settings.oversampling, generator).split(settings.batch_size)
    total, drawn = np.zeros(3), 0
    network.train()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derive_seed(seed, 'dropout', epoch))  # which takes no generator
        for number, batch in enumerate(batches):
            if len(batch) == 1:  # has no variance to normalize by
                continue
            step = epoch * len(batches) + number
            for group in run.optimizer.param_groups:
                group['lr'] = _rate(settings.learning_rate, step, settings.epochs * len(batches))
            inputs, labels = _batch(examples, features, batch.numpy())
            noise = torch.randn((len(batch), settings.latent), generator=generator)
            outputs = network(*inputs, noise)
            parts = _classification(outputs, labels, settings.positive_weight)
            loss = parts[0] + settings.softmax_weight * parts[1]
            loss = loss + _regularization(outputs, settings, step)
            run.optimizer.zero_grad()
            loss.backward()
            run.optimizer.step()
            total += len(batch) * np.array([float(part.detach()) for part in parts])
            drawn += len(batch)
    return total / max(1, drawn)


def _drawn(
    examples: Examples, oversampling: float, generator: torch.Generator
) -> Int64[Tensor, ' drawn']:
    """Return the rows of an epoch, those of rare elements more often if they are oversampled."""
    rows = torch.from_numpy(examples.training)
    if oversampling == 0:
        return rows[torch.randperm(len(rows), generator=generator)]
    elements = examples.elements[examples.training]
    weights = np.bincount(elements, minlength=ELEMENTS)[elements] ** -float(oversampling)
    bounds = torch.from_numpy(np.cumsum(weights / weights.sum()))
    drawn = torch.searchsorted(
        bounds, torch.rand(len(rows), generator=generator, dtype=torch.float64)
    )
    return rows[drawn.clamp(max=len(rows) - 1)]


def _rate(settings: LearningRate, step: int, steps: int) -> float:
    """Return the learning rate at a step."""
    rate = min(settings.first + settings.growth * step, settings.highest)
    if settings.fall == 'sudden':
        return settings.last if step >= settings.steps else rate
    wave = 0.5 * (1 + math.cos(math.pi * step / steps))
    return min(rate, settings.last + (settings.highest - settings.last) * wave)


def _batch(
    examples: Examples, features: np.ndarray, rows: Int64[np.ndarray, ' batch']
) -> tuple[tuple[Tensor, Tensor, Tensor], Tensor]:
    """Return what the network sees of some sites, and their elements."""
    inputs = torch.from_numpy(features[rows].astype(np.float32))
    relative = torch.from_numpy(examples.relative[rows])
    nearest = torch.from_numpy(examples.nearest[rows])
    return (inputs, relative, nearest), torch.from_numpy(examples.elements[rows])


def _classification(
    outputs: Outputs, labels: Int64[Tensor, ' sites'], weight: float
) -> tuple[Tensor, Tensor, Tensor]:
    """Return the losses of both classifiers in nats per site, and the error of the softmax."""
    truth = torch.nn.functional.one_hot(labels, ELEMENTS).to(outputs.sigmoid.dtype)
    sigmoid = binary_cross_entropy_with_logits(
        outputs.sigmoid, truth, reduction='sum', pos_weight=torch.tensor(weight)
    )
    softmax = cross_entropy(outputs.softmax, labels)
    error = (outputs.softmax.argmax(dim=1) != labels).to(torch.float32).mean()
    return sigmoid / len(labels), softmax, error


def _regularization(outputs: Outputs, settings: SiteNetworkSettings, step: int) -> Tensor:
    """Return the loss of the autoencoder: divergence of the code and error of reconstruction."""
    weight = min(settings.kl_first + settings.kl_growth * step, settings.kl_weight)
    mean, log_variance = outputs.mean, outputs.log_variance
    divergence = 0.5 * (mean**2 + log_variance.exp() - 1 - log_variance).sum(dim=1).mean()
    loss = weight * divergence
    if outputs.reconstruction_error is not None:
        loss = loss + settings.reconstruction_weight * outputs.reconstruction_error.mean()
    return loss


def _evaluate(
    network: SiteClassifier, examples: Examples, features: np.ndarray
) -> Float[np.ndarray, ' 3']:
    """Return the losses on the validation sites, unweighted."""
    network.eval()
    total = np.zeros(3)
    with torch.inference_mode():
        for start in range(0, len(examples.validation), _EVALUATED):
            rows = examples.validation[start : start + _EVALUATED]
            inputs, labels = _batch(examples, features, rows)
            parts = _classification(network(*inputs), labels, 1.0)
            total += len(rows) * np.array([float(part) for part in parts])
    return total / max(1, len(examples.validation))


def _require_finite(losses: Float[np.ndarray, '2 3'], epoch: int) -> None:
    """Raise if the training has run away."""
    if not np.isfinite(losses).all():
        raise ValueError(
            f'the loss is no longer finite after epoch {epoch + 1}; choose smaller rates in '
            "'learning_rate'"
        )
