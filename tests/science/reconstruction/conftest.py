"""Settings and fingerprints for the tests of reconstruction."""

import numpy as np
import pytest

from aiida_crystalgen.science.fingerprints.acsf import (
    AcsfSettings,
    SymmetryFunctions,
    symmetry_functions,
)
from aiida_crystalgen.science.reconstruction import (
    ReconstructionSettings,
    Targets,
    reconstruct,
)

SETTINGS = {
    'trials': 12,
    'draws': 4,
    'unsymmetric': 0.1,
    'most_copies': 4,
    'lattice_tolerance': 0.003,
    'packing': (0.3, 0.9),
    'hops': 2,
    'steps': 40,
    'race_steps': 15,
    'race_survivors': 4,
    'learning_rate': 0.1,
    'final_rate': 0.1,
    'hop': 0.3,
    'swaps': 0.5,
    'temperature': 0.0,
    'restarts': 0.25,
    'loss': 'absolute',
    'scale_floor': 0.5,
    'overlap': 0.6,
    'overlap_weight': 1.0,
    'polish_below': 0.01,
    'stop_below': 0.001,
    'valid_below': 0.03,
    'polish': 20,
}

FUNCTIONS = AcsfSettings(
    cutoff=5.0,
    radial_eta=(0.5, 4.0),
    radial_shift=(1.0, 2.0, 3.0, 4.0),
    angular_cutoff=5.0,
    angular_lambda=(),
    angular_zeta=(),
    angular_eta=(),
    angular_shift=(),
    per_species=True,
    pooling=(),
    quantiles=2,
)


@pytest.fixture
def settings():
    """Return a function that makes settings for a quick search."""
    return lambda **changes: ReconstructionSettings(**{**SETTINGS, **changes})


@pytest.fixture
def functions():
    """Return symmetry functions of sodium and chlorine."""
    return SymmetryFunctions(FUNCTIONS, (11, 17))


@pytest.fixture
def targets_of():
    """Return a function that makes targets of crystals, by default with their cells known."""

    def make(crystals, *, known='lattices', **others):
        fingerprints = symmetry_functions(crystals, FUNCTIONS, (11, 17))
        given = {known: getattr(crystals, known)} if known else {}
        return Targets(
            fingerprints, crystals.atomic_numbers, crystals.counts, **{**given, **others}
        )

    return make


@pytest.fixture
def caesium_chloride(crystal):
    """Return a function that makes a crystal of two kinds of atoms in a cubic or another cell."""
    return lambda lattice: crystal(lattice, [[0, 0, 0], [0.5, 0.5, 0.5]], [11, 17])


@pytest.fixture
def found(functions, settings):
    """Return a function that reconstructs targets."""
    return lambda targets, seed=0, scale=None, **changes: reconstruct(
        targets, functions, settings(**changes), scale=scale, seed=seed
    )


@pytest.fixture
def perturbed():
    """Return a function that displaces the atoms of crystals by up to some Å along each axis."""

    def move(crystals, size):
        generator = np.random.default_rng(0)
        return generator.uniform(-size, size, crystals.fractional_coordinates.shape)

    return move
