"""Fixtures of the tests of elasticity: classes of crystals, stiffnesses, and measured crystals."""

import numpy as np
import pytest
import spglib

from aiida_crystalgen.science.potentials.interface import load_potential
from aiida_crystalgen.science.relaxation import RelaxSettings, relax
from aiida_crystalgen.science.stability.elasticity import (
    ElasticSettings,
    judge_elasticity,
    strained_crystals,
)
from aiida_crystalgen.science.stability.elasticity.kelvin import from_kelvin
from aiida_crystalgen.science.stability.elasticity.point_group import allowed_stiffnesses

RELAX = {
    'freedom': 'ions',
    'pressure': 0.0,
    'fmax': 1e-4,
    'steps': 500,
    'batch_atoms': 64,
    'processes': 1,
    'save_every': 1000,
    'minimizer': 'bfgs',
    'bfgs': {'curvature': 35.0, 'strain_length': 1.0, 'longest_move': 0.2},
    'fire': {'time_step': 0.1, 'longest_time_step': 1.0, 'longest_move': 0.2},
    'limits': {
        'shortest_bond': 0.3,
        'smallest_volume': 0.1,
        'largest_expansion': 3.0,
        'largest_drop': 3.0,
    },
}
HALL_NUMBERS = {
    spglib.get_spacegroup_type(hall).number: hall for hall in range(530, 0, -1)
}  # of the first setting of each space group


@pytest.fixture(scope='session')
def point_group_of():
    """Return a function that gives the Cartesian point group of a space group's first setting."""

    def build(number):
        operations = spglib.get_symmetry_from_database(HALL_NUMBERS[number])['rotations']
        operations = np.unique(operations, axis=0).astype(float)
        metric = np.array([[1.0, 0.2, 0.1], [0.2, 1.3, 0.3], [0.1, 0.3, 1.7]])
        metric = (operations.mT @ metric @ operations).mean(axis=0)
        lattice = np.linalg.cholesky(metric)  # a along x, b in the plane of x and y
        return lattice.T @ operations @ np.linalg.inv(lattice.T)

    return build


@pytest.fixture(scope='session')
def random_stiffness(point_group_of):
    """Return a function that makes a stiffness of a space group with eigenvalues around some."""

    def build(number, generator, shift=0.0):
        allowed = allowed_stiffnesses(point_group_of(number))
        matrix = generator.normal(size=(6, 6), scale=30) + shift * np.eye(6)
        constants = np.einsum('kab,ab->k', allowed, matrix)
        return from_kelvin(np.einsum('k,kab->ab', constants, allowed))

    return build


@pytest.fixture
def make_settings():
    """Return a function that makes settings, with some of them changed."""

    def make(**changes):
        return ElasticSettings.parse(
            {
                'magnitudes': [0.005],
                'symmetry_tolerance': 0.01,
                'largest_residual_stress': 1.0,
                'largest_misfit': 0.3,
                'engines': {},
                **changes,
            }
        )

    return make


@pytest.fixture(scope='session')
def relax_with():
    """Return a function that relaxes crystals with a classical potential."""

    def run(crystals, potential='stillinger-weber', **changes):
        settings = RelaxSettings.parse({**RELAX, **changes})
        relaxed = relax(crystals, load_potential(potential), settings)
        return relaxed.with_columns(row=np.arange(len(relaxed)))

    return run


@pytest.fixture
def measure(relax_with, make_settings):
    """Return a function that judges a relaxed crystal."""

    def run(crystals, potential='stillinger-weber', **changes):
        settings = make_settings(**changes)
        strained = strained_crystals(crystals, settings)
        return judge_elasticity(strained, relax_with(strained, potential), settings)

    return run
