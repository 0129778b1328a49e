"""Fixtures of the tests of the conditional autoencoder: small crystals and a model of them."""

import numpy as np
import pytest

from aiida_crystalgen.science.crystals import Column, CrystalSet, concatenate
from aiida_crystalgen.science.generators.acsf_cvae import AcsfCvae
from aiida_crystalgen.science.generators.interface import Request
from aiida_crystalgen.science.progress import silent

# Fractional coordinates in the cubic cell.
CUBIC = {
    'sc': [[0, 0, 0]],
    'bcc': [[0, 0, 0], [0.5, 0.5, 0.5]],
}


def stretched(name: str, volume: float, ratio: float, number: int) -> CrystalSet:
    """Return a crystal of this volume per atom in Å³, elongated along c, whose corners differ.

    The property 'size' is the volume per atom, 'shape' the elongation.
    """
    sites = np.array(CUBIC[name], dtype=float)
    edge = (len(sites) * volume / ratio) ** (1 / 3)
    numbers = np.full(len(sites), 14)
    numbers[-1] = number
    return CrystalSet(
        lattices=np.diag([edge, edge, edge * ratio])[None],
        fractional_coordinates=sites,
        atomic_numbers=numbers,
        counts=np.array([len(sites)]),
        columns={
            'label': Column(np.array([f'{name}-{volume:g}-{ratio:g}-{number}'])),
            'size': Column(np.array([volume]), 'Å³'),
            'shape': Column(np.array([ratio])),
        },
    )


@pytest.fixture(scope='session')
def crystals():
    """Return 60 crystals of one or two atoms, of silicon, germanium and both."""
    return concatenate(
        [
            stretched(name, volume, ratio, number)
            for name in CUBIC
            for volume in (14.0, 15.5, 17.0, 18.5, 20.0)
            for ratio in (1.0, 1.1, 1.2)
            for number in (14, 32)
        ]
    )


@pytest.fixture(scope='session')
def clusters():
    """Return 30 rectangles of silicon of many sizes, which do not repeat."""
    random = np.random.default_rng(0)
    sizes = random.uniform(2.3, 2.9, (30, 2))
    corners = np.array([[0, 0, 0], [0, 1, 0], [1, 0, 0], [1, 1, 0]])
    flat = np.column_stack([sizes, np.ones(30)])
    return CrystalSet(
        lattices=np.tile(15 * np.eye(3), (30, 1, 1)),
        fractional_coordinates=(0.4 + corners * flat[:, None] / 15).reshape(-1, 3),
        atomic_numbers=np.full(120, 14),
        counts=np.full(30, 4),
        columns={'size': Column(sizes.prod(axis=1), 'Å²')},
        periodic=False,
    )


@pytest.fixture(scope='session')
def make_settings():
    """Return a factory of settings of a training that takes a second."""

    def factory(**changes):
        return {
            'acsf': {
                'cutoff': 5.0,
                'radial_eta': [1.0],
                'radial_shift': [2.0, 3.0, 4.0],
                'angular_cutoff': 4.0,
                'angular_lambda': [-1, 1],
                'angular_zeta': [1],
                'angular_eta': [0.05],
                'angular_shift': [0.0],
                'per_species': False,
                'pooling': ['mean', 'maximum'],
                'quantiles': 0,
            },
            'properties': ['size'],
            'scaling': 'logarithmic',
            'scale_floor': 0.01,
            'hidden': [24, 16],
            'latent': 3,
            'validation_fraction': 0.2,
            'epochs': 6,
            'batch_size': 8,
            'learning_rate': 0.003,
            'final_learning_rate': 0.1,
            'weight_decay': 0.001,
            'kl_weight': 0.1,
            'kl_warmup': 2,
            'surrogate': {
                'members': 3,
                'hidden': [16],
                'epochs': 4,
                'batch_size': 8,
                'learning_rate': 0.003,
                'final_learning_rate': 0.1,
                'weight_decay': 0.01,
            },
            'references': 500,
            **changes,
        }

    return factory


@pytest.fixture(scope='session')
def make_proposing():
    """Return a factory of settings of proposing that take a fraction of a second."""

    def factory(reconstruction=None, **changes):
        return {
            'draws': 20,
            'attempts': 2,
            'latents': 'posterior',
            'temperature': 1.0,
            'tolerance_share': 0.8,
            'deviation_share': 1.0,
            'quantile': 1.0,
            'compositions': 'requested',
            'cell': 'nearest',
            'start': 'random',
            'templates': 1,
            'reach': 1.0,
            'margin': 1.0,
            'reconstruction': {
                'trials': 4,
                'draws': 2,
                'unsymmetric': 1.0,
                'most_copies': 1,
                'lattice_tolerance': 1e-3,
                'packing': [0.3, 0.7],
                'hops': 1,
                'steps': 15,
                'learning_rate': 0.1,
                'final_rate': 0.1,
                'hop': 0.5,
                'swaps': 0.0,
                'race_steps': 8,
                'race_survivors': 2,
                'temperature': 0.0,
                'restarts': 0.25,
                'loss': 'absolute',
                'scale_floor': 0.01,
                'overlap': 0.0,
                'overlap_weight': 0.0,
                'polish_below': 0.02,
                'stop_below': 0.01,
                'valid_below': 0.5,
                'polish': 0,
                **(reconstruction or {}),
            },
            **changes,
        }

    return factory


@pytest.fixture(scope='session')
def make_request(make_proposing):
    """Return a factory of requests."""

    def factory(proposing=None, **changes):
        return Request.parse(
            {
                'composition': 'SiGe',
                'formula_units': [1],
                'cell': 'primitive',
                'candidates': 6,
                'volume_per_atom': 17.0,
                'volume_tolerance': 0.3,
                'distances': {'Si-Si': 1.5, 'Si-Ge': 1.5, 'Ge-Ge': 1.5},
                'attempts': 1,
                'targets': [{'property': 'size', 'values': [15.0, 19.0], 'tolerance': 1.5}],
                'proposing': make_proposing(**(proposing or {})),
                **changes,
            }
        )

    return factory


@pytest.fixture(scope='session')
def train(crystals, make_settings):
    """Return a function that trains on the crystals with changed settings."""

    def function(training=crystals, seed=1, **changes):
        settings = make_settings(**changes)
        return AcsfCvae().train(training, settings, seed=seed, progress=silent)

    return function


@pytest.fixture(scope='session')
def checkpoint(train, make_settings):
    """Return a model that has learned the crystals."""
    surrogate = {**make_settings()['surrogate'], 'epochs': 150}
    return train(epochs=150, surrogate=surrogate)
