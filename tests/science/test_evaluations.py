"""Results of single crystals, put together as a set."""

import numpy as np
import pytest

from aiida_crystalgen.science.crystals import Column
from aiida_crystalgen.science.evaluations import (
    Evaluation,
    assemble_evaluations,
    element_order,
)


@pytest.fixture
def evaluation():
    """Return the evaluation of a cube of eight atoms that was compressed by 1 GPa."""
    return Evaluation(
        lattice=5.5 * np.eye(3),
        fractional_coordinates=np.full((8, 3), 0.25),
        energy=-40.0,
        forces=np.tile([0.3, 0.0, 0.4], (8, 1)),
        stress=-np.eye(3),
    )


def test_evaluated_row_has_its_numbers(silicon, evaluation):
    """Energy is per atom, the largest force a norm, and a compressed crystal has a pressure."""
    found = assemble_evaluations(silicon(5.0, 5.0), {1: evaluation})
    assert found['energy'][1] == -5.0
    assert found['max_force'][1] == pytest.approx(0.5)
    assert found['pressure'][1] == pytest.approx(1.0)
    assert found['volume_change'][1] == pytest.approx(33.1)
    assert found.volumes[1] == pytest.approx(5.5**3)
    assert found['row'].tolist() == [0, 1]


def test_row_without_evaluation_keeps_its_geometry(silicon, evaluation):
    """It has no numbers but the change of its volume, and other columns are kept."""
    given = silicon(5.0, 5.2).with_columns(label=Column(np.array(['a', 'b'])))
    found = assemble_evaluations(given, {1: evaluation}, steps=np.array([3, 4]))
    np.testing.assert_array_equal(found.lattices[0], given.lattices[0])
    assert np.isnan([found['energy'][0], found['max_force'][0], found['pressure'][0]]).all()
    assert np.isnan(found.atom_columns['forces'].values[:8]).all()
    assert found['volume_change'][0] == 0
    assert found['label'].tolist() == ['a', 'b']
    assert found['steps'].tolist() == [3, 4]


def test_elements_are_grouped_in_the_order_of_their_appearance():
    """Atoms of one element stay in their order."""
    order = element_order(np.array([34, 50, 34, 8, 50]))
    assert order.tolist() == [0, 2, 1, 4, 3]
