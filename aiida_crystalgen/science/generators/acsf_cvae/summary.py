"""What a checkpoint says about its training, as JSON."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from ase.data import chemical_symbols
from jaxtyping import Float

from aiida_crystalgen.science.generators.acsf_cvae.examples import Examples
from aiida_crystalgen.science.generators.acsf_cvae.model import TrainedModel
from aiida_crystalgen.science.generators.acsf_cvae.references import MEASURES, References
from aiida_crystalgen.science.generators.acsf_cvae.training import Training

__all__ = ('summarize',)

# A latent unit is active if its mean varies by more than this between crystals: Burda, Grosse and
# Salakhutdinov, arXiv:1509.00519, section 5.2.
_ACTIVE_VARIANCE = 0.01
_DIGITS = 6  # rounding of sums of products, which may differ by threads, lies far below
_SHARES = (0.5, 0.95, 1.0)  # of the training crystals, within the distances that are listed


def summarize(training: Training, model: TrainedModel, examples: Examples) -> dict[str, Any]:
    """Return the facts of a training: sizes, losses per epoch, errors, distances of the data.

    The total loss is that of the full weight of the divergence, also in the epochs of the warm-up,
    so that it can be compared between epochs.

    :param examples: that the model was trained and validated on.
    """
    scaled = model.features.scaled(examples.features)
    conditions = model.conditions.conditions(examples.properties, examples.amounts)
    codes, _ = model.encode(scaled, conditions)
    weight = model.settings.kl_weight
    names = model.settings.properties
    networks = (training.networks.autoencoder, training.networks.surrogate)
    return {
        'crystals': len(examples),
        'training_crystals': len(training.training),
        'validation_crystals': len(training.validation),
        'validation': training.validation.tolist(),
        'elements': [chemical_symbols[number] for number in examples.elements],
        'numbers_of_atoms': np.unique(examples.amounts.sum(axis=1)).tolist(),
        'periodic': examples.periodic,
        'units': dict(zip(names, examples.units, strict=True)),
        'epochs': model.settings.epochs,
        'number_of_weights': sum(one.numel() for part in networks for one in part.parameters()),
        'active_latent_units': int((codes[training.training].var(axis=0) > _ACTIVE_VARIANCE).sum()),
        'training_loss': _last(training.losses[:, :2], weight),
        'validation_loss': _last(training.losses[:, 2:], weight),
        'losses': {
            'training': _curves(training.losses[:, :2], weight),
            'validation': _curves(training.losses[:, 2:], weight),
        },
        'surrogate': {
            'losses': {
                'training': _rounded(training.surrogate_losses[:, 0]),
                'validation': _rounded(training.surrogate_losses[:, 1]),
            },
            'properties': _errors(training, model, examples),
        },
        'distances': _distances(model.references),
        'latent': _map(model, examples),
        'torch': str(torch.__version__),
    }


def _distances(references: References) -> dict[str, dict[str, float]]:
    """Return how far shares of the training crystals are from the data, by each measure."""
    table = np.quantile(references.distances, _SHARES, axis=0).T
    return {
        name: dict(zip(map(str, _SHARES), _rounded(values), strict=True))
        for name, values in zip(MEASURES, table, strict=True)
    }


def _map(model: TrainedModel, examples: Examples) -> dict[str, Any]:
    """Return where the crystals that the model keeps are on its map, with their properties."""
    rows = model.references.rows
    return {
        'labels': [examples.labels[row] for row in rows],
        'coordinates': _rounded(model.references.features @ model.axes.T),
        'properties': dict(
            zip(model.settings.properties, model.references.properties.T.tolist(), strict=True)
        ),
    }


def _last(parts: Float[np.ndarray, 'epochs 2'], weight: float) -> float:
    """Return the total loss of the last epoch."""
    return round(float(parts[-1, 0] + weight * parts[-1, 1]), _DIGITS)


def _curves(parts: Float[np.ndarray, 'epochs 2'], weight: float) -> dict[str, list[float]]:
    """Return the two terms of the loss and their weighted sum, per epoch."""
    error, divergence = parts.T
    return {
        'total': _rounded(error + weight * divergence),
        'reconstruction': _rounded(error),
        'divergence': _rounded(divergence),
    }


def _errors(
    training: Training, model: TrainedModel, examples: Examples
) -> dict[str, dict[str, Any]]:
    """Return range and error on the crystals kept apart, for each property."""
    rows = training.validation
    scaled = model.features.scaled(examples.features[rows])
    predicted, deviations = model.predict(scaled, examples.amounts[rows])
    errors = np.abs(predicted - examples.properties[rows]).mean(axis=0)
    return {
        name: {
            'unit': examples.units[column],
            'lowest': float(examples.properties[:, column].min()),
            'highest': float(examples.properties[:, column].max()),
            'mean_absolute_error': round(float(errors[column]), _DIGITS),
            'mean_deviation': round(float(deviations[:, column].mean()), _DIGITS),
            'calibration': round(float(model.calibration[column]), _DIGITS),
        }
        for column, name in enumerate(model.settings.properties)
    }


def _rounded(values: np.ndarray) -> list[Any]:
    """Return an array as nested lists of numbers with few digits."""
    return np.round(values, _DIGITS).tolist()
