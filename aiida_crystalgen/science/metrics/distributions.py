"""Distances between the distributions that generated and real crystals follow."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float
from scipy.spatial.distance import pdist
from scipy.stats import wasserstein_distance

from aiida_crystalgen.science.crystals import CrystalSet

__all__ = ('densities', 'diversity', 'element_counts', 'frechet_distance', 'wasserstein')

_DALTON_PER_CUBIC_ANGSTROM = 1.66053906660  # g/cm³


def frechet_distance(
    first: Float[np.ndarray, 'first features'], second: Float[np.ndarray, 'second features']
) -> float:
    """Return the squared Fréchet distance of the normal distributions with these points' moments.

    It is |μ − μ'|² + tr(C + C' − 2 (C C')^½), as the inception distance of images (Dowson & Landau,
    J. Multivariate Anal. 12, 450 (1982), doi:10.1016/0047-259X(82)90077-X).

    :raises ValueError: if a set has fewer than two points.
    """
    for points in (first, second):
        if len(points) < 2:
            raise ValueError(
                f'a Fréchet distance needs two points of each distribution, and one has '
                f'{len(points)}'
            )
    covariance, other = (np.atleast_2d(np.cov(points, rowvar=False)) for points in (first, second))
    # (C C')^½ has the trace of (C^½ C' C^½)^½, which is symmetric.
    values, vectors = np.linalg.eigh(covariance)
    root = (vectors * np.sqrt(values.clip(0))) @ vectors.T
    mixed = np.sqrt(np.linalg.eigvalsh(root @ other @ root).clip(0)).sum()
    shift = first.mean(axis=0) - second.mean(axis=0)
    distance = shift @ shift + np.trace(covariance) + np.trace(other) - 2 * mixed
    return float(max(distance, 0.0))


def wasserstein(first: Float[np.ndarray, ' first'], second: Float[np.ndarray, ' second']) -> float:
    """Return the Wasserstein-1 distance of two samples of a number, in its unit."""
    return float(wasserstein_distance(first, second))


def diversity(fingerprints: Float[np.ndarray, 'crystals features']) -> float:
    """Return the mean distance between the fingerprints of a set, 0 for a single one."""
    return float(pdist(fingerprints).mean()) if len(fingerprints) > 1 else 0.0


def densities(crystals: CrystalSet) -> Float[np.ndarray, ' crystals']:
    """Return the mass density of each crystal in g/cm³."""
    from ase.data import atomic_masses

    masses = np.bincount(
        crystals.crystal_of_atom, atomic_masses[crystals.atomic_numbers], minlength=len(crystals)
    )
    return masses / crystals.volumes * _DALTON_PER_CUBIC_ANGSTROM


def element_counts(crystals: CrystalSet) -> Float[np.ndarray, ' crystals']:
    """Return the number of different elements of each crystal."""
    pairs = np.unique(np.stack([crystals.crystal_of_atom, crystals.atomic_numbers]), axis=1)
    return np.bincount(pairs[0], minlength=len(crystals)).astype(np.float64)
