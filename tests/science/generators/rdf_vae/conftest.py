"""Fixtures of the tests of the autoencoder: a few dozen simple crystals and a model of them."""

import numpy as np
import pytest

from aiida_crystalgen.science.crystals import Column, CrystalSet, concatenate
from aiida_crystalgen.science.generators.rdf_vae import RdfVae
from aiida_crystalgen.science.progress import silent

# Fractional coordinates in the cubic cell, and atoms per cell.
CUBIC = {
    'sc': [[0, 0, 0]],
    'bcc': [[0, 0, 0], [0.5, 0.5, 0.5]],
    'fcc': [[0, 0, 0], [0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]],
}


def stretched(name: str, volume: float, ratio: float) -> CrystalSet:
    """Return a cubic crystal of this volume per atom in Å³, elongated along c by ``ratio``."""
    sites = np.array(CUBIC[name], dtype=float)
    edge = (len(sites) * volume / ratio) ** (1 / 3)
    return CrystalSet(
        lattices=np.diag([edge, edge, edge * ratio])[None],
        fractional_coordinates=sites,
        atomic_numbers=np.full(len(sites), 14),
        counts=np.array([len(sites)]),
        columns={'label': Column(np.array([f'{name}-{volume}-{ratio}']))},
    )


@pytest.fixture(scope='session')
def crystals():
    """Return 24 crystals of three kinds."""
    return concatenate(
        [
            stretched(name, volume, ratio)
            for name in CUBIC
            for volume in (14.0, 20.0)
            for ratio in (1.0, 1.1, 1.25, 1.5)
        ]
    )


@pytest.fixture(scope='session')
def make_settings():
    """Return a factory of settings of a training that takes less than a second."""

    def factory(**changes):
        return {
            'rdf': {'cutoff': 6.0, 'points': 60, 'width': 0.1},
            'hidden': [24, 12],
            'latent': 2,
            'scale_floor': 0.01,
            'validation_fraction': 0.2,
            'epochs': 20,
            'batch_size': 4,
            'learning_rate': 0.003,
            'kl_weight': 1.0,
            'kl_warmup': 10,
            'replicas': {'grid': 5, 'confidence': 0.9},
            **changes,
        }

    return factory


@pytest.fixture(scope='session')
def train(crystals, make_settings):
    """Return a function that trains on the crystals with changed settings."""

    def function(training=crystals, seed=1, **changes):
        settings = make_settings(**changes)
        return RdfVae().train(training, settings, seed=seed, progress=silent)

    return function


@pytest.fixture(scope='session')
def checkpoint(train):
    """Return a model that has learned the crystals."""
    return train(epochs=400)
