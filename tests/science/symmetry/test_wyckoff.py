"""Laws of the table of Wyckoff positions."""

from __future__ import annotations

import sys
from subprocess import run

import numpy as np
import pytest
from pymatgen.symmetry.groups import SpaceGroup

from aiida_crystalgen.science.symmetry.wyckoff import GROUPS, wyckoff_table


@pytest.mark.parametrize('group', [*range(1, 195, 9), 43, 70, 146, 167, 196, 205, 214, 221, 227])
def test_groups_have_the_order_of_the_tables(group):
    """General multiplicities agree with pymatgen's, also in centred groups."""
    assert len(wyckoff_table().operations(group)) == SpaceGroup.from_int_number(group).order


@pytest.mark.parametrize('group', [2, 15, 41, 70, 142, 167, 194, 225, 230])
def test_positions_agree_with_pyxtal(group):
    """Labels, degrees of freedom and points are those of PyXtal's own objects."""
    from pyxtal.symmetry import Group

    table = wyckoff_table()
    for position, theirs in zip(table.positions(group), Group(group), strict=True):
        assert table.labels[position] == theirs.get_label().split()[0]
        assert table.freedoms[position] == theirs.get_dof()
        maps = table.maps[table.map_bounds[position] : table.map_bounds[position + 1]]
        ops = np.array([op.affine_matrix[:3] for op in theirs.ops[: len(maps)]])
        np.testing.assert_allclose(maps, ops, atol=1e-12)


def test_points_are_copies_of_the_representative():
    """Every point of every position is an image of its first under an operation of the group."""
    table = wyckoff_table()
    parameters = np.array([0.1234, 0.5678, 0.9101, 1.0])
    for group in GROUPS:
        operations = table.operations(group)
        for position in table.positions(group):
            bounds = slice(*table.map_bounds[position : position + 2])
            points = table.maps[bounds] @ parameters
            images = operations[:, :, :3] @ points[0] + operations[:, :, 3]
            gaps = points[:, None] - images
            assert np.abs(gaps - np.rint(gaps)).max(axis=2).min(axis=1).max() < 1e-9


def test_compatibility_is_known_without_heavy_imports():
    """Asking which groups can hold atoms costs none of the seconds that other packages load."""
    code = (
        'import sys; from aiida_crystalgen.science.symmetry import compatibility as module;'
        "module.compatible_space_groups([8], 'conventional');"
        "sys.exit(not {'pyxtal', 'pymatgen', 'scipy', 'torch', 'ase'}.isdisjoint(sys.modules))"
    )
    assert run([sys.executable, '-c', code], check=False).returncode == 0
