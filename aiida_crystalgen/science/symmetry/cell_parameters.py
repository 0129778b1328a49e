"""Lattices as free numbers: any of them is a cell of the crystal system, and none is left out.

With the edge a along x and b in the xy plane, the vectors of a cell are the rows of a lower
triangular matrix. Its diagonal is positive, so that logarithms make it free; what is below it,
divided by the diagonal element of its column, is free already. A crystal system keeps the
combinations of these six numbers that its cells can have.
"""

from __future__ import annotations

from functools import lru_cache
from math import log, sqrt

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

__all__ = (
    'CELL_PARAMETERS',
    'cell_lattices',
    'cell_parameters',
    'is_free',
    'is_logarithm',
    'length_derivatives',
)

CELL_PARAMETERS = 6

_SYSTEM_BOUNDS = torch.tensor([3, 16, 75, 143, 195])  # first groups after triclinic, monoclinic, …
_TRICLINIC, _MONOCLINIC, _ORTHORHOMBIC, _TETRAGONAL, _HEXAGONAL, _CUBIC = range(6)

# Coordinates of each system as rows, by what they add to ln a_x, ln b_y, ln c_z, b_x / a_x,
# c_x / a_x and c_y / b_y.
_COORDINATES = {
    _TRICLINIC: np.eye(6),
    _MONOCLINIC: np.eye(6)[[0, 1, 2, 4]],
    _ORTHORHOMBIC: np.eye(6)[:3],
    _TETRAGONAL: np.array([[1, 1, 0, 0, 0, 0], [0, 0, 1, 0, 0, 0]]),
    _HEXAGONAL: np.array([[1, 1, 0, 0, 0, 0], [0, 0, 1, 0, 0, 0]]),
    _CUBIC: np.array([[1, 1, 1, 0, 0, 0]]),
}


@lru_cache(maxsize=4)
def _tables(device: torch.device) -> tuple[Tensor, ...]:
    """Return, by crystal system: coordinates, the way back, offsets, and which rows there are."""
    coordinates = np.zeros((len(_COORDINATES), CELL_PARAMETERS, 6))
    offsets = np.zeros((len(_COORDINATES), 6))
    for system, rows in _COORDINATES.items():
        coordinates[system, : len(rows)] = rows
    offsets[_HEXAGONAL, [1, 3]] = log(sqrt(3) / 2), -0.5
    back = np.linalg.pinv(coordinates)
    free = torch.from_numpy(coordinates.any(axis=2))
    tables = torch.from_numpy(coordinates), torch.from_numpy(back), torch.from_numpy(offsets), free
    return tuple(one.to(device) for one in tables)


def _systems(groups: Int[Tensor, ' crystals']) -> Int[Tensor, ' crystals']:
    """Return the crystal system of each space group, the hexagonal family as one."""
    return torch.searchsorted(_SYSTEM_BOUNDS.to(groups.device), groups, right=True)


def is_free(groups: Int[Tensor, ' crystals']) -> Bool[Tensor, 'crystals 6']:
    """Return which of the parameters the cells of each space group have; the others are 0."""
    return _tables(groups.device)[3][_systems(groups)]


def is_logarithm(groups: Int[Tensor, ' crystals']) -> Bool[Tensor, 'crystals 6']:
    """Return which of the parameters are logarithms of Å; the others are pure numbers."""
    return _tables(groups.device)[0][_systems(groups)][:, :, :3].any(dim=2)


def cell_parameters(
    lattices: Float[Tensor, 'crystals 3 3'], groups: Int[Tensor, ' crystals']
) -> Float[Tensor, 'crystals 6']:
    """Return the parameters of conventional cells, the first ones logarithms of Å.

    :param lattices: right-handed vectors as rows in Å, in any orientation.
    :param groups: numbers of the space groups, in whose standard setting the cells are.
    """
    _, back, offsets, _ = _tables(groups.device)
    systems = _systems(groups)
    metrics = (lattices[:, :, None] * lattices[:, None]).sum(dim=3)
    triangles = torch.linalg.cholesky(metrics)
    diagonals = torch.diagonal(triangles, dim1=1, dim2=2)
    slants = triangles[:, [1, 2, 2], [0, 0, 1]] / diagonals[:, [0, 0, 1]]
    numbers = torch.cat([diagonals.log(), slants], dim=1) - offsets[systems]
    return (numbers[:, :, None] * back[systems]).sum(dim=1)


def cell_lattices(
    parameters: Float[Tensor, 'crystals 6'], groups: Int[Tensor, ' crystals']
) -> Float[Tensor, 'crystals 3 3']:
    """Return the cells as rows in Å, a along x and b in the xy plane.

    :param parameters: those that a space group does not have are ignored.
    :param groups: numbers of the space groups.
    """
    coordinates, _, offsets, _ = _tables(groups.device)
    systems = _systems(groups)
    numbers = (parameters[:, :, None] * coordinates[systems]).sum(dim=1) + offsets[systems]
    a, b, c = numbers[:, :3].exp().unbind(dim=1)
    by_a, c_by_a, c_by_b = numbers[:, 3:].unbind(dim=1)
    zero = torch.zeros_like(a)
    entries = [a, zero, zero, by_a * a, b, zero, c_by_a * a, c_by_b * b, c]
    return torch.stack(entries, dim=1).reshape(-1, 3, 3)


def length_derivatives(
    vectors: Float[Tensor, 'edges 3'],
    lattices: Float[Tensor, 'edges 3 3'],
    groups: Int[Tensor, ' edges'],
) -> Float[Tensor, 'edges 6']:
    """Return by how much each edge grows with each parameter of its cell, in Å.

    The atoms keep their fractional coordinates.

    :param vectors: of the edges in Å.
    :param lattices: cell of each edge, as `cell_lattices` orients it.
    :param groups: numbers of the space groups.
    """
    coordinates = _tables(groups.device)[0][_systems(groups)].to(vectors.dtype)
    lengths = vectors.norm(dim=1, keepdim=True)
    directions = vectors / lengths.clamp(min=torch.finfo(vectors.dtype).tiny)
    x, y, _ = directions.unbind(dim=1)
    a, b, c = torch.diagonal(lattices, dim1=1, dim2=2).unbind(dim=1)
    along_c = vectors[:, 2] / c
    along_b = (vectors[:, 1] - along_c * lattices[:, 2, 1]) / b
    slants = torch.stack([along_b * a * x, along_c * a * x, along_c * b * y], dim=1)
    numbers = torch.cat([vectors * directions, slants], dim=1)
    return (coordinates * numbers[:, None]).sum(dim=2)
