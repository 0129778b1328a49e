"""Fingerprints to latent points and back, and ways between crystals in latent space."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from aiida_crystalgen.science.checkpoint import Checkpoint
from aiida_crystalgen.science.crystals import CrystalSet
from aiida_crystalgen.science.fingerprints.rdf import radial_distribution
from aiida_crystalgen.science.generators.rdf_vae.model import TrainedModel

__all__ = ('analogy', 'decode', 'encode', 'interpolate', 'latent_coordinates')


def encode(
    checkpoint: Checkpoint, fingerprints: Float[np.ndarray, 'crystals points']
) -> Float[np.ndarray, 'crystals latent']:
    """Return the latent point of each radial distribution function.

    :param fingerprints: in 1/Å, computed with the ``rdf`` settings of the checkpoint; values
        beyond those of the training set count as its largest.
    :raises ValueError: if the checkpoint or the number of points does not fit.
    """
    return TrainedModel.from_checkpoint(checkpoint).encode(fingerprints)


def decode(
    checkpoint: Checkpoint, codes: Float[np.ndarray, 'codes latent']
) -> Float[np.ndarray, 'codes points']:
    """Return the radial distribution function of each latent point, in 1/Å.

    :raises ValueError: if the checkpoint or the number of coordinates does not fit.
    """
    return TrainedModel.from_checkpoint(checkpoint).decode(codes)


def latent_coordinates(
    checkpoint: Checkpoint, crystals: CrystalSet
) -> Float[np.ndarray, 'crystals latent']:
    """Return the latent point of each crystal.

    :raises ValueError: if the checkpoint is not of this method, or a cell has no volume.
    """
    model = TrainedModel.from_checkpoint(checkpoint)
    return model.encode(radial_distribution(crystals, model.settings.rdf))


def interpolate(
    checkpoint: Checkpoint,
    start: Float[np.ndarray, ' points'],
    *,
    end: Float[np.ndarray, ' points'],
    steps: int,
) -> Float[np.ndarray, 'steps points']:
    """Return radial distribution functions along the straight latent line between two of them.

    :param start: of the first crystal, in 1/Å; the first row is its reconstruction.
    :param end: of the other crystal; the last row is its reconstruction.
    :param steps: number of functions, both ends included.
    :raises ValueError: if the checkpoint or the number of points does not fit, or there are fewer
        than two steps.
    """
    if steps < 2:
        raise ValueError(f'steps is {steps}; an interpolation has at least its two ends')
    model = TrainedModel.from_checkpoint(checkpoint)
    first, last = model.encode(np.stack([start, end]))
    return model.decode(np.linspace(first, last, steps))


def analogy(
    checkpoint: Checkpoint,
    start: Float[np.ndarray, ' points'],
    *,
    minus: Float[np.ndarray, ' points'],
    plus: Float[np.ndarray, ' points'],
) -> Float[np.ndarray, ' points']:
    """Return the radial distribution function at the latent point start − minus + plus.

    What differs between two crystals is so carried over to a third.

    :raises ValueError: if the checkpoint or the number of points does not fit.
    """
    model = TrainedModel.from_checkpoint(checkpoint)
    codes = model.encode(np.stack([start, minus, plus]))
    return model.decode(np.array([[1.0, -1.0, 1.0]]) @ codes)[0]
