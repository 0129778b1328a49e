"""Which q-points symmetry makes equal, and what they are called."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
from jaxtyping import Bool, Float
from phonopy.harmonic.dynmat_to_fc import get_commensurate_points

from aiida_crystalgen.science.stability.phonons.force_constants import HarmonicCrystal

__all__ = (
    'Star',
    'are_interpolated_from_gamma',
    'commensurate_points',
    'one_of_each_star',
    'star',
    'star_names',
)

_DECIMALS = 5
_RELATIVE = 1e-6  # of the distance from Γ to its nearest neighbour

Star = tuple[float, ...]  # one q-point that stands for all those that symmetry makes equal to it


def commensurate_points(phonon: HarmonicCrystal) -> Float[np.ndarray, 'points 3']:
    """Return the q-points whose waves fit into the supercell, where frequencies are exact."""
    return np.asarray(get_commensurate_points(phonon.supercell_matrix), dtype=np.float64)


def are_interpolated_from_gamma(
    phonon: HarmonicCrystal, q_points: Float[np.ndarray, 'points 3']
) -> Bool[np.ndarray, ' points']:
    """Return which q-points are nearer Γ than any other whose waves fit into the supercell.

    Γ itself is exact. Between it and its neighbours the supercell holds no wave; frequencies there
    are those of force constants as if an atom had no images farther than the nearest.
    """
    reciprocal = np.linalg.inv(phonon.primitive.cell).T
    waves = (q_points - np.rint(q_points)) @ reciprocal
    # Rows are normal to the supercell's faces: the neighbours of Γ are sums of a few of them.
    sums = np.array(list(np.ndindex(5, 5, 5))) - 2
    neighbours = sums[sums.any(axis=1)] @ np.linalg.inv(phonon.supercell.cell).T
    halves = (neighbours**2).sum(axis=1) / 2
    inside = (waves @ neighbours.T <= halves * (1 + _RELATIVE)).all(axis=1)
    at_gamma = np.linalg.norm(waves, axis=1) < _RELATIVE * np.sqrt(halves.min())
    return np.asarray(inside & ~at_gamma)


def star(phonon: HarmonicCrystal, q_point: Float[np.ndarray, ' 3']) -> Star:
    """Return what is the same for all q-points equal by symmetry, time reversal among it."""
    rotations = np.asarray(phonon.primitive_symmetry.reciprocal_operations)
    images = rotations @ q_point
    folded = np.round(np.concatenate([images, -images]) % 1.0, _DECIMALS) % 1.0
    return tuple(min(folded.tolist()))


def star_names(
    phonon: HarmonicCrystal, points: Mapping[str, Float[np.ndarray, ' 3']]
) -> dict[Star, str]:
    """Return the name of each star of special points; of two names the first."""
    names: dict[Star, str] = {}
    for name, q_point in points.items():
        names.setdefault(star(phonon, q_point), name)
    return names


def one_of_each_star(
    phonon: HarmonicCrystal, q_points: Iterable[Float[np.ndarray, ' 3']]
) -> Float[np.ndarray, 'points 3']:
    """Return the first q-point of each star."""
    chosen: dict[Star, np.ndarray] = {}
    for q_point in q_points:
        chosen.setdefault(star(phonon, q_point), q_point)
    return np.array(list(chosen.values()))
