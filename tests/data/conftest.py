"""Fixtures of the tests of the nodes."""

import numpy as np
import pytest

from aiida_crystalgen.science.checkpoint import Checkpoint
from aiida_crystalgen.science.crystals import Column, CrystalSet


@pytest.fixture
def make_crystals():
    """Return a factory of sets of random crystals that have columns of every kind."""

    def factory(number: int, atoms: int = 8, numbers: tuple[int, ...] = (34, 50)) -> CrystalSet:
        random = np.random.default_rng(7)
        return CrystalSet(
            lattices=5 * np.eye(3) + random.normal(scale=0.1, size=(number, 3, 3)),
            fractional_coordinates=random.random((number * atoms, 3)),
            atomic_numbers=np.tile(np.resize(numbers, atoms), number),
            counts=np.full(number, atoms),
            columns={
                'energy': Column(np.where(np.arange(number) % 2, -1.5, np.nan), 'eV/atom'),
                'label': Column(np.array([f'Å-{row}' for row in range(number)], dtype=np.str_)),
                'fingerprint': Column(random.random((number, 5)).astype(np.float32)),
                'converged': Column(np.arange(number) % 3 == 0),
                'seed': Column(np.arange(number, dtype=np.int64)),
            },
            atom_columns={'forces': Column(random.random((number * atoms, 3)), 'eV/Å')},
            metadata={'source': {'kind': 'test'}, 'engine': {'name': 'emt', 'version': '1'}},
        )

    return factory


@pytest.fixture
def checkpoint():
    """Return a small checkpoint."""
    return Checkpoint(
        method='rdf_vae',
        weights={'decoder': np.ones((3, 4), np.float32), 'mean': np.zeros(5)},
        settings={'latent': 2, 'width': 0.1},
        summary={'crystals': 40, 'final_loss': 0.25, 'losses': [1.0, 0.25], 'statistics': {}},
    )
