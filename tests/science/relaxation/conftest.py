"""Fixtures of the tests of the relaxation."""

import numpy as np
import pytest
from ase import Atoms

from aiida_crystalgen.science.crystals import CrystalSet
from aiida_crystalgen.science.potentials.interface import Evaluation, load_potential
from aiida_crystalgen.science.relaxation import RelaxSettings


@pytest.fixture
def make_settings():
    """Return a function that makes settings, with some of them changed."""

    def make(**changes):
        return RelaxSettings.parse(
            {
                'freedom': 'cell',
                'pressure': 0.0,
                'fmax': 0.01,
                'steps': 300,
                'batch_atoms': 64,
                'processes': 1,
                'save_every': 1,
                'minimizer': 'bfgs',
                'bfgs': {'curvature': 35.0, 'strain_length': 1.0, 'longest_move': 0.2},
                'fire': {'time_step': 0.1, 'longest_time_step': 1.0, 'longest_move': 0.2},
                'limits': {
                    'shortest_bond': 0.7,
                    'smallest_volume': 0.3,
                    'largest_expansion': 3.0,
                    'largest_drop': 3.0,
                },
                **changes,
            }
        )

    return make


@pytest.fixture(scope='session')
def silicon():
    """Return the Stillinger–Weber potential."""
    return load_potential('stillinger-weber')


@pytest.fixture
def random_silicon():
    """Return a function that makes silicon crystals of 1 to 4 atoms, strained and displaced."""

    def make(number, amplitude=0.2):
        generator = np.random.default_rng(3)
        counts = generator.choice([1, 2, 4], number)
        lattices = np.array([np.diag([2.7 * count, 2.7, 2.7]) for count in counts])
        lattices = lattices @ (np.eye(3) + generator.normal(scale=0.08, size=(number, 3, 3)))
        chains = np.concatenate([np.arange(count) / count for count in counts])
        fractions = np.stack([chains, chains * 0, chains * 0], axis=1)
        noise = generator.normal(scale=amplitude, size=fractions.shape)
        noise = np.einsum('ai,aij->aj', noise, np.linalg.inv(np.repeat(lattices, counts, axis=0)))
        numbers = np.full(len(chains), 14)
        return CrystalSet(lattices, fractions + noise, numbers, counts)

    return make


@pytest.fixture
def to_crystals():
    """Return a function that makes a set of crystals from ASE's objects."""

    def build(*crystals: Atoms) -> CrystalSet:
        return CrystalSet(
            lattices=np.array([one.cell.array for one in crystals]),
            fractional_coordinates=np.concatenate(
                [one.cell.scaled_positions(one.positions) for one in crystals]
            ),
            atomic_numbers=np.concatenate([one.numbers for one in crystals]).astype(np.int64),
            counts=np.array([len(one) for one in crystals]),
        )

    return build


@pytest.fixture
def pressing():
    """Return a function that makes a potential with nothing but a stress, the same for all."""

    class Pressing:
        """A potential whose energy is −pressure × volume, without a lower bound."""

        name = 'pressing'
        engine = {'name': 'pressing', 'package': 'none', 'version': '0'}  # noqa: RUF012

        def __init__(self, stress):
            self.stress = stress

        def evaluate(self, crystals):
            """Return energies with this slope."""
            return Evaluation(
                energies=self.stress * crystals.volumes,
                forces=np.zeros_like(crystals.fractional_coordinates),
                stresses=np.tile(self.stress * np.eye(3), (len(crystals), 1, 1)),
            )

    return Pressing
