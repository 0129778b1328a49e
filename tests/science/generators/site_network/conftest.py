"""Fixtures of the tests of the network of sites: simple compounds and a model of them."""

from pathlib import Path

import numpy as np
import pytest
import yaml

import aiida_crystalgen.workflows
from aiida_crystalgen.science.crystals import Column, CrystalSet, concatenate
from aiida_crystalgen.science.generators.site_network import (
    SiteNetwork,
    conclusion,
    generator,
)
from aiida_crystalgen.science.progress import silent

FCC = np.array([[0, 0, 0], [0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]])
CUBIC = {  # fractional coordinates and kinds of the atoms in the cubic cell
    'rock salt': (np.concatenate([FCC, FCC + 0.5]), [0] * 4 + [1] * 4),
    'zinc blende': (np.concatenate([FCC, FCC + 0.25]), [0] * 4 + [1] * 4),
    'CsCl': (np.array([[0, 0, 0], [0.5, 0.5, 0.5]]), [0, 1]),
    'fluorite': (np.concatenate([FCC, FCC + 0.25, FCC - 0.25]), [0] * 4 + [1] * 8),
    'fcc': (FCC, [0] * 4),
}
MEMBERS = {
    'rock salt': [(11, 17), (19, 17), (12, 8), (20, 8), (57, 33), (3, 9), (37, 35), (38, 16)],
    'zinc blende': [(30, 16), (31, 33), (49, 51), (48, 34), (13, 15), (30, 52), (31, 15), (5, 7)],
    'CsCl': [(55, 17), (55, 35), (13, 28), (30, 29), (12, 47), (55, 53), (22, 28), (39, 29)],
    'fluorite': [(20, 9), (38, 9), (58, 8), (92, 8), (56, 9), (90, 8), (82, 9), (48, 9)],
    'fcc': [(29,), (47,), (79,), (28,), (46,), (78,), (13,), (82,)],
}


def cubic_crystal(kind, elements, edge):
    """Return one crystal of a simple structure type."""
    places, kinds = CUBIC[kind]
    return CrystalSet(
        lattices=edge * np.eye(3)[None],
        fractional_coordinates=np.asarray(places, dtype=float),
        atomic_numbers=np.array(elements)[kinds],
        counts=np.array([len(places)]),
        columns={'label': Column(np.array([kind]))},
    )


@pytest.fixture(scope='session')
def compounds():
    """Return some forty compounds of five structure types, of different sizes."""
    return concatenate(
        [
            cubic_crystal(kind, elements, 4.0 + 0.02 * sum(elements))
            for kind, members in MEMBERS.items()
            for elements in members
        ]
    )


@pytest.fixture(scope='session')
def types(compounds):
    """Return one compound of each structure type."""
    return compounds.select(np.unique(compounds['label'], return_index=True)[1])


@pytest.fixture(scope='session', autouse=True)
def small_library(types):
    """Let the library hold nothing but these types, whose fingerprints take no time."""
    with pytest.MonkeyPatch.context() as patch:
        for module in (conclusion, generator):
            patch.setattr(module, 'prototype_templates', lambda: types)
        yield


@pytest.fixture(scope='session')
def make_settings():
    """Return a factory of settings of a training that takes seconds."""
    folder = Path(aiida_crystalgen.workflows.__file__).parent / 'protocols' / 'train'
    protocol = yaml.safe_load((folder / 'site_network.yaml').read_text())['default_inputs']
    small = {
        'sites': {**protocol['sites'], 'cutoff': 3.0, 'bins': 256, 'points': 64, 'window': 32},
        'invariant': {'scalars': 8, 'vectors': 4, 'floor': 0.02, 'lengths': 4, 'hidden': [16]},
        'convolutional': {'channels': [4, 8], 'layers': 2, 'kernel': 3, 'stride': 4},
        'latent': 8,
        'sigmoid_hidden': [16],
        'softmax_hidden': [16],
        'distance_functions': 8,
        'epochs': 4,
        'epochs_per_orientation': 2,
        'batch_size': 16,
        'validation': 0.2,
        'evaluation_orientations': 1,
    }
    return lambda **changes: {**protocol, **small, **changes}


@pytest.fixture(scope='session')
def train(compounds, make_settings):
    """Return a function that trains on the compounds with changed settings."""

    def function(training=compounds, seed=1, **changes):
        return SiteNetwork().train(training, make_settings(**changes), seed=seed, progress=silent)

    return function


@pytest.fixture(scope='session')
def checkpoint(train):
    """Return a model that has learned the compounds."""
    return train()
