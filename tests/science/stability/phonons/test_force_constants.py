"""Laws of force constants that are fitted to forces."""

import numpy as np
import pytest

from aiida_crystalgen.science.stability.phonons.force_constants import (
    fit_force_constants,
    harmonic_crystal,
)
from aiida_crystalgen.science.stability.phonons.spectrum import modes_at

Q_POINTS = np.array([[0.0, 0, 0], [0.5, 0, 0], [0.5, 0.5, 0.5], [0.1, 0.2, 0.3]])
THZ = 15.633302  # of one eV/(Å² amu), √(e/amu) · 10¹⁰ / 2π · 10⁻¹²


def test_springs_have_their_frequencies(springs):
    """A simple cubic crystal of springs k has m ω² = 2 k Σ (1 − cos 2πq), at any q-point."""
    phonon = springs(1.3)
    found = modes_at(phonon, Q_POINTS).frequencies
    squares = 2 * 1.3 / phonon.primitive.masses[0] * (1 - np.cos(2 * np.pi * Q_POINTS)).sum(axis=1)
    np.testing.assert_allclose(found, THZ * np.sqrt(squares)[:, None] * np.ones(3), atol=1e-4)


def test_forces_without_displacement_are_subtracted(cubic, by_potential, evaluate):
    """The same forces on every supercell change nothing."""
    primitive, supercells, evaluated = by_potential(cubic('fcc', 4.15))
    forces = evaluated.atom_columns['forces'].values
    same = np.tile(np.random.default_rng(1).normal(size=(len(forces) // 2, 3)), (2, 1))
    shifted = fit_force_constants(primitive, supercells, evaluate(supercells, forces + same))
    ours = fit_force_constants(primitive, supercells, evaluated)
    np.testing.assert_allclose(shifted.force_constants, ours.force_constants, atol=1e-9)


def test_fitted_before_or_now_is_the_same(cubic, by_potential):
    """A crystal rebuilt from its force constants has the same frequencies."""
    primitive, supercells, evaluated = by_potential(cubic('diamond', 5.431))
    ours = fit_force_constants(primitive, supercells, evaluated)
    again = harmonic_crystal(primitive, ours.supercell_matrix, ours.force_constants)
    np.testing.assert_array_equal(
        modes_at(again, Q_POINTS).frequencies, modes_at(ours, Q_POINTS).frequencies
    )


def test_the_description_of_the_crystal_does_not_matter(cubic, by_potential, disguised):
    """Another cell, turned and shifted, has the same frequencies at Γ and in sum."""
    crystal = cubic('diamond', 5.431)
    found = []
    for one in (crystal, disguised(crystal, seed=2)):
        phonon = fit_force_constants(*by_potential(one))
        found.append(modes_at(phonon, np.array([[0.0, 0, 0], [0.5, 0.5, 0.5]])).frequencies)
    np.testing.assert_allclose(found[0], found[1], atol=1e-3)


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        ({'rejection': np.array(['', 'collapsed'])}, r'1 of 2 supercells .* row 1: collapsed'),
        ({'converged': np.array([False, True])}, 'row 0: it is not converged'),
    ],
)
def test_missing_forces_are_named(change, message, cubic, by_potential):
    """The rows without forces are told with their reasons."""
    primitive, supercells, evaluated = by_potential(cubic('fcc', 4.15))
    with pytest.raises(ValueError, match=message):
        fit_force_constants(primitive, supercells, evaluated.with_columns(**change))
    with pytest.raises(ValueError, match='row 0: the engine returned nothing'):
        fit_force_constants(primitive, supercells, evaluated.select([1]))


def test_forces_of_other_geometries_are_refused(cubic, by_potential, evaluate):
    """An engine that moved the atoms did not evaluate what was asked for."""
    primitive, supercells, evaluated = by_potential(cubic('fcc', 4.15))
    moved = evaluated.select([0, 0]).with_columns(row=np.arange(2))
    with pytest.raises(ValueError, match=r'row 1 .* off the geometry .* freedom none'):
        fit_force_constants(primitive, supercells, moved)
