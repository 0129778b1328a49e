"""Laws of the search for nearest images."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from aiida_crystalgen.science.symmetry.images import (
    half_images,
    nearest_squares,
    oblique_axes,
    shortest_squares,
)
from aiida_crystalgen.science.symmetry.lattices import draw_metrics, lattice_vectors
from aiida_crystalgen.science.symmetry.random_numbers import crystal_seeds

SHIFTS = np.array(list(product(range(-4, 5), repeat=3)))


@pytest.mark.parametrize('group', [1, 5, 14, 16, 75, 143, 195])
def test_nearest_images_are_found(group):
    """Distances equal those of a search through 729 images, up to the reach asked for."""
    metrics = draw_metrics(
        crystal_seeds(2, 200).view(np.uint64), np.full(200, group), np.full(200, 9.0)
    )
    images = half_images(oblique_axes(group), reach=1.4)
    wrapped = np.random.default_rng(3).uniform(-0.5, 0.5, (3, 200, 50))
    found = nearest_squares(list(wrapped), metrics, images)
    vectors = lattice_vectors(metrics)
    for row in range(200):
        differences = wrapped[:, row].T[:, None] + SHIFTS
        squares = np.square(differences @ vectors[row]).sum(axis=-1).min(axis=1)
        limit = 1.4**2 * np.square(SHIFTS[SHIFTS.any(axis=1)] @ vectors[row]).sum(axis=1).min()
        near = squares < limit
        assert found[row, near] == pytest.approx(squares[near])
        assert (found[row, ~near] >= limit * (1 - 1e-9)).all()


@pytest.mark.parametrize('group', [1, 5, 16, 75, 143, 195])
def test_shortest_lattice_vectors_are_found(group):
    """They equal the shortest of 728 vectors."""
    metrics = draw_metrics(
        crystal_seeds(8, 100).view(np.uint64), np.full(100, group), np.full(100, 9.0)
    )
    found = shortest_squares(metrics, half_images(oblique_axes(group), reach=1.0))
    vectors = SHIFTS[SHIFTS.any(axis=1)] @ lattice_vectors(metrics)
    assert found == pytest.approx(np.square(vectors).sum(axis=-1).min(axis=1))


def test_perpendicular_axes_need_no_images():
    """Wrapping finds the nearest image in an orthorhombic, tetragonal or cubic cell."""
    assert not len(half_images(oblique_axes(62), reach=1.0))
    assert [len(half_images(oblique_axes(one), reach=1.0)) for one in (1, 14, 194)] == [13, 4, 4]
