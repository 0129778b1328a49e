"""Settings and simple crystals for the tests of metrics."""

import numpy as np
import pytest

from aiida_crystalgen.science.crystals import CrystalSet
from aiida_crystalgen.science.metrics.settings import EvaluationSettings

SETTINGS = {
    'structure': {'shortest_distance': 0.5, 'smallest_volume': 0.1},
    'coverage': {'structure': 0.4, 'composition': 10.0, 'smallest_deviation': 0.1},
    'sample': 100,
    'matching': {
        'length_tolerance': 0.3,
        'site_tolerance': 0.5,
        'angle_tolerance': 10.0,
        'scale': True,
    },
    'duplicates': {
        'length_tolerance': 0.2,
        'site_tolerance': 0.3,
        'angle_tolerance': 5.0,
        'scale': True,
        'fingerprint_distance': 0.2,
        'cluster_tolerance': 0.3,
    },
    'symmetry_tolerance': 0.01,
    'activations': None,
}


@pytest.fixture
def settings():
    """Return a function that makes settings, some of them changed."""
    return lambda **changes: EvaluationSettings.parse({**SETTINGS, **changes})


@pytest.fixture
def rock_salts():
    """Return a function that makes primitive rock salts of pairs of elements and edges in Å."""

    def make(*pairs, edge=5.6):
        number = len(pairs)
        cell = edge / 2 * np.array([[0.0, 1, 1], [1, 0, 1], [1, 1, 0]])
        return CrystalSet(
            lattices=np.tile(cell, (number, 1, 1)),
            fractional_coordinates=np.tile([[0.0, 0, 0], [0.5, 0.5, 0.5]], (number, 1)),
            atomic_numbers=np.array(pairs, dtype=np.int64).reshape(-1),
            counts=np.full(number, 2),
        )

    return make
