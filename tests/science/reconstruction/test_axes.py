"""Conventional axes of given lattices."""

import numpy as np
import pytest

from aiida_crystalgen.science.reconstruction.axes import conventional_axes, kind_of_lattice
from aiida_crystalgen.science.symmetry.lattices import (
    draw_metrics,
    lattice_vectors,
    primitive_basis,
)
from aiida_crystalgen.science.symmetry.random_numbers import fold, root_key

GROUPS = [1, 3, 5, 16, 20, 22, 23, 38, 75, 79, 143, 146, 195, 196, 197]


def mixed(lattice, generator):
    """Return other vectors of a lattice."""
    change = np.eye(3)
    for _ in range(4):
        first, second = generator.permutation(3)[:2]
        change[first] += generator.integers(-1, 2) * change[second]
    return change @ lattice


@pytest.mark.parametrize('group', GROUPS)
def test_axes_are_found_in_any_primitive_cell(group):
    """The metric of the conventional axes is among those of its primitive lattice."""
    keys, groups = fold(root_key(0, 0), np.arange(5)), np.full(5, group)
    for conventional in lattice_vectors(draw_metrics(keys, groups, np.full(5, 100.0))):
        cell = mixed(primitive_basis(group) @ conventional, np.random.default_rng(0))
        found = conventional_axes(cell, 1, 1e-3)[kind_of_lattice(group)]
        metrics = [one.to_cell @ cell @ cell.T @ one.to_cell.T for one in found]
        if group > 15:
            wanted = conventional @ conventional.T
            assert min(np.abs(metric - wanted).max() for metric in metrics) < 1e-8
        assert metrics


@pytest.mark.parametrize(('copies', 'lattices'), [(1, 1), (2, 7), (3, 13), (4, 35)])
def test_number_of_finer_lattices(copies, lattices):
    """There are as many lattices with n points per cell as sublattices of index n."""
    axes = conventional_axes(np.diag([3.0, 4.0, 5.0]), copies, 1e-3)[kind_of_lattice(1)]
    assert len(axes) == lattices
    assert {one.shifts.shape for one in axes} == {(copies, 3)}


@pytest.mark.parametrize(('system', 'number'), [(16, 6), (75, 0), (195, 0), (3, 6)])
def test_axes_of_an_orthorhombic_cell(system, number):
    """Three different right-angled edges can be named in six orders, and are nothing higher."""
    axes = conventional_axes(np.diag([3.0, 4.0, 5.0]), 1, 1e-3)[kind_of_lattice(system)]
    edges = {tuple(np.linalg.norm(one.to_cell @ np.diag([3.0, 4.0, 5.0]), axis=1)) for one in axes}
    assert len({edge for edge in edges if set(np.round(edge, 6)) == {3, 4, 5}}) == number
