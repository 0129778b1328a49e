"""Laws that both minimisers keep, and those of BFGS alone."""

import numpy as np
import pytest

from aiida_crystalgen.science.relaxation.bfgs import Bfgs
from aiida_crystalgen.science.relaxation.fire import Fire

SIZES = np.array([4, 5, 4, 7])


@pytest.fixture(params=[Fire, Bfgs])
def make(request, make_settings):
    """Return a function that makes a minimiser of systems with these numbers of rows."""

    def build(sizes):
        settings = make_settings()
        return request.param(sizes, settings.fire if request.param is Fire else settings.bfgs)

    return build


def follow(minimizer, systems, sizes, steps=40):
    """Return the rows of these systems after some steps towards the origin of stiff springs."""
    rows = [np.random.default_rng(system).normal(size=(sizes[system], 3)) for system in systems]
    rows = np.concatenate(rows)
    stiffness = np.concatenate([np.linspace(1, 20, sizes[system]) for system in systems])[:, None]
    for _ in range(steps):
        rows = rows + minimizer.moves(np.array(systems), -stiffness * rows)
    return rows


def test_systems_do_not_know_of_each_other(make):
    """A system moves the same, bit for bit, alone and among others."""
    together = np.split(follow(make(SIZES), [0, 1, 2, 3], SIZES), np.cumsum(SIZES)[:-1])
    for system in range(4):
        alone = follow(make(SIZES), [system], SIZES)
        np.testing.assert_array_equal(alone, together[system])


def test_a_minimum_is_found(make):
    """Springs come to rest at their origin."""
    assert np.abs(follow(make(SIZES), [0, 1, 2, 3], SIZES, steps=200)).max() < 1e-3


def test_no_step_is_longer_than_allowed(make):
    """However large the force, no row moves farther than 0.2 Å."""
    minimizer = make(SIZES)
    for _ in range(3):
        moves = minimizer.moves(np.array([1]), np.full((5, 3), 1e6))
        atoms = np.sqrt((moves[:2] ** 2).sum(axis=1))
        assert 0.05 < atoms.max() <= 0.2 + 1e-12


def test_without_forces_nothing_moves(make):
    """A system at rest in its minimum stays there, and no number is lost."""
    minimizer = make(SIZES)
    for _ in range(3):
        np.testing.assert_array_equal(minimizer.moves(np.array([0]), np.zeros((4, 3))), 0)


def test_systems_join_and_leave(make):
    """A system that joins later moves as it would have from the start."""
    minimizer = make(SIZES)
    follow(minimizer, [0, 1], SIZES, steps=5)
    joined = follow(minimizer, [1, 3], SIZES, steps=1)[SIZES[1] :]
    np.testing.assert_array_equal(joined, follow(make(SIZES), [3], SIZES, steps=1))


def test_bfgs_leaves_a_saddle_for_a_minimum(make_settings):
    """From the saddle of the double well (x² − 1)² + y² it finds a well."""
    minimizer = Bfgs(np.array([4]), make_settings().bfgs)
    rows = np.zeros((4, 3))
    rows[0] = 0.01, 0.5, 0
    for _ in range(60):
        x, y, z = rows[0]
        forces = np.zeros((4, 3))
        forces[0] = 4 * x * (1 - x**2), -2 * y, -2 * z
        rows = rows + minimizer.moves(np.array([0]), forces)
    np.testing.assert_allclose(np.abs(rows[0]), [1, 0, 0], atol=1e-3)


@pytest.mark.parametrize('atoms', [1, 4, 16])
def test_bfgs_strains_cells_of_all_sizes_alike(atoms, make_settings):
    """The first strain of a cell does not depend on how often the cell is repeated."""
    minimizer = Bfgs(np.array([atoms + 3]), make_settings().bfgs)
    forces = np.zeros((atoms + 3, 3))
    forces[atoms] = 0.1, 0, 0  # per atom, as flights give them: the virial grows with the cell
    strain = minimizer.moves(np.array([0]), forces)[atoms, 0] / atoms
    assert strain == pytest.approx(0.1 / 35)
