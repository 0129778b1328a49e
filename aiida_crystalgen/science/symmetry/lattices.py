"""Random lattices of a crystal system, as metric tensors."""

from __future__ import annotations

from math import sqrt

import numpy as np
from jaxtyping import Float, Int, UInt64
from scipy.special import ndtri

from aiida_crystalgen.science.symmetry.random_numbers import uniform
from aiida_crystalgen.science.symmetry.wyckoff import wyckoff_table

__all__ = ('draw_metrics', 'lattice_vectors', 'primitive_basis')

# Standard deviations of the logarithms of an edge and of c / a in a system with two equal edges:
# the widths of PyXtal's lattices, so that ours are spread as widely.
_EDGE_SPREAD = 0.35
_RATIO_SPREAD = 1.5 * sqrt(3) * _EDGE_SPREAD

# The monoclinic axes a and c are any two of the three vectors of a reduced superbase; the third
# entry is the one left out.
_PAIRS = np.array([[0, 1, 2], [1, 0, 2], [0, 2, 1], [2, 0, 1], [1, 2, 0], [2, 1, 0]])

# By the number of lattice points in the conventional cell and six times the first centring
# translation: A, C, I, R (obverse) and F cells.
_PRIMITIVE_BASES = {
    (2, 0, 3, 3): [[1, 0, 0], [0, 1 / 2, -1 / 2], [0, 1 / 2, 1 / 2]],
    (2, 3, 3, 0): [[1 / 2, -1 / 2, 0], [1 / 2, 1 / 2, 0], [0, 0, 1]],
    (2, 3, 3, 3): [[-1 / 2, 1 / 2, 1 / 2], [1 / 2, -1 / 2, 1 / 2], [1 / 2, 1 / 2, -1 / 2]],
    (3, 4, 2, 2): [[2 / 3, 1 / 3, 1 / 3], [-1 / 3, 1 / 3, 1 / 3], [-1 / 3, -2 / 3, 1 / 3]],
    (4, 0, 3, 3): [[0, 1 / 2, 1 / 2], [1 / 2, 0, 1 / 2], [1 / 2, 1 / 2, 0]],
}


def draw_metrics(
    keys: UInt64[np.ndarray, ' crystals'],
    groups: Int[np.ndarray, ' crystals'],
    volumes: Float[np.ndarray, ' crystals'],
) -> Float[np.ndarray, 'crystals 6']:
    """Return random metric tensors of the conventional cells, in Å²: aa, bb, cc, bc, ac, ab.

    Logarithms of edges are normal. Oblique angles follow from a reduced cell whose scalar products
    are uniform in the range that reduction leaves: every lattice has such a cell, so none is
    excluded and none is needlessly flat.

    :param groups: numbers of the space groups.
    :param volumes: of the conventional cells, in Å³.
    """
    draws = uniform(keys[:, None], np.arange(6))
    squares = np.exp(2 * _EDGE_SPREAD * ndtri(draws[:, :3]))
    is_uniaxial = (groups >= 75) & (groups <= 194)
    squares[groups >= 75] = 1
    squares[is_uniaxial, 2] = np.exp(2 * _RATIO_SPREAD * ndtri(draws[is_uniaxial, 2]))
    metrics = np.concatenate([squares, np.zeros_like(squares)], axis=1)
    metrics[(groups >= 143) & (groups <= 194), 5] = -0.5
    is_triclinic, is_monoclinic = groups <= 2, (groups >= 3) & (groups <= 15)
    metrics[is_triclinic] = _tilt_triclinic(squares[is_triclinic], draws[is_triclinic, 3:])
    metrics[is_monoclinic] = _tilt_monoclinic(squares[is_monoclinic], draws[is_monoclinic, 3:])
    return metrics * np.cbrt(volumes**2 / _determinants(metrics))[:, None]


def _tilt_triclinic(
    squares: Float[np.ndarray, 'crystals 3'], draws: Float[np.ndarray, 'crystals 3']
) -> Float[np.ndarray, 'crystals 6']:
    """Return metrics of Minkowski-reduced cells with edges of these squares in ascending order."""
    squares = np.sort(squares, axis=1)
    products = (draws - 0.5) * squares[:, [1, 0, 0]]
    # With one or three obtuse angles a body diagonal may be too short for a reduced cell; with the
    # signs of all products changed it never is.
    total = np.abs(products).sum(axis=1)
    is_short = (products.prod(axis=1) < 0) & (2 * total > squares[:, 0] + squares[:, 1])
    products[is_short] *= -1
    return np.concatenate([squares, products], axis=1)


def _tilt_monoclinic(
    squares: Float[np.ndarray, 'crystals 3'], draws: Float[np.ndarray, 'crystals 3']
) -> Float[np.ndarray, 'crystals 6']:
    """Return metrics whose axes a and c are two vectors of an obtuse superbase, in any order.

    A glide or a centring may lie along either axis of the reduced net or along its diagonal; the
    choice among the vectors of the superbase makes all of these equally likely.
    """
    short, long = np.sort(squares[:, [0, 2]], axis=1).T
    overlap = 0.5 * draws[:, 0] * short
    lengths = np.stack([short + long - 2 * overlap, short, long], axis=1)
    products = np.stack([-overlap, overlap - long, overlap - short], axis=1)
    a, c, other = _PAIRS[(6 * draws[:, 1]).astype(np.int64)].T
    rows, zero = np.arange(len(squares)), np.zeros(len(squares))
    columns = [lengths[rows, a], squares[:, 1], lengths[rows, c], zero, products[rows, other], zero]
    return np.stack(columns, axis=1)


def _determinants(metrics: Float[np.ndarray, 'crystals 6']) -> Float[np.ndarray, ' crystals']:
    """Return the determinants of metric tensors, the squares of the cells' volumes."""
    aa, bb, cc, bc, ac, ab = metrics.T
    return aa * bb * cc + 2 * bc * ac * ab - aa * bc**2 - bb * ac**2 - cc * ab**2


def lattice_vectors(metrics: Float[np.ndarray, 'crystals 6']) -> Float[np.ndarray, 'crystals 3 3']:
    """Return lattice vectors as rows: a along x, b in the xy plane."""
    tensors = metrics[:, [0, 5, 4, 5, 1, 3, 4, 3, 2]].reshape(-1, 3, 3)
    return np.linalg.cholesky(tensors)


def primitive_basis(group: int) -> Float[np.ndarray, '3 3']:
    """Return the vectors of a primitive cell as rows, in units of the conventional axes."""
    table = wyckoff_table()
    if table.centrings[group] == 1:
        return np.eye(3)
    a, b, c = np.rint(6 * table.translations[group, 1]).astype(np.int64).tolist()
    return np.array(_PRIMITIVE_BASES[int(table.centrings[group]), a, b, c])
