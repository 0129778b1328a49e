"""The Wyckoff positions of all space groups as tensors, with the operations behind their points."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import lru_cache

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from aiida_crystalgen.science.symmetry.lattices import primitive_basis
from aiida_crystalgen.science.symmetry.wyckoff import GROUPS, WyckoffTable, wyckoff_table

__all__ = ('PositionTables', 'position_tables')

_SAME = 1e-6  # fractional coordinates that differ by rounding alone
_PROBE = np.array([[0.13791, 0.29173, 0.41257, 1.0]])  # parameters that are equal by no accident


@dataclass(frozen=True)
class PositionTables:
    """What `WyckoffTable` says, and the operation that leads to each point of a position.

    :param map_bounds: first map of each position, closed by their total.
    :param maps: from the parameters of a position to the fractional coordinates of its points.
    :param returns: rotation, on fractional coordinates, that takes what is around each point back
        to the first point of its position.
    :param freedoms: number of free parameters of each position.
    :param stabilizers: number of operations of its site symmetry.
    :param bases: vectors of the primitive cell in conventional axes, by space group.
    :param to_primitive: matrix from conventional coordinates (a row) to primitive ones.
    """

    map_bounds: Int[Tensor, ' map_bounds']
    maps: Float[Tensor, 'maps 3 4']
    returns: Float[Tensor, 'maps 3 3']
    freedoms: Int[Tensor, ' positions']
    stabilizers: Int[Tensor, ' positions']
    bases: Float[Tensor, '231 3 3']
    to_primitive: Float[Tensor, '231 3 3']

    def to(self, device: torch.device) -> PositionTables:
        """Return the tables on a device."""
        return PositionTables(
            **{one.name: getattr(self, one.name).to(device) for one in fields(self)}
        )


@lru_cache(maxsize=4)
def position_tables(device: torch.device = torch.device('cpu')) -> PositionTables:  # noqa: B008
    """Return the tables on a device."""
    if device.type != 'cpu':
        return position_tables().to(device)
    table = wyckoff_table()
    bases = np.stack([np.eye(3), *(primitive_basis(group) for group in GROUPS)])
    groups = np.repeat(np.arange(231), np.diff(table.bounds))
    orders = table.sizes[table.bounds[groups]]
    returns = np.concatenate(
        [_returns(table, group, np.linalg.inv(bases[group])) for group in GROUPS]
    )
    return PositionTables(
        map_bounds=torch.from_numpy(table.map_bounds),
        maps=torch.from_numpy(table.maps),
        returns=torch.from_numpy(returns),
        freedoms=torch.from_numpy(table.freedoms),
        stabilizers=torch.from_numpy(orders // table.sizes),
        bases=torch.from_numpy(bases),
        to_primitive=torch.from_numpy(np.linalg.inv(bases)),
    )


def _returns(
    table: WyckoffTable, group: int, to_primitive: Float[np.ndarray, '3 3']
) -> Float[np.ndarray, 'maps 3 3']:
    """Return the inverse rotations of the points of all positions of a group.

    :raises ValueError: if no operation leads to a point, so that the table contradicts itself.
    """
    positions = table.positions(group)
    first, last = table.map_bounds[positions[0]], table.map_bounds[positions[-1] + 1]
    points = (table.maps[first:last] * _PROBE[:, None]).sum(axis=2)
    starts = table.map_bounds[positions[0] : positions[-1] + 1] - first
    origins = np.repeat(points[starts], table.sizes[positions[0] : positions[-1] + 1], axis=0)
    operations = table.maps[table.map_bounds[positions[0]] : table.map_bounds[positions[0] + 1]]
    images = (operations[None, :, :, :3] * origins[:, None, None]).sum(axis=3) + operations[:, :, 3]
    differences = (images - points[:, None]) @ to_primitive
    fits = (np.abs(differences - np.rint(differences)) < _SAME).all(axis=2)
    if not fits.any(axis=1).all():
        raise ValueError(f'the Wyckoff table of space group {group} contradicts itself')
    return np.linalg.inv(operations[fits.argmax(axis=1), :, :3])
