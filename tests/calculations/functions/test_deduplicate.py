"""Tests of `aiida_crystalgen.calculations.functions.deduplicate`."""

import numpy as np
import pytest
from pymatgen.core import Lattice, Structure

from aiida_crystalgen.calculations.functions.deduplicate import deduplicate
from aiida_crystalgen.data.convert import crystals_from_node, node_from_crystals
from aiida_crystalgen.science.crystals import Column, CrystalSet
from aiida_crystalgen.science.structures import from_structures
from aiida_crystalgen.workflows.protocol import protocol_inputs

pytestmark = pytest.mark.usefixtures('aiida_profile')

DIAMOND = Structure.from_spacegroup('Fd-3m', Lattice.cubic(5.43), ['Si'], [[0, 0, 0]])
SIMPLE = Structure(Lattice.cubic(2.5), ['Si'], [[0, 0, 0]])


def distinct(labels: list[str], structures: list[Structure], **columns: list) -> CrystalSet:
    """Return what is left of the structures."""
    crystals = from_structures(structures, labels)
    added = {name: Column(np.array(values)) for name, values in columns.items()}
    node = node_from_crystals(crystals.with_columns(**added))
    settings = protocol_inputs('search')['duplicates']
    return crystals_from_node(deduplicate(structures=node, settings=settings)['distinct'])


THREE = ['graphite', 'diamond', 'cubic']


@pytest.mark.parametrize(
    ('energies', 'kept'),
    [
        ([-5.4001, -5.4, -5.1], ['diamond', 'cubic']),
        ([-5.5, -5.4, -5.1], ['graphite', 'cubic']),
        ([-5.3, -5.4, -5.1], ['diamond', 'cubic']),
    ],
)
def test_the_lowest_stands_for_its_group_or_the_one_that_moved_least(energies, kept):
    """Of copies as low the one of fewest steps is kept, a copy that is lower before all."""
    left = distinct(THREE, [DIAMOND, DIAMOND, SIMPLE], energy=energies, steps=[80, 3, 5])
    assert left['label'].tolist() == kept


def test_rows_lead_back_to_the_set():
    """The column row says which structure of the input each one is."""
    left = distinct(THREE, [DIAMOND, DIAMOND, SIMPLE], energy=[-5.3, -5.4, -5.1])
    assert left['row'].tolist() == [1, 2]


def test_rejected_structures_are_left_out():
    """What was rejected is no crystal to keep."""
    left = distinct(THREE, [DIAMOND, DIAMOND, SIMPLE], rejection=['', '', 'it fell apart'])
    assert left['label'].tolist() == ['graphite']
