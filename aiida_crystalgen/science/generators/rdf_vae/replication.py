"""Replicas of the known crystals: fingerprints decoded from a grid of latent points."""

from __future__ import annotations

from itertools import product

import numpy as np
from jaxtyping import Float
from scipy.special import ndtri

from aiida_crystalgen.science.checkpoint import Checkpoint
from aiida_crystalgen.science.generators.rdf_vae.model import TrainedModel
from aiida_crystalgen.science.generators.rdf_vae.settings import RdfVaeSettings
from aiida_crystalgen.science.screening.similarity import nearest, pearson_distances

__all__ = ('replica_grid', 'replica_statistics', 'replicas')

_BLOCK = 1024  # rows of a table of distances held at once


def replica_grid(settings: RdfVaeSettings) -> Float[np.ndarray, 'replicas latent']:
    """Return the latent points that are decoded into replicas, the last coordinate running fastest.

    Along each axis they divide the probability of the standard normal distribution inside the
    confidence interval into equal parts (Lee & Chang 2021, section 3.1).
    """
    outside = (1 - settings.replicas.confidence) / 2
    axis = ndtri(np.linspace(outside, 1 - outside, settings.replicas.grid))
    return np.array(list(product(axis, repeat=settings.latent)))


def replicas(checkpoint: Checkpoint) -> Float[np.ndarray, 'replicas points']:
    """Return the radial distribution functions of the replicas, in 1/Å.

    :raises ValueError: if the checkpoint is not of this method.
    """
    model = TrainedModel.from_checkpoint(checkpoint)
    return model.decode(replica_grid(model.settings))


def replica_statistics(
    known: Float[np.ndarray, 'crystals points'], copies: Float[np.ndarray, 'replicas points']
) -> dict[str, dict[str, float]]:
    """Return mean and standard deviation of Pearson distances, which tell whether replicas differ.

    Lee & Chang 2021, section 3.1: 0.344 ± 0.161 in their database, 0.200 ± 0.152 among replicas,
    0.283 ± 0.156 among all.

    :param known: fingerprints of the known crystals, at least two.
    :param copies: fingerprints of the replicas, at least two.
    :return: distances within the ``database``, among the ``replicas``, among ``all`` of both, and
        of each replica to its ``nearest`` known crystal.
    """
    _, distances = nearest(copies, known)
    return {
        'database': _pair_statistics(known),
        'replicas': _pair_statistics(copies),
        'all': _pair_statistics(np.concatenate([known, copies])),
        'nearest': {'mean': float(distances.mean()), 'std': float(distances.std())},
    }


def _pair_statistics(fingerprints: Float[np.ndarray, 'crystals points']) -> dict[str, float]:
    """Return mean and standard deviation of the distances of all pairs."""
    total = squares = 0.0
    for start in range(0, len(fingerprints), _BLOCK):
        rows = fingerprints[start : start + _BLOCK]
        distances = np.triu(pearson_distances(rows, fingerprints[start:]), k=1)
        total += distances.sum()
        squares += (distances**2).sum()
    pairs = len(fingerprints) * (len(fingerprints) - 1) / 2
    mean = total / pairs
    return {'mean': float(mean), 'std': float(np.sqrt(max(squares / pairs - mean**2, 0)))}
