"""What a training leaves behind: the checkpoint and the facts in it."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from ase.data import chemical_symbols
from jaxtyping import Float

from aiida_crystalgen.science.checkpoint import Checkpoint
from aiida_crystalgen.science.generators.score_langevin.model import ScoreModel
from aiida_crystalgen.science.generators.score_langevin.settings import ScoreLangevinSettings
from aiida_crystalgen.science.generators.score_langevin.state import CURVES, METHOD
from aiida_crystalgen.science.generators.score_langevin.training import Examples, Training
from aiida_crystalgen.science.site_templates import SiteDistribution

__all__ = ('concluded',)

_ELEMENTS = 118
_DIGITS = 6


def concluded(
    trained: Training, examples: Examples, settings: ScoreLangevinSettings, seed: int
) -> Checkpoint:
    """Return the checkpoint of a training."""
    crystals = examples.crystals
    learned = crystals.select(examples.training)
    seen = np.isin(np.arange(1, _ELEMENTS + 1), learned.atomic_numbers)
    model = ScoreModel(
        settings=settings,
        network=trained.network,
        scaling=examples.scaling,
        distribution=SiteDistribution.fit(learned.templates),
        seen=seen,
    )
    summary: dict[str, Any] = {
        'crystals': len(crystals),
        'training_crystals': len(examples.training),
        'validation_crystals': len(examples.validation),
        'elements': [chemical_symbols[number] for number in np.flatnonzero(seen) + 1],
        'space_groups': np.unique(learned.space_groups).tolist(),
        'seed': seed,
        'epochs': len(trained.losses),
        'number_of_weights': sum(one.numel() for one in trained.network.parameters()),
        'losses': {
            'training': _curves(trained.losses[:, 0], settings.cell_weight),
            'validation': _curves(trained.losses[:, 1], settings.cell_weight),
        },
        'torch': str(torch.__version__),
    }
    for part in ('training', 'validation'):
        summary[f'{part}_loss'] = summary['losses'][part]['total'][-1]
    return Checkpoint(METHOD, model.to_weights(), settings.to_dict(), summary)


def _curves(losses: Float[np.ndarray, 'epochs 2'], weight: float) -> dict[str, list[float]]:
    """Return the losses per epoch, and their weighted sum."""
    total = losses[:, 0] + weight * losses[:, 1]
    curves = {'total': total, **dict(zip(CURVES, losses.T, strict=True))}
    return {name: np.round(curve, _DIGITS).tolist() for name, curve in curves.items()}
