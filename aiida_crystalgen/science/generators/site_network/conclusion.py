"""What is made of a trained network: calibrated likelihoods, a volume model, and a judgement."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int

from aiida_crystalgen.science.checkpoint import Checkpoint
from aiida_crystalgen.science.generators.site_network.calibration import (
    Calibration,
    calibration_error,
)
from aiida_crystalgen.science.generators.site_network.inputs import SiteInputs, look_at
from aiida_crystalgen.science.generators.site_network.library import (
    content_hash,
    prototype_templates,
)
from aiida_crystalgen.science.generators.site_network.model import SiteModel, SiteOutputs
from aiida_crystalgen.science.generators.site_network.network import ELEMENTS
from aiida_crystalgen.science.generators.site_network.projection import Projection
from aiida_crystalgen.science.generators.site_network.proposal import composition_codes
from aiida_crystalgen.science.generators.site_network.state import CURVES, METHOD
from aiida_crystalgen.science.generators.site_network.training import Training
from aiida_crystalgen.science.generators.site_network.volumes import VolumeModel
from aiida_crystalgen.science.generators.splitting import TEST, TRAINING, VALIDATION

__all__ = ('concluded', 'confusion_matrix')

_DIGITS = 6
_BINS = 20  # of likelihoods, to compare them with how often they come true


def concluded(
    trained: Training,
    projection: Projection | None,
    inputs: SiteInputs,
    parts: Int[np.ndarray, ' crystals'],
    seed: int,
) -> Checkpoint:
    """Return a trained network as a checkpoint, with all that proposing needs.

    :param inputs: all sites.
    :param parts: of the crystals.
    :param seed: of the training, which also chooses the sites to judge by.
    """
    settings = trained.network.settings
    part = parts[inputs.sites.crystals]
    volumes = VolumeModel.fit(
        inputs.crystals, inputs.distances, parts == TRAINING, settings.volume_ridge
    )
    seen = np.bincount(inputs.elements[part == TRAINING], minlength=ELEMENTS) > 0
    raw = SiteModel(
        settings, trained.network.eval(), projection, Calibration(1.0, 0.0), volumes, seen
    )
    validation = inputs.select(_some(part == VALIDATION, settings.evaluation_sites, seed))
    logits = raw.outputs(validation).log_odds
    calibration = Calibration.fit(logits[:, seen], _places(seen, validation.elements))
    model = SiteModel(settings, trained.network, projection, calibration, volumes, seen)
    templates = prototype_templates()
    table = model.outputs(look_at(templates, settings.symmetry_tolerance)).log_odds
    summary, confusion = _judgement(model, inputs, parts, seed)
    return Checkpoint(
        method=METHOD,
        weights={
            **model.to_weights(),
            'table': table,
            'compositions': np.unique(composition_codes(inputs.crystals)),
            'confusion': confusion,
        },
        settings=settings.model_dump(mode='json'),
        summary={
            **summary,
            'losses': _curves(trained.losses),
            'templates': content_hash(templates),
            'calibration': {
                'slope': round(calibration.slope, _DIGITS),
                'intercept': round(calibration.intercept, _DIGITS),
                'error_before': _rounded(calibration_error(logits, validation.elements, _BINS)),
            },
            'seed': seed,
            'torch': str(torch.__version__),
        },
    )


def confusion_matrix(
    outputs: SiteOutputs, elements: Int[np.ndarray, ' sites']
) -> Int[np.ndarray, 'true predicted']:
    """Return how many sites of each element the auxiliary classifier takes for each element.

    :param elements: atomic number minus one of each site.
    """
    pairs = elements * ELEMENTS + outputs.softmax.argmax(axis=1)
    return np.bincount(pairs, minlength=ELEMENTS**2).reshape(ELEMENTS, ELEMENTS)


def _places(seen: np.ndarray, elements: Int[np.ndarray, ' sites']) -> Int[np.ndarray, ' sites']:
    """Return the places of elements among those that were seen; unseen ones become the first."""
    return np.where(seen, np.cumsum(seen) - 1, 0)[elements]


def _some(chosen: np.ndarray, most: int, seed: int) -> Int[np.ndarray, ' rows']:
    """Return the chosen rows in ascending order, or a random part of them if they are too many."""
    rows = np.flatnonzero(chosen)
    if len(rows) <= most:
        return rows
    return np.sort(np.random.default_rng(seed % 2**63).choice(rows, most, replace=False))


def _judgement(
    model: SiteModel, inputs: SiteInputs, parts: Int[np.ndarray, ' crystals'], seed: int
) -> tuple[dict[str, Any], Int[np.ndarray, 'true predicted']]:
    """Return the facts about data and errors, and the confusion matrix of the test sites."""
    part = parts[inputs.sites.crystals]
    names = {'training': TRAINING, 'validation': VALIDATION, 'test': TEST}
    rows = _some(part == TEST, model.settings.evaluation_sites, seed)
    judged = inputs.select(rows)
    confusion = np.zeros((ELEMENTS, ELEMENTS), dtype=np.int64)
    test: dict[str, Any] = {'sites': len(rows)}
    if len(rows):
        outputs = model.outputs(judged)
        confusion = confusion_matrix(outputs, judged.elements)
        test['softmax_error'] = _rounded(1 - np.trace(confusion) / confusion.sum())
        test['calibration_error'] = _rounded(
            calibration_error(outputs.log_odds, judged.elements, _BINS)
        )
        test['volume_error'] = _volume_errors(model, inputs, parts == TEST)
    facts = {
        'crystals': {name: int((parts == number).sum()) for name, number in names.items()},
        'sites': {name: int((part == number).sum()) for name, number in names.items()},
        'number_of_weights': sum(one.numel() for one in model.network.parameters()),
        'elements': int(model.seen.sum()),
        'test': test,
    }
    return facts, confusion


def _volume_errors(model: SiteModel, inputs: SiteInputs, rows: np.ndarray) -> dict[str, float]:
    """Return quantiles of the relative error of the volume, the templates being the crystals."""
    crystals = inputs.crystals
    predicted = model.volumes.predict(crystals, inputs.distances)[rows]
    errors = np.abs(predicted / (crystals.volumes / crystals.counts)[rows] - 1)
    shares = {'median': 0.5, '90 %': 0.9}
    return {name: _rounded(np.quantile(errors, share)) for name, share in shares.items()}


def _curves(losses: Float[np.ndarray, 'epochs 2 3']) -> dict[str, dict[str, list[float]]]:
    """Return the losses of training and validation by name, per epoch."""
    return {
        purpose: {
            name: np.round(losses[:, place, column], _DIGITS).tolist()
            for column, name in enumerate(CURVES)
        }
        for place, purpose in enumerate(('training', 'validation'))
    }


def _rounded(value: float) -> float:
    """Return a number with few digits, so that rounding errors do not show."""
    return round(float(value), _DIGITS)
