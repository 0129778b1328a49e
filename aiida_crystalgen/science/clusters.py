"""Room and extent of clusters: sets of atoms that do not repeat, each in a box."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from jaxtyping import Bool, Float

from aiida_crystalgen.science.crystals import CrystalSet

__all__ = ('ball_volumes', 'in_boxes', 'occupied_volumes')

_VACUUM = 10.0  # Å between a cluster and its next image, for programs that know crystals only


def ball_volumes(clusters: CrystalSet) -> Float[np.ndarray, ' clusters']:
    """Return the volume of the ball in which evenly spread atoms had the same radius of gyration.

    With the radius of gyration G, the root of the mean squared distance from the centre, it is
    4/3 π (√(5/3) G)³, in Å³: 0 for an atom alone.
    """
    squares = (_from_centres(clusters) ** 2).sum(axis=1)
    sums = np.bincount(clusters.crystal_of_atom, weights=squares, minlength=len(clusters))
    return 4 / 3 * np.pi * (5 / 3 * sums / clusters.counts) ** 1.5


def occupied_volumes(crystals: CrystalSet) -> Float[np.ndarray, ' crystals']:
    """Return what each crystal occupies: its cell, or the ball of a cluster, in Å³."""
    return crystals.volumes if crystals.periodic else ball_volumes(crystals)


def in_boxes(clusters: CrystalSet, *, anew: bool = False) -> CrystalSet:
    """Return the clusters in boxes that hold them, with 10 Å of vacuum between them and an image.

    A new box is right-angled, with the cluster in its middle.

    :param anew: whether boxes that are good enough get a new one as well.
    """
    if not len(clusters):
        return clusters
    kept = np.zeros(len(clusters), dtype=bool) if anew else _have_room(clusters)
    positions, owners = clusters.cartesian_coordinates, clusters.crystal_of_atom
    lower, upper = _bounds(clusters, positions)
    edges = upper - lower + _VACUUM
    centred = 0.5 + (positions - ((lower + upper) / 2)[owners]) / edges[owners]
    return replace(
        clusters,
        lattices=np.where(kept[:, None, None], clusters.lattices, edges[:, :, None] * np.eye(3)),
        fractional_coordinates=np.where(
            kept[owners, None], clusters.fractional_coordinates, centred
        ),
    )


def _have_room(clusters: CrystalSet) -> Bool[np.ndarray, ' clusters']:
    """Return which boxes hold their cluster with enough vacuum along each of their axes."""
    lower, upper = _bounds(clusters, clusters.fractional_coordinates)
    a, b, c = clusters.lattices.transpose(1, 0, 2)
    faces = np.stack([np.cross(b, c), np.cross(c, a), np.cross(a, b)], axis=1)
    areas = np.linalg.norm(faces, axis=2)
    heights = np.divide(clusters.volumes[:, None], areas, out=np.zeros_like(areas), where=areas > 0)
    inside = (lower >= 0) & (upper <= 1)
    room = (1 - upper + lower) * heights
    return (inside & (room >= _VACUUM * (1 - 1e-9))).all(axis=1)


def _bounds(
    clusters: CrystalSet, coordinates: Float[np.ndarray, 'atoms 3']
) -> tuple[Float[np.ndarray, 'clusters 3'], Float[np.ndarray, 'clusters 3']]:
    """Return the smallest and the largest coordinates of each cluster."""
    starts = clusters.offsets[:-1]
    return np.minimum.reduceat(coordinates, starts), np.maximum.reduceat(coordinates, starts)


def _from_centres(clusters: CrystalSet) -> Float[np.ndarray, 'atoms 3']:
    """Return the positions of all atoms from the mean position of their cluster, in Å."""
    positions, owners = clusters.cartesian_coordinates, clusters.crystal_of_atom
    means = np.stack(
        [np.bincount(owners, weights=axis, minlength=len(clusters)) for axis in positions.T]
    )
    return positions - (means / clusters.counts).T[owners]
