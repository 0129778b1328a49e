"""Tests of `aiida_crystalgen.calculations.functions.extract`."""

import numpy as np
import pytest
from aiida import orm

from aiida_crystalgen.calculations.functions.extract import extract
from aiida_crystalgen.data.convert import node_from_crystals
from aiida_crystalgen.science.crystals import Column, CrystalSet

pytestmark = pytest.mark.usefixtures('aiida_profile')


@pytest.fixture
def alternating():
    """Return a crystal whose elements alternate along a."""
    positions = np.zeros((4, 3))
    positions[:, 0] = np.arange(4) / 4
    return CrystalSet(
        lattices=4 * np.eye(3)[None],
        fractional_coordinates=positions,
        atomic_numbers=np.array([34, 50, 34, 50]),
        counts=np.array([4]),
    )


def test_link_names_the_row(silicon):
    """The structure of row 1 is linked as such, and bears the label of the row."""
    crystals = silicon(5.2, 5.4).with_columns(label=Column(np.array(['small', 'large'])))
    results, node = extract.run_get_node(node_from_crystals(crystals).store(), orm.Int(1))
    assert list(results) == ['row_0001']
    assert results['row_0001'].label == 'large'
    assert results['row_0001'].get_cell_volume() == pytest.approx(5.4**3)
    assert node.inputs.row.value == 1


def test_atoms_are_grouped_by_element(alternating):
    """VASP would take each run of equal atoms for a species of its own."""
    structure = extract(node_from_crystals(alternating).store(), orm.Int(0))['row_0000']
    assert [site.kind_name for site in structure.sites] == ['Se', 'Se', 'Sn', 'Sn']
    np.testing.assert_allclose([site.position[0] for site in structure.sites], [0, 2, 1, 3])


@pytest.mark.parametrize('row', [-1, 2])
def test_row_that_is_not_there_is_refused(silicon, row):
    """The exit message names the row and the number of structures."""
    structures = node_from_crystals(silicon(5.2, 5.4)).store()
    _, node = extract.run_get_node(structures, orm.Int(row))
    assert node.exit_status == 410
    assert f'no row {row} in a set of 2 structures' in node.exit_message
