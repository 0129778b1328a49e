"""Crystals with phonons, from springs whose frequencies are known or from classical potentials."""

import numpy as np
import pytest

from aiida_crystalgen.science.crystals import Column, CrystalSet
from aiida_crystalgen.science.potentials.interface import load_potential
from aiida_crystalgen.science.stability.phonons.force_constants import fit_force_constants
from aiida_crystalgen.science.stability.phonons.settings import PhononSettings
from aiida_crystalgen.science.stability.phonons.supercells import displaced_supercells
from aiida_crystalgen.science.symmetry.standard import standard_primitive

FACES = [[0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]]
BASES = {
    'sc': [[0.0, 0, 0]],
    'bcc': [[0.0, 0, 0], [0.5, 0.5, 0.5]],
    'fcc': [[0.0, 0, 0], *FACES],
}
BASES['diamond'] = [*BASES['fcc'], *(np.array(BASES['fcc']) + 0.25).tolist()]


@pytest.fixture
def settings():
    """Return a function that makes settings with some changed."""

    def make(**changes):
        numbers = {
            'symmetry_tolerance': 0.01,
            'minimum_length': 7.5,
            'displacement': 0.01,
            'path_spacing': 0.1,
            'mesh_length': 20.0,
            'dos_pitch': 0.1,
            'temperatures': {'highest': 1000.0, 'step': 100.0},
            'verdict': {
                'tolerance': 0.1,
                'acoustic_tolerance': 0.5,
                'acoustic_radius': 0.2,
            },
            'following': {
                'rounds': 0,
                'points': 2,
                'amplitude': 0.1,
                'least_gain': 1e-4,
                'phonons': True,
            },
            'engines': {},
        }
        return PhononSettings.parse({**numbers, **changes})

    return make


@pytest.fixture
def cubic():
    """Return a function that makes a cubic crystal of one element."""

    def make(structure, edge, number=14):
        basis = np.array(BASES[structure])
        counts = np.array([len(basis)])
        return CrystalSet(edge * np.eye(3)[None], basis, np.full(len(basis), number), counts)

    return make


@pytest.fixture
def evaluate():
    """Return a function that gives supercells their forces as an engine does."""

    def run(supercells, forces, energy=0.0):
        number = len(supercells)
        return (
            supercells.with_columns(
                row=np.arange(number),
                energy=np.full(number, energy),
                rejection=np.full(number, '', dtype='<U20'),
                converged=np.full(number, True),
            )
            .with_atom_columns(forces=Column(forces, 'eV/Å'))
            .with_metadata(engine={'name': 'test'})
        )

    return run


@pytest.fixture
def by_potential(settings, evaluate):
    """Return a function that gives a crystal's primitive cell, supercells and their evaluation."""

    def run(crystal, potential='stillinger-weber', **changes):
        chosen = settings(**changes)
        primitive = standard_primitive(crystal, chosen.symmetry_tolerance)
        supercells = displaced_supercells(primitive, chosen)
        found = load_potential(potential).evaluate(supercells)
        energy = found.energies[0] / supercells.counts[0]
        return primitive, supercells, evaluate(supercells, found.forces, energy)

    return run


@pytest.fixture
def springs(cubic, settings, evaluate):
    """Return a function that makes a simple cubic crystal of isotropic springs in eV/Å².

    Springs go to the next atoms along the axes, the second ones, … Its frequencies are known.
    """

    def make(*constants, edge=3.0, length=15.0):
        primitive = cubic('sc', edge)
        supercells = displaced_supercells(primitive, settings(minimum_length=length))
        shifts = supercells.fractional_coordinates.reshape(len(supercells), -1, 3)
        moves = (shifts - shifts[0] - np.rint(shifts - shifts[0])) @ supercells.lattices[0]
        times = round(supercells.lattices[0, 0, 0] / edge)
        places = np.rint(shifts[0] * times).astype(int) % times
        order = np.lexsort(places.T[::-1])
        grid = moves[:, order].reshape(-1, times, times, times, 3)
        forces = sum(
            -constant * (grid - np.roll(grid, sign * reach, axis))
            for reach, constant in enumerate(constants, start=1)
            for axis in (1, 2, 3)
            for sign in (1, -1)
        ).reshape(moves.shape)
        back = np.argsort(order)
        evaluated = evaluate(supercells, forces[:, back].reshape(-1, 3))
        return fit_force_constants(primitive, supercells, evaluated)

    return make
