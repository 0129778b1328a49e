"""Sets of crystals of which only composition and energy matter."""

import numpy as np
import pytest
from pymatgen.core import Composition

from aiida_crystalgen.science.crystals import Column, CrystalSet

ENGINE = {'name': 'test', 'package': 'none', 'version': '1'}


@pytest.fixture
def make():
    """Return a function that makes a set from formulas and energies in eV/atom."""

    def build(entries, engine=ENGINE):
        atoms = [
            [
                element.Z
                for element, amount in Composition(formula).items()
                for _ in range(int(amount))
            ]
            for formula, _ in entries
        ]
        counts = np.array([len(one) for one in atoms], dtype=np.int64)
        crystals = CrystalSet(
            lattices=np.tile(np.eye(3), (len(counts), 1, 1)),
            fractional_coordinates=np.zeros((counts.sum(), 3)),
            atomic_numbers=np.array([number for one in atoms for number in one], dtype=np.int64),
            counts=counts,
            columns={'energy': Column(np.array([energy for _, energy in entries]), 'eV/atom')},
        )
        return crystals if engine is None else crystals.with_metadata(engine=engine)

    return build
