"""Shortest distances between periodic images, by the metric tensor of the lattice."""

from __future__ import annotations

from itertools import combinations, product
from math import ceil, sqrt

import numpy as np
from jaxtyping import Float, Int

__all__ = ('half_images', 'nearest_squares', 'oblique_axes', 'shortest_squares')


def oblique_axes(group: int) -> tuple[int, ...]:
    """Return the axes that need not be perpendicular to each other in a space group's lattice."""
    if group <= 2:
        return (0, 1, 2)
    if group <= 15:
        return (0, 2)
    return (0, 1) if 143 <= group <= 194 else ()


def half_images(axes: tuple[int, ...], reach: float) -> Int[np.ndarray, 'images 3']:
    """Return one of each pair ±n of lattice vectors to be searched beside the nearest by wrapping.

    With differences wrapped to ±½, a perpendicular axis needs no image but that one. In a lattice
    of ``draw_metrics``, two oblique axes belong to an obtuse superbase, so that a corner of the
    cell around a point is its nearest lattice point. Three oblique axes are Minkowski-reduced:
    Seeber's inequality a² b² c² ≤ 2 V² keeps neighbouring planes 1/√2 of the shortest vector apart.

    :param axes: see ``oblique_axes``.
    :param reach: ratio of the longest distance of interest to the shortest lattice vector allowed.
    """
    shells = ceil(sqrt(2) * reach - 0.5) if len(axes) == 3 else 1
    ranges = [range(-shells, shells + 1) if axis in axes else (0,) for axis in range(3)]
    images = [one for one in product(*ranges) if one > (0, 0, 0)]
    return np.array(images, dtype=np.int64).reshape(-1, 3)


def nearest_squares(
    differences: list[Float[np.ndarray, ' crystals *pairs']],
    metrics: Float[np.ndarray, 'crystals 6'],
    images: Int[np.ndarray, 'images 3'],
) -> Float[np.ndarray, ' crystals *pairs']:
    """Return the squared distance of each pair's nearest images, in Å².

    :param differences: of fractional coordinates, one array for each axis, wrapped to ±½.
    :param metrics: metric tensors in Å²: aa, bb, cc, bc, ac, ab.
    :param images: see ``half_images``.
    """
    a, b, c = differences
    entries = metrics.T.reshape(6, len(metrics), *(1,) * (a.ndim - 1))
    gradients = [
        entry * difference for entry, difference in zip(entries, differences, strict=False)
    ]
    for one, other in combinations(np.flatnonzero(images.any(axis=0)).tolist(), 2):
        gradients[one] += entries[6 - one - other] * differences[other]
        gradients[other] += entries[6 - one - other] * differences[one]
    along_a, along_b, along_c = gradients
    squares = a * along_a + b * along_b + c * along_c
    nearest = squares.copy()
    lengths = _image_squares(metrics, images).T.reshape(-1, *entries.shape[1:])
    for (steps_a, steps_b, steps_c), length in zip(images.tolist(), lengths, strict=True):
        # |d + n|² = |d|² + |n|² ± 2 n·G d for the two images ±n, of which the nearer counts
        overlaps = steps_a * along_a + steps_b * along_b + steps_c * along_c
        np.minimum(nearest, squares + (length - 2 * np.abs(overlaps)), out=nearest)
    return nearest


def shortest_squares(
    metrics: Float[np.ndarray, 'crystals 6'], images: Int[np.ndarray, 'images 3']
) -> Float[np.ndarray, ' crystals']:
    """Return the squared length of each lattice's shortest vector in Å², centring apart.

    :param metrics: metric tensors in Å²: aa, bb, cc, bc, ac, ab.
    :param images: see ``half_images``.
    """
    vectors = np.concatenate([np.eye(3, dtype=np.int64), images])
    return _image_squares(metrics, vectors).min(axis=1)


def _image_squares(
    metrics: Float[np.ndarray, 'crystals 6'], images: Int[np.ndarray, 'images 3']
) -> Float[np.ndarray, 'crystals images']:
    """Return the squared length of each lattice vector in each lattice, in Å²."""
    a, b, c = images.T
    weights = np.stack([a * a, b * b, c * c, 2 * b * c, 2 * a * c, 2 * a * b])
    # Not as a matrix product, which rounds differently for batches of different sizes.
    return (metrics[:, :, None] * weights).sum(axis=1)
