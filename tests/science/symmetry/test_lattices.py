"""Laws of the random lattices."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from aiida_crystalgen.science.symmetry.lattices import (
    draw_metrics,
    lattice_vectors,
    primitive_basis,
)
from aiida_crystalgen.science.symmetry.random_numbers import crystal_seeds
from aiida_crystalgen.science.symmetry.wyckoff import GROUPS, wyckoff_table


@pytest.fixture
def metrics():
    """Return a function that draws one metric tensor for each space group."""

    def build(groups, volume=100.0):
        keys = crystal_seeds(5, len(groups)).view(np.uint64)
        return draw_metrics(keys, np.array(groups), np.full(len(groups), volume))

    return build


def test_every_operation_keeps_lengths(metrics):
    """The rotations of each group leave its metric tensor unchanged."""
    vectors = lattice_vectors(metrics(list(GROUPS)))
    for group, rows in zip(GROUPS, vectors, strict=True):
        tensor = rows @ rows.T
        rotations = wyckoff_table().operations(group)[:, :, :3]
        turned = np.swapaxes(rotations, 1, 2) @ tensor @ rotations
        np.testing.assert_allclose(turned, np.broadcast_to(tensor, turned.shape), atol=1e-9)


def test_lattices_have_no_more_symmetry_than_asked(metrics):
    """Free edges and angles differ from each other and from right angles."""
    vectors = lattice_vectors(metrics([1, 3, 16, 75]))
    edges = np.linalg.norm(vectors, axis=2)
    assert len(set(edges[:3].ravel().round(6))) == 9
    assert edges[3, 0] == pytest.approx(edges[3, 1])
    assert abs(edges[3, 2] / edges[3, 0] - 1) > 1e-3


def test_volumes_are_those_asked_for(metrics):
    """The determinant is the volume, and the basis is right-handed."""
    vectors = lattice_vectors(metrics(list(GROUPS), volume=73.5))
    np.testing.assert_allclose(np.linalg.det(vectors), 73.5, rtol=1e-10)


def test_triclinic_cells_are_reduced(metrics):
    """No combination of lattice vectors is shorter than the basis vectors it could replace."""
    for rows in lattice_vectors(metrics([1] * 300)):
        lengths = np.linalg.norm(rows, axis=1)
        for steps in product(range(-2, 3), repeat=3):
            last = max((axis for axis in range(3) if steps[axis]), default=None)
            if last is not None and abs(steps[last]) == 1:
                assert np.linalg.norm(np.array(steps) @ rows) >= lengths[last] * (1 - 1e-9)


def test_monoclinic_angles_are_obtuse_and_any_axis_may_be_the_longest(metrics):
    """β is at least 90°, and a is longer than c about as often as shorter."""
    rows = lattice_vectors(metrics([14] * 2000))
    a, c = rows[:, 0], rows[:, 2]
    assert np.einsum('ij,ij->i', a, c).max() <= 0
    is_longer = np.linalg.norm(a, axis=1) > np.linalg.norm(c, axis=1)
    assert is_longer.mean() == pytest.approx(0.5, abs=0.05)


def test_a_lattice_does_not_depend_on_its_batch(metrics):
    """Bit for bit the same, alone or among others."""
    groups = list(GROUPS)
    keys, volumes = crystal_seeds(5, 230).view(np.uint64), np.full(230, 100.0)
    together = metrics(groups)
    for row in range(230):
        one = slice(row, row + 1)
        alone = draw_metrics(keys[one], np.array(groups[one]), volumes[one])
        assert np.array_equal(alone[0], together[row])


@pytest.mark.parametrize('group', [1, 5, 23, 22, 38, 146, 225])
def test_primitive_bases_generate_the_centring(group):
    """Lattice points of the conventional cell have whole coordinates in the primitive one."""
    table, basis = wyckoff_table(), primitive_basis(group)
    assert 1 / np.linalg.det(basis) == pytest.approx(table.centrings[group])
    points = np.concatenate([np.eye(3), table.translations[group]]) @ np.linalg.inv(basis)
    np.testing.assert_allclose(points, np.rint(points), atol=1e-12)
