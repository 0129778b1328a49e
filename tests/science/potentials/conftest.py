"""Fixtures of the tests of the potentials."""

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk

from aiida_crystalgen.science.crystals import CrystalSet


@pytest.fixture
def shaken():
    """Return a function that strains a crystal and displaces its atoms, the same each time."""

    def build(symbol: str, repeats=(1, 1, 1), seed: int = 0, **lattice) -> Atoms:
        atoms = bulk(symbol, **lattice).repeat(repeats)
        generator = np.random.default_rng(seed)
        atoms.set_cell(
            atoms.cell.array @ (np.eye(3) + generator.normal(scale=0.03, size=(3, 3))),
            scale_atoms=True,
        )
        atoms.positions += generator.normal(scale=0.1, size=atoms.positions.shape)
        return atoms

    return build


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
