"""Training of the conditional autoencoder, then of the surrogate, on the same crystals."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

import numpy as np
import torch
from jaxtyping import Float, Float32, Int
from torch import Tensor, nn

from aiida_crystalgen.science.checkpoint import Checkpoint
from aiida_crystalgen.science.determinism import single_threaded
from aiida_crystalgen.science.fingerprints.acsf import SymmetryFunctions
from aiida_crystalgen.science.generators.acsf_cvae.examples import Examples, are_positive
from aiida_crystalgen.science.generators.acsf_cvae.model import Networks, TrainedModel
from aiida_crystalgen.science.generators.acsf_cvae.network import ConditionalAutoencoder
from aiida_crystalgen.science.generators.acsf_cvae.scaling import ConditionScale, FeatureScale
from aiida_crystalgen.science.generators.acsf_cvae.settings import (
    AcsfCvaeSettings,
    SurrogateSettings,
)
from aiida_crystalgen.science.generators.acsf_cvae.state import Stage, TrainingState
from aiida_crystalgen.science.generators.interface import Course
from aiida_crystalgen.science.generators.rdf_vae.network import divergence
from aiida_crystalgen.science.progress import Progress

__all__ = ('Training', 'train_networks')


@dataclass(frozen=True)
class Training:
    """Trained networks and how they came about.

    :param networks: in single precision.
    :param features: scale of the symmetry functions.
    :param conditions: scale of properties and composition.
    :param training: rows of the crystals that were learned, in ascending order.
    :param validation: rows of the crystals that were kept apart, in ascending order.
    :param losses: of the autoencoder in each epoch: squared error and divergence of the training
        crystals, then of the validation crystals, averaged over the crystals.
    :param surrogate_losses: mean squared error of the standardised properties in each epoch, of the
        training and the validation crystals, averaged over the members.
    """

    networks: Networks
    features: FeatureScale
    conditions: ConditionScale
    training: Int[np.ndarray, ' training']
    validation: Int[np.ndarray, ' validation']
    losses: Float[np.ndarray, 'epochs 4']
    surrogate_losses: Float[np.ndarray, 'surrogate_epochs 2']


@dataclass(frozen=True)
class _Inputs:
    """What the networks see, in single precision."""

    features: Float32[Tensor, 'crystals features']
    conditions: Float32[Tensor, 'crystals conditions']
    properties: int
    floors: Float32[Tensor, ' features']
    training: Int[Tensor, ' training']
    validation: Int[Tensor, ' validation']

    @property
    def of_surrogate(self) -> Float32[Tensor, 'crystals inputs']:
        """Representation and composition, without the properties."""
        return torch.cat([self.features, self.conditions[:, self.properties :]], dim=1)


def train_networks(
    examples: Examples,
    settings: AcsfCvaeSettings,
    course: Course,
    *,
    seed: int,
    progress: Progress,
) -> Training:
    """Return networks that have learned the examples.

    :param seed: of split, initial weights, order of the crystals and codes.
    :param course: its state is that after some epoch of the same training.
    :raises ValueError: if the crystals are all alike, or of one trajectory, a loss is no longer
        finite, or state or model to start from do not fit.
    """
    generator = torch.Generator().manual_seed(seed % 2**63)
    with single_threaded():
        training, validation = _split(examples.families, settings.validation_fraction, generator)
        features, conditions = _scales(examples, settings, training)
        networks = Networks.build(settings, examples.elements)
        networks.initialize(generator)
        if course.start is not None:
            _take_weights(networks, course.start, settings, examples.elements)
        inputs = _inputs(examples, features, conditions, (training, validation))
        run = TrainingState(settings, seed, _stages(networks, settings), generator)
        if course.state is not None:
            run.restore(course.state)
        _train_epochs(run, inputs, settings, course, progress)
    stages = run.stages
    return Training(
        networks,
        features,
        conditions,
        training,
        validation,
        stages['autoencoder'].losses,
        stages['surrogate'].losses,
    )


def _split(
    families: Int[np.ndarray, ' crystals'], fraction: float, generator: torch.Generator
) -> tuple[Int[np.ndarray, ' training'], Int[np.ndarray, ' validation']]:
    """Return the rows to train on and those to validate on, each in ascending order.

    No family is on both sides, as the validation would find its own copies in the training.

    :raises ValueError: if there is one family alone.
    """
    _, family, sizes = np.unique(families, return_inverse=True, return_counts=True)
    if len(sizes) == 1:
        raise ValueError(
            'all training crystals are of one trajectory, so that none can be kept apart to '
            'validate; relax more than one crystal'
        )
    kept_apart = min(max(round(fraction * len(families)), 2), len(families) // 2)
    order = torch.randperm(len(sizes), generator=generator).numpy()
    number = int(np.searchsorted(np.cumsum(sizes[order]), kept_apart)) + 1
    apart = np.isin(family, order[: min(number, len(sizes) - 1)])
    return np.flatnonzero(~apart), np.flatnonzero(apart)


def _scales(
    examples: Examples, settings: AcsfCvaeSettings, training: Int[np.ndarray, ' training']
) -> tuple[FeatureScale, ConditionScale]:
    """Return the scales of the training crystals.

    :raises ValueError: if these are all alike.
    """
    functions = SymmetryFunctions(settings.acsf, examples.elements)
    features = FeatureScale.fit(
        examples.features[training],
        are_positive(functions),
        settings.scaling,
        floor=settings.scale_floor,
    )
    conditions = ConditionScale.fit(
        np.array(examples.elements, dtype=np.int64),
        examples.properties[training],
        examples.amounts[training],
    )
    return features, conditions


def _take_weights(
    networks: Networks, start: Checkpoint, settings: AcsfCvaeSettings, elements: tuple[int, ...]
) -> None:
    """Give networks the weights of another model.

    :raises ValueError: if their layers or inputs differ.
    """
    model = TrainedModel.from_checkpoint(start)
    kept = [
        (one.acsf, one.properties, one.hidden, one.latent, one.surrogate.hidden)
        for one in (model.settings, settings)
    ]
    same_members = model.settings.surrogate.members == settings.surrogate.members
    if kept[0] != kept[1] or not same_members or model.elements != elements:
        raise ValueError(
            "the model to start from has other elements or settings of 'acsf', 'properties', "
            "'hidden', 'latent' or 'surrogate'; keep them, or train without it"
        )
    networks.load({name: tensor.float() for name, tensor in model.networks.state().items()})


def _inputs(
    examples: Examples,
    features: FeatureScale,
    conditions: ConditionScale,
    rows: tuple[Int[np.ndarray, ' training'], Int[np.ndarray, ' validation']],
) -> _Inputs:
    """Return what the networks see of the examples."""
    seen = conditions.conditions(examples.properties, examples.amounts)
    return _Inputs(
        features=torch.tensor(features.scaled(examples.features), dtype=torch.float32),
        conditions=torch.tensor(seen, dtype=torch.float32),
        properties=examples.properties.shape[1],
        floors=torch.tensor(features.floors, dtype=torch.float32),
        training=torch.from_numpy(rows[0]),
        validation=torch.from_numpy(rows[1]),
    )


def _stages(networks: Networks, settings: AcsfCvaeSettings) -> dict[str, Stage]:
    """Return the networks with their optimisers, in the order of their training."""
    return {
        'autoencoder': _stage(networks.autoencoder, settings, 4),
        'surrogate': _stage(networks.surrogate, settings.surrogate, 2),
    }


def _stage(network: nn.Module, settings: AcsfCvaeSettings | SurrogateSettings, parts: int) -> Stage:
    """Return a network with its optimiser.

    :param parts: number of losses of an epoch.
    """
    optimizer = torch.optim.AdamW(
        network.parameters(),
        lr=settings.learning_rate,
        weight_decay=settings.weight_decay,
        fused=True,
    )
    return Stage(network, optimizer, np.empty((settings.epochs, parts)))


def _train_epochs(
    run: TrainingState,
    inputs: _Inputs,
    settings: AcsfCvaeSettings,
    course: Course,
    progress: Progress,
) -> None:
    """Train both networks to their last epochs."""
    passes: list[tuple[str, Callable[..., list[float]], AcsfCvaeSettings | SurrogateSettings]] = [
        ('autoencoder', _train_autoencoder, settings),
        ('surrogate', _train_surrogate, settings.surrogate),
    ]
    before = 0
    for name, train_epoch, chosen in passes:
        stage = run.stages[name]
        for epoch in range(run.epochs - before, chosen.epochs):
            share = epoch / max(chosen.epochs - 1, 1)
            for group in stage.optimizer.param_groups:
                group['lr'] = chosen.learning_rate * chosen.final_learning_rate**share
            stage.losses[epoch] = train_epoch(run, inputs, chosen, epoch)
            _require_finite(stage.losses[epoch], name, epoch, chosen.learning_rate)
            run.epochs = before + epoch + 1
            message = f'{name}: validation loss {_validation(name, stage.losses[epoch]):.4g}'
            progress(run.epochs, run.total, message)
            if course.save is not None:
                course.save(run.capture)
        before += chosen.epochs


def _validation(name: str, losses: Float[np.ndarray, ' parts']) -> float:
    """Return the loss of the validation crystals."""
    return float(losses[2:].sum() if name == 'autoencoder' else losses[1])


def _train_autoencoder(
    run: TrainingState, inputs: _Inputs, settings: AcsfCvaeSettings, epoch: int
) -> list[float]:
    """Take the steps of one pass through the training crystals; return the losses of the epoch."""
    stage = run.stages['autoencoder']
    network = cast('ConditionalAutoencoder', stage.network)
    weight = settings.kl_weight * min(1, (epoch + 1) / (settings.kl_warmup + 1))
    sums = torch.zeros(2)
    order = torch.randperm(len(inputs.training), generator=run.generator)
    for batch in inputs.training[order].split(settings.batch_size):
        error, code = _losses(network, inputs, batch, run.generator)
        stage.optimizer.zero_grad()
        (error + weight * code).mean().backward()
        stage.optimizer.step()
        sums += torch.stack([error.detach().sum(), code.detach().sum()])
    with torch.inference_mode():
        apart = _losses(network, inputs, inputs.validation, run.generator)
    return [*(sums / len(inputs.training)).tolist(), *(float(part.mean()) for part in apart)]


def _losses(
    network: ConditionalAutoencoder,
    inputs: _Inputs,
    rows: Int[Tensor, ' batch'],
    generator: torch.Generator,
) -> tuple[Float32[Tensor, ' batch'], Float32[Tensor, ' batch']]:
    """Return squared error and divergence of each crystal, for one code drawn for each."""
    features, conditions = inputs.features[rows], inputs.conditions[rows]
    mean, log_variance = network.encode(features, conditions)
    noise = torch.randn(mean.shape, generator=generator)
    codes = mean + (0.5 * log_variance).exp() * noise
    found = network.decode(codes, conditions, inputs.floors)
    return ((found - features) ** 2).sum(dim=1), divergence(mean, log_variance)


def _train_surrogate(
    run: TrainingState,
    inputs: _Inputs,
    settings: SurrogateSettings,
    epoch: int,  # noqa: ARG001
) -> list[float]:
    """Take the steps of one pass, in which each member has an order of its own; return losses."""
    stage, seen = run.stages['surrogate'], inputs.of_surrogate
    wanted = inputs.conditions[:, : inputs.properties]
    orders = [
        torch.randperm(len(inputs.training), generator=run.generator)
        for _ in range(settings.members)
    ]
    total = 0.0
    for batch in inputs.training[torch.stack(orders)].split(settings.batch_size, dim=1):
        errors = ((stage.network(seen[batch]) - wanted[batch]) ** 2).mean(dim=(1, 2))
        stage.optimizer.zero_grad()
        errors.sum().backward()
        stage.optimizer.step()
        total += float(errors.detach().mean()) * batch.shape[1]
    with torch.inference_mode():
        apart = inputs.validation
        found = stage.network(seen[apart].expand(settings.members, -1, -1))
        error = float(((found - wanted[apart]) ** 2).mean())
    return [total / len(inputs.training), error]


def _require_finite(
    losses: Float[np.ndarray, ' parts'], name: str, epoch: int, rate: float
) -> None:
    """Raise if the training has run away."""
    if not np.isfinite(losses).all():
        raise ValueError(
            f'the loss of the {name} is no longer finite after epoch {epoch + 1}; choose a '
            f'learning_rate below {rate}'
        )
