"""A model from trained networks and the crystals that they have learned."""

from __future__ import annotations

import copy
from dataclasses import replace

import numpy as np
from jaxtyping import Float, Int

from aiida_crystalgen.science.determinism import single_threaded
from aiida_crystalgen.science.generators.acsf_cvae.examples import Examples
from aiida_crystalgen.science.generators.acsf_cvae.model import (
    Networks,
    TrainedModel,
    inner_distances,
)
from aiida_crystalgen.science.generators.acsf_cvae.references import (
    References,
    neighbor_distances,
)
from aiida_crystalgen.science.generators.acsf_cvae.settings import AcsfCvaeSettings
from aiida_crystalgen.science.generators.acsf_cvae.training import Training

__all__ = ('assemble',)

_AXES = 2  # principal components that are kept, to draw representations in a plane
_DECIMALS = 9  # of them: what the order of sums changes lies far below


def assemble(training: Training, examples: Examples, settings: AcsfCvaeSettings) -> TrainedModel:
    """Return the model, in double precision.

    Where there are more training crystals than the model may keep, every n-th one in the order of
    the first property is kept, so that rare values stay.
    """
    rows = _kept(examples.properties[training.training, 0], settings.references)
    rows = training.training[rows]
    scaled = training.features.scaled(examples.features[rows])
    owners = np.repeat(np.arange(len(examples)), examples.amounts.sum(axis=1))
    references = References(
        features=scaled.astype(np.float32),
        properties=examples.properties[rows],
        amounts=examples.amounts[rows],
        lattices=examples.lattices[rows],
        positions=examples.positions[np.isin(owners, rows)],
        extents=examples.extents[rows],
        rows=rows,
        distances=np.zeros((len(rows), 3)),
    )
    draft = TrainedModel(
        settings=settings,
        networks=_in_double_precision(training.networks),
        features=training.features,
        conditions=training.conditions,
        calibration=np.ones(len(settings.properties)),
        ranges=np.stack([examples.properties.min(axis=0), examples.properties.max(axis=0)]),
        axes=_principal_axes(scaled),
        references=references,
        facts={
            'periodic': examples.periodic,
            'units': dict(zip(settings.properties, examples.units, strict=True)),
        },
    )
    conditions = draft.conditions.conditions(references.properties, references.amounts)
    with single_threaded():
        distances = np.column_stack(
            [inner_distances(draft, scaled, conditions), neighbor_distances(scaled)]
        )
    return replace(
        draft,
        calibration=_calibration(draft, examples, training.validation),
        references=replace(references, distances=distances),
    )


def _in_double_precision(networks: Networks) -> Networks:
    """Return a copy of the networks in double precision."""
    return Networks(
        copy.deepcopy(networks.autoencoder).double().eval(),
        copy.deepcopy(networks.surrogate).double().eval(),
    )


def _kept(values: Float[np.ndarray, ' crystals'], most: int) -> Int[np.ndarray, ' kept']:
    """Return the rows that a model keeps, in ascending order."""
    if len(values) <= most:
        return np.arange(len(values))
    places = np.round(np.linspace(0, len(values) - 1, most)).astype(np.int64)
    return np.sort(np.argsort(values, kind='stable')[places])


def _principal_axes(
    scaled: Float[np.ndarray, 'crystals features'],
) -> Float[np.ndarray, 'axes features']:
    """Return the directions in which representations vary most.

    Each points where its largest component is positive, as its sign has no meaning.
    """
    with single_threaded():
        centred = scaled - scaled.mean(axis=0)
        _, vectors = np.linalg.eigh(centred.T @ centred)
    axes = vectors.T[::-1][:_AXES]
    largest = axes[np.arange(len(axes)), np.abs(axes).argmax(axis=1)]
    return np.round(axes * np.sign(largest)[:, None], _DECIMALS)


def _calibration(
    model: TrainedModel, examples: Examples, validation: Int[np.ndarray, ' validation']
) -> Float[np.ndarray, ' properties']:
    """Return the ratio of error and spread of the surrogate's members on crystals kept apart."""
    scaled = model.features.scaled(examples.features[validation])
    predicted, spread = model.predict(scaled, examples.amounts[validation])
    errors = np.sqrt(((predicted - examples.properties[validation]) ** 2).mean(axis=0))
    spreads = np.sqrt((spread**2).mean(axis=0))
    return np.divide(errors, spreads, out=np.ones_like(errors), where=spreads > 0)
