"""Denoising score matching: the network learns the noise that was added to crystals."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from aiida_crystalgen.science.determinism import single_threaded
from aiida_crystalgen.science.generators.interface import Course
from aiida_crystalgen.science.generators.score_langevin.architectures import (
    NoiseNetwork,
    new_network,
)
from aiida_crystalgen.science.generators.score_langevin.batch import CrystalNumbers, TemplateBatch
from aiida_crystalgen.science.generators.score_langevin.devices import layer_precision
from aiida_crystalgen.science.generators.score_langevin.noise import NoiseSchedule
from aiida_crystalgen.science.generators.score_langevin.scaling import CellScaling
from aiida_crystalgen.science.generators.score_langevin.settings import ScoreLangevinSettings
from aiida_crystalgen.science.generators.score_langevin.state import TrainingState
from aiida_crystalgen.science.progress import Progress
from aiida_crystalgen.science.seeds import derive_seed
from aiida_crystalgen.science.symmetric_crystals import SymmetricCrystals

__all__ = ('Examples', 'NoiseLosses', 'Training', 'noise_losses', 'train_network')

_EVALUATED = 128  # crystals at once


@dataclass(frozen=True)
class Examples:
    """What the network learns from and is watched on.

    :param crystals: all of them.
    :param scaling: of their cells.
    :param training: rows to learn from.
    :param validation: rows to be watched on.
    """

    crystals: SymmetricCrystals
    scaling: CellScaling
    training: Int[np.ndarray, ' training']
    validation: Int[np.ndarray, ' validation']


@dataclass(frozen=True)
class Training:
    """What a training leaves behind.

    :param network: with the averaged weights, in single precision, on the CPU.
    :param losses: of training and validation after each epoch: of positions and cells, as shares of
        the noise that was added.
    """

    network: NoiseNetwork
    losses: Float[np.ndarray, 'epochs 2 2']


@dataclass(frozen=True)
class NoiseLosses:
    """How far the noise that the network finds is from the one that there is.

    :param squares: sums of squared errors, of positions and of cells.
    :param numbers: of the degrees of freedom that these are sums over.
    """

    squares: Float[Tensor, ' 2']
    numbers: Float[Tensor, ' 2']


def train_network(
    network: NoiseNetwork,
    examples: Examples,
    settings: ScoreLangevinSettings,
    course: Course,
    *,
    seed: int,
    progress: Progress,
) -> Training:
    """Return the network after the epochs of its settings.

    :param network: with the weights to begin from, on the device to train on; it is changed.
    :raises ValueError: if the state belongs to another training, or the loss runs away.
    """
    average = new_network(settings).to(next(network.parameters()).device)
    average.load_state_dict(network.state_dict())
    run = TrainingState(settings, seed, network, average)
    if course.state is not None:
        run.restore(course.state)
    with single_threaded():
        for epoch in range(run.epochs, settings.epochs):
            run.losses[epoch, 0] = _train_epoch(run, examples, epoch, seed)
            run.losses[epoch, 1] = _evaluate(run, examples, seed)
            _require_finite(run.losses[epoch], epoch)
            run.epochs = epoch + 1
            positions, cells = run.losses[epoch, 1]
            message = f'validation loss {positions:.3f} of positions, {cells:.3f} of cells'
            progress(run.epochs, settings.epochs, message)
            if course.save is not None:
                course.save(run.capture)
    return Training(run.average.cpu(), run.losses)


def noise_losses(
    network: NoiseNetwork,
    batch: TemplateBatch,
    schedule: NoiseSchedule,
    crystals: SymmetricCrystals,
    times: Float[Tensor, ' crystals'],
    generator: torch.Generator,
) -> NoiseLosses:
    """Return the squared errors of the noise that the network finds in crystals.

    :param times: of the noise of each crystal.
    :param generator: of the CPU, so that all devices see the same noise.
    """
    owners, freedoms, device = batch.layout.owners, batch.freedoms, batch.device
    times = times.to(device)
    deviations = schedule.positions(times)[owners]
    sites = torch.randn((len(owners), 3), generator=generator, dtype=torch.float64).to(device)
    cells = torch.randn((len(times), 6), generator=generator, dtype=torch.float64).to(device)
    cells = cells * batch.is_free
    displacements = freedoms.allowed(sites) * deviations[:, None]
    parameters = torch.from_numpy(crystals.parameters).to(device)
    expected = freedoms.expected_noise(parameters, displacements, deviations)
    expected = freedoms.without_drift(expected)
    known = batch.scaling.coordinates(
        torch.from_numpy(crystals.lattices).to(device), batch.edges, batch.layout
    )
    noise_of_cells, shrinkage = schedule.cells(times)[:, None], schedule.shrinkage(times)[:, None]
    noisy = CrystalNumbers(
        freedoms.moved(parameters, displacements),
        (known + noise_of_cells * cells) * shrinkage,
    )
    found = batch.noise(network, schedule, noisy, times)
    error = freedoms.without_drift(found.parameters) - expected
    squares = torch.stack([(error * error).sum(), ((found.cells - cells) ** 2).sum()])
    numbers = torch.stack([freedoms.dimensions().sum(), batch.is_free.sum().to(torch.float64)])
    return NoiseLosses(squares, numbers)


def _train_epoch(
    run: TrainingState, examples: Examples, epoch: int, seed: int
) -> Float[np.ndarray, ' 2']:
    """Take the steps of one epoch; return the mean losses."""
    settings, network = run.settings, run.network
    schedule = NoiseSchedule(settings.noise)
    generator = torch.Generator().manual_seed(derive_seed(seed, 'epoch', epoch))
    rows = examples.training
    batches = torch.randperm(len(rows), generator=generator).split(settings.batch_size)
    device = next(network.parameters()).device
    weights = torch.tensor([1.0, settings.cell_weight], dtype=torch.float64, device=device)
    squares, numbers = np.zeros(2), np.zeros(2)
    for number, chosen in enumerate(batches):
        step = epoch * len(batches) + number
        for group in run.optimizer.param_groups:
            group['lr'] = _rate(settings, step, settings.epochs * len(batches))
        crystals = examples.crystals.select(rows[chosen.numpy()])
        batch = TemplateBatch.of(crystals.templates, examples.scaling, device)
        times = _spread_times(len(crystals), generator)
        with layer_precision(settings):  # leaves numbers in double precision alone
            losses = noise_losses(network, batch, schedule, crystals, times, generator)
        loss = (weights * losses.squares / losses.numbers.clamp(min=1)).sum()
        run.optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), settings.clip)
        run.optimizer.step()
        run.take_average(step)
        squares += losses.squares.detach().cpu().numpy()
        numbers += losses.numbers.cpu().numpy()
    return squares / np.maximum(numbers, 1)


def _spread_times(count: int, generator: torch.Generator) -> Float[Tensor, ' count']:
    """Return random times between 0 and 1, as evenly spread as a batch allows."""
    places = torch.randperm(count, generator=generator).to(torch.float64)
    return (places + torch.rand(count, generator=generator, dtype=torch.float64)) / count


def _rate(settings: ScoreLangevinSettings, step: int, steps: int) -> float:
    """Return the learning rate at a step."""
    wave = 0.5 * (1 + math.cos(math.pi * step / steps))
    last = settings.final_learning_rate
    growth = min(1.0, (step + 1) / (settings.warmup + 1))
    return settings.learning_rate * growth * (last + (1 - last) * wave)


@torch.no_grad()
def _evaluate(run: TrainingState, examples: Examples, seed: int) -> Float[np.ndarray, ' 2']:
    """Return the losses of the averaged network on the validation crystals, with equal noise."""
    schedule = NoiseSchedule(run.settings.noise)
    generator = torch.Generator().manual_seed(derive_seed(seed, 'validation'))
    device = next(run.average.parameters()).device
    squares, numbers = np.zeros(2), np.zeros(2)
    for start in range(0, len(examples.validation), _EVALUATED):
        crystals = examples.crystals.select(examples.validation[start : start + _EVALUATED])
        batch = TemplateBatch.of(crystals.templates, examples.scaling, device)
        times = _spread_times(len(crystals), generator)
        losses = noise_losses(run.average, batch, schedule, crystals, times, generator)
        squares += losses.squares.cpu().numpy()
        numbers += losses.numbers.cpu().numpy()
    return squares / np.maximum(numbers, 1)


def _require_finite(losses: Float[np.ndarray, '2 2'], epoch: int) -> None:
    """Raise if the training has run away."""
    if not np.isfinite(losses).all():
        raise ValueError(
            f'the loss is no longer finite after epoch {epoch + 1}; choose a smaller '
            "'learning_rate'"
        )
