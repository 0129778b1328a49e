"""What a checkpoint says about its training, as JSON."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from jaxtyping import Float

from aiida_crystalgen.science.crystals import CrystalSet
from aiida_crystalgen.science.generators.rdf_vae.replication import replica_grid, replica_statistics
from aiida_crystalgen.science.generators.rdf_vae.training import Training

__all__ = ('summarize',)

# A latent unit is active if its mean varies by more than this between crystals: Burda, Grosse and
# Salakhutdinov, arXiv:1509.00519, section 5.2.
_ACTIVE_VARIANCE = 0.01
_DIGITS = 6  # rounding of sums of products, which may differ by threads, lies far below


def summarize(
    training: Training, crystals: CrystalSet, fingerprints: Float[np.ndarray, 'crystals points']
) -> dict[str, Any]:
    """Return the facts of a training: sizes, losses per epoch, latent points, replica statistics.

    The total loss is that of the full weight of the divergence, also in the epochs of the warm-up,
    so that it can be compared between epochs.

    :param crystals: that the model was trained and validated on.
    :param fingerprints: of these crystals, in 1/Å.
    """
    model, validation = training.model, training.validation
    coordinates = model.encode(fingerprints)
    learned = np.setdiff1d(np.arange(len(crystals)), validation)
    grid = replica_grid(model.settings)
    distances = replica_statistics(fingerprints, model.decode(grid))
    curves = {
        'training': _curves(training.losses[:, :2], model.settings.kl_weight),
        'validation': _curves(training.losses[:, 2:], model.settings.kl_weight),
    }
    return {
        'crystals': len(crystals),
        'training_crystals': len(learned),
        'validation_crystals': len(validation),
        'epochs': model.settings.epochs,
        'number_of_weights': sum(one.numel() for one in model.network.parameters()),
        'active_latent_units': int((coordinates[learned].var(axis=0) > _ACTIVE_VARIANCE).sum()),
        'training_loss': curves['training']['total'][-1],
        'validation_loss': curves['validation']['total'][-1],
        'losses': curves,
        'latent': {
            'labels': list(crystals.labels),
            'coordinates': _rounded(coordinates),
            'validation': validation.tolist(),
            'replicas': _rounded(grid),
        },
        'distances': {
            among: {name: round(value, _DIGITS) for name, value in values.items()}
            for among, values in distances.items()
        },
        'torch': str(torch.__version__),
    }


def _curves(parts: Float[np.ndarray, 'epochs 2'], weight: float) -> dict[str, list[float]]:
    """Return the two terms of the loss and their weighted sum, per epoch."""
    reconstruction, divergence = parts.T
    return {
        'total': _rounded(reconstruction + weight * divergence),
        'reconstruction': _rounded(reconstruction),
        'divergence': _rounded(divergence),
    }


def _rounded(values: np.ndarray) -> list[Any]:
    """Return an array as nested lists of numbers with few digits."""
    return np.round(values, _DIGITS).tolist()
