"""Frequencies at q-points, on a mesh, their density, and what follows for the temperature."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import cast

import numpy as np
from jaxtyping import Complex, Float, Int
from phonopy.phonon.dos import TotalDos
from phonopy.phonon.mesh import Mesh as PhonopyMesh
from phonopy.phonon.qpoints import QpointsPhonon
from scipy import constants

from aiida_crystalgen.science.stability.phonons.force_constants import HarmonicCrystal
from aiida_crystalgen.science.stability.phonons.settings import TemperatureSettings

__all__ = (
    'Mesh',
    'Modes',
    'ThermalProperties',
    'eigenmodes',
    'mesh_modes',
    'modes_at',
    'thermal_properties',
)

_PLANCK = constants.value('Planck constant in eV/Hz') * 1e12  # eV/THz
_BOLTZMANN = constants.value('Boltzmann constant in eV/K')


@dataclass(frozen=True)
class Modes:
    """Vibrations at some q-points, an imaginary frequency written as a negative one.

    :param q_points: in the reciprocal lattice vectors of the crystal.
    :param frequencies: in THz, in increasing order.
    :param translation: how much of each mode is a common translation of all atoms, from 0 to 1; an
        acoustic mode near Γ has nearly 1.
    """

    q_points: Float[np.ndarray, 'points 3']
    frequencies: Float[np.ndarray, 'points modes']
    translation: Float[np.ndarray, 'points modes']


@dataclass(frozen=True)
class Mesh:
    """Frequencies on a mesh around Γ, and their density.

    :param q_points: one of each set that symmetry makes equal.
    :param weights: number of q-points in each set.
    :param frequencies: in THz.
    :param pitched_frequencies: those of the density of states, in THz.
    :param density_of_states: of the primitive cell in 1/THz; its integral is the number of modes.
    """

    q_points: Float[np.ndarray, 'points 3']
    weights: Int[np.ndarray, ' points']
    frequencies: Float[np.ndarray, 'points modes']
    pitched_frequencies: Float[np.ndarray, ' pitches']
    density_of_states: Float[np.ndarray, ' pitches']


@dataclass(frozen=True)
class ThermalProperties:
    """Harmonic thermal properties at constant volume, per atom.

    :param temperatures: in K.
    :param free_energy: Helmholtz's, zero-point energy included, in eV/atom.
    :param entropy: in units of Boltzmann's constant.
    :param heat_capacity: in units of Boltzmann's constant.
    """

    temperatures: Float[np.ndarray, ' temperatures']
    free_energy: Float[np.ndarray, ' temperatures']
    entropy: Float[np.ndarray, ' temperatures']
    heat_capacity: Float[np.ndarray, ' temperatures']


def eigenmodes(
    phonon: HarmonicCrystal, q_points: Float[np.ndarray, 'points 3']
) -> tuple[Float[np.ndarray, 'points modes'], Complex[np.ndarray, 'points coordinates modes']]:
    """Return frequencies in THz and eigenvectors of the dynamical matrix at some q-points.

    The phase of a wave is that at the place of each atom itself, not that of its cell.
    """
    phonon.run_qpoints(q_points, with_eigenvectors=True)
    result = cast('QpointsPhonon', phonon.qpoints)
    return np.asarray(result.frequencies), np.asarray(result.eigenvectors)


def modes_at(phonon: HarmonicCrystal, q_points: Float[np.ndarray, 'points 3']) -> Modes:
    """Return the vibrations at some q-points."""
    frequencies, eigenvectors = eigenmodes(phonon, q_points)
    masses = np.asarray(phonon.primitive.masses)
    uniform = np.sqrt(masses / masses.sum())
    of_atoms = eigenvectors.reshape(len(q_points), len(masses), 3, -1)
    overlaps = np.einsum('k,qkxm->qxm', uniform, of_atoms)
    return Modes(q_points, frequencies, (np.abs(overlaps) ** 2).sum(axis=1))


def mesh_modes(phonon: HarmonicCrystal, length: float, pitch: float) -> Mesh:
    """Return the frequencies on a mesh around Γ with their density, by tetrahedra.

    :param length: that the divisions belong to, in Å.
    :param pitch: of the frequencies of the density, in THz.
    """
    with warnings.catch_warnings():
        # phonopy says so where it takes another mesh, which fits centred lattices better.
        warnings.filterwarnings('ignore', 'Mesh .* incompatible')
        phonon.run_mesh(length)
    mesh = cast('PhonopyMesh', phonon.mesh)
    frequencies = np.asarray(mesh.frequencies)
    phonon.run_total_dos(
        freq_min=float(frequencies.min()) - pitch,
        freq_max=float(frequencies.max()) + pitch,
        freq_pitch=pitch,
    )
    total = cast('TotalDos', phonon.total_dos)
    return Mesh(
        q_points=np.asarray(mesh.qpoints),
        weights=np.asarray(mesh.weights, dtype=np.int64),
        frequencies=frequencies,
        pitched_frequencies=np.asarray(total.frequency_points),
        density_of_states=np.asarray(total.dos),
    )


def thermal_properties(
    mesh: Mesh, settings: TemperatureSettings, lowest: float
) -> ThermalProperties:
    """Return the thermal properties of harmonic oscillators with the frequencies of a mesh.

    :param lowest: frequency that counts, in THz: those of translations are only noise.
    """
    temperatures = np.arange(0.0, settings.highest + settings.step / 2, settings.step)
    counted = mesh.frequencies > lowest
    weights = np.broadcast_to(mesh.weights[:, None], counted.shape)[counted]
    atoms = mesh.frequencies.shape[1] / 3
    weights = weights / (mesh.weights.sum() * atoms)
    energies = _PLANCK * mesh.frequencies[counted]
    with np.errstate(divide='ignore'):
        # At 0 K every ratio is infinite, and every occupation vanishes.
        ratios = energies / (_BOLTZMANN * temperatures[:, None])
    decays = np.exp(-ratios)
    occupations = decays / (1 - decays)
    finite = np.where(np.isfinite(ratios), ratios, 0.0)
    thermal = _BOLTZMANN * temperatures[:, None] * np.log1p(-decays)
    return ThermalProperties(
        temperatures=temperatures,
        free_energy=(energies / 2 + thermal) @ weights,
        entropy=(finite * occupations - np.log1p(-decays)) @ weights,
        heat_capacity=(finite**2 * occupations * (1 + occupations)) @ weights,
    )
