"""What of a site may move, as vectors on which its site symmetry acts by rotations.

Displacements are given in conventional axes of length 1, those of the hexagonal family at 120°, so
that every operation of a space group turns them without changing their length. The positions that
a site may take are those that its Wyckoff position allows: it never leaves it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import sqrt

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from aiida_crystalgen.science.multigraph.layout import Layout, expanded
from aiida_crystalgen.science.multigraph.products import rows_times, squared_norms
from aiida_crystalgen.science.symmetry.lattices import primitive_basis
from aiida_crystalgen.science.symmetry.wyckoff import GROUPS, wyckoff_table

__all__ = ('SiteFreedoms',)

_REACH = 2.2  # up to which lattice vectors count, in conventional axes: 4 standard deviations
_STEPS = 4  # of primitive vectors that are searched for them
_SAME = 1e-6
_HEXAGONAL = np.array([[1, 0, 0], [-0.5, sqrt(3) / 2, 0], [0, 0, 1]])
_UNREACHED = 1e3  # stands for no lattice vector


@dataclass(frozen=True)
class SiteFreedoms:
    """How the sites of a layout may move.

    :param owners: crystal of each site.
    :param frames: conventional axes of length 1 of each crystal, as rows.
    :param drifts: projection onto what moves a crystal as a whole and leaves its group as it is.
    :param projections: onto the displacements that each site may have.
    :param to_parameters: from displacements (a row) to those of x, y and z.
    :param from_parameters: the way back.
    :param periods: displacements after which a site is where it was, padded with long ones.
    :param named: site that each other name of it belongs to: its orbit has other points that
        might as well be its first.
    :param turns: from the displacements of a site (a row) to those of the other name.
    :param shifts: of the other name.
    """

    owners: Int[Tensor, ' sites']
    frames: Float[Tensor, 'crystals 3 3']
    drifts: Float[Tensor, 'crystals 3 3']
    projections: Float[Tensor, 'sites 3 3']
    to_parameters: Float[Tensor, 'sites 3 3']
    from_parameters: Float[Tensor, 'sites 3 3']
    periods: Float[Tensor, 'sites vectors 3']
    named: Int[Tensor, ' names']
    turns: Float[Tensor, 'names 3 3']
    shifts: Float[Tensor, 'names 3']

    @classmethod
    def of(cls, layout: Layout) -> SiteFreedoms:
        """Return the freedoms of the sites of a layout."""
        device = layout.groups.device
        tables, positions, groups = _tables(), layout.positions.cpu(), layout.groups.cpu()
        named, number = expanded(torch.diff(tables.name_bounds)[positions])
        names = tables.name_bounds[positions[named]] + number
        return cls(
            owners=layout.owners,
            frames=tables.frames[groups].to(device),
            drifts=tables.drifts[groups].to(device),
            projections=tables.projections[positions].to(device),
            to_parameters=tables.to_parameters[positions].to(device),
            from_parameters=tables.from_parameters[positions].to(device),
            periods=tables.periods[positions].to(device),
            named=named.to(device),
            turns=tables.turns[names].to(device),
            shifts=tables.shifts[names].to(device),
        )

    def allowed(self, vectors: Float[Tensor, 'sites 3']) -> Float[Tensor, 'sites 3']:
        """Return the part of displacements that the sites may have."""
        return rows_times(vectors, self.projections)

    def moved(
        self, parameters: Float[Tensor, 'sites 3'], displacements: Float[Tensor, 'sites 3']
    ) -> Float[Tensor, 'sites 3']:
        """Return the parameters of the sites after displacements, between 0 and 1."""
        moved = parameters + rows_times(displacements, self.to_parameters)
        return moved - moved.floor()

    def dimensions(self) -> Float[Tensor, ' sites']:
        """Return the number of directions in which each site may move."""
        return torch.diagonal(self.projections, dim1=1, dim2=2).sum(dim=1).round()

    def without_drift(self, vectors: Float[Tensor, 'sites 3']) -> Float[Tensor, 'sites 3']:
        """Return displacements without what moves all sites of a crystal alike.

        In polar groups that is another origin, which nothing in the crystal tells.
        """
        sums = torch.zeros(len(self.drifts), 3, dtype=vectors.dtype, device=vectors.device)
        sums = sums.index_add(0, self.owners, vectors)
        counts = torch.bincount(self.owners, minlength=len(self.drifts)).clamp(min=1)
        return vectors - rows_times(sums / counts[:, None], self.drifts)[self.owners]

    def expected_noise(
        self,
        parameters: Float[Tensor, 'sites 3'],
        displacements: Float[Tensor, 'sites 3'],
        deviations: Float[Tensor, ' sites'],
    ) -> Float[Tensor, 'sites 3']:
        """Return the noise that displaced sites show on average, in standard deviations.

        Where a site is now, it could have come from any name of its orbit, and over any period: the
        noise is that of a wrapped normal distribution (Jing et al., arXiv:2206.01729) around all of
        them. Displacement / deviation has the same mean, but a larger variance.

        :param parameters: x, y, z of the sites before they were displaced.
        :param deviations: standard deviation of the noise of each site.
        """
        before, named = rows_times(parameters, self.from_parameters), self.named
        others = rows_times(before[named], self.turns) + self.shifts
        steps = rows_times((before + displacements)[named] - others, self.to_parameters[named])
        steps = rows_times(steps - steps.round(), self.from_parameters[named])
        images = steps[:, None] + self.periods[named]
        exponents = squared_norms(images.flatten(0, 1)).reshape(images.shape[:2])
        exponents = exponents / (-2 * deviations[named, None] ** 2)
        highest = torch.full_like(deviations, -torch.inf)
        highest.scatter_reduce_(0, named, exponents.amax(dim=1), 'amax')
        weights = (exponents - highest[named, None]).exp()
        sums = torch.cat(
            [(weights[:, :, None] * images).sum(dim=1), weights.sum(dim=1)[:, None]], 1
        )
        total = torch.zeros(len(before), 4, dtype=sums.dtype, device=sums.device)
        total = total.index_add(0, named, sums)
        return total[:, :3] / total[:, 3:] / deviations[:, None]


@dataclass(frozen=True)
class _Tables:
    """The freedoms of all Wyckoff positions and space groups."""

    frames: Float[Tensor, '231 3 3']
    drifts: Float[Tensor, '231 3 3']
    projections: Float[Tensor, 'positions 3 3']
    to_parameters: Float[Tensor, 'positions 3 3']
    from_parameters: Float[Tensor, 'positions 3 3']
    periods: Float[Tensor, 'positions vectors 3']
    name_bounds: Int[Tensor, ' bounds']
    turns: Float[Tensor, 'all 3 3']
    shifts: Float[Tensor, 'all 3']


@lru_cache(maxsize=1)
def _tables() -> _Tables:
    """Return the freedoms of all positions."""
    table = wyckoff_table()
    frames = np.stack([_HEXAGONAL if 143 <= group <= 194 else np.eye(3) for group in range(231)])
    firsts = table.maps[table.map_bounds[:-1]]
    groups = np.repeat(np.arange(231), np.diff(table.bounds))
    forward = firsts[:, :, :3].transpose(0, 2, 1) @ frames[groups]
    backward = np.linalg.pinv(forward)
    projections = _cleaned(backward @ forward)
    drifts, periods = np.zeros((231, 3, 3)), []
    names: list[tuple[np.ndarray, np.ndarray]] = []
    for group in GROUPS:
        frame = frames[group]
        maps = table.maps[table.map_bounds[table.bounds[group]] :][
            : table.sizes[table.bounds[group]]
        ]
        rotations = np.linalg.inv(frame) @ maps[:, :, :3].transpose(0, 2, 1) @ frame
        drifts[group] = _cleaned(rotations.mean(axis=0))
        vectors = _lattice_vectors(group, frame)
        for position in table.positions(group):
            outside = np.abs(vectors - vectors @ projections[position]).max(axis=1)
            inside = vectors[outside < _SAME]
            periods.append(inside[np.linalg.norm(inside, axis=1) <= _REACH])
            origin = firsts[position, :, 3]
            moves = (maps[:, :, :3] @ origin + maps[:, :, 3] - origin) @ frame
            names.append(_names(projections[position], rotations, moves, vectors))
    padded = np.full((len(periods), max(map(len, periods)), 3), _UNREACHED)
    for position, own in enumerate(periods):
        padded[position, : len(own)] = own
    arrays = (
        frames,
        drifts,
        projections,
        backward,
        forward,
        padded,
        np.cumsum([0, *(len(turns) for turns, _ in names)]),
        np.concatenate([turns for turns, _ in names]),
        np.concatenate([shifts for _, shifts in names]),
    )
    return _Tables(*map(torch.from_numpy, arrays))


def _names(
    projection: Float[np.ndarray, '3 3'],
    rotations: Float[np.ndarray, 'operations 3 3'],
    moves: Float[np.ndarray, 'operations 3'],
    vectors: Float[np.ndarray, 'vectors 3'],
) -> tuple[Float[np.ndarray, 'names 3 3'], Float[np.ndarray, 'names 3']]:
    """Return the operations that take the places of a position's first point to each other.

    :param projection: onto the displacements of the first point.
    :param rotations: of the group, on rows in conventional axes of length 1.
    :param moves: of the origin of the position's parameters by the operations.
    :param vectors: of the lattice.
    """
    outside = np.eye(3) - projection
    stays = np.abs(projection @ rotations @ outside).max(axis=(1, 2)) < _SAME
    differences = np.abs((moves[:, None] - vectors) @ outside).max(axis=2)
    found = stays & (differences.min(axis=1) < _SAME)
    shifts = (moves - vectors[differences.argmin(axis=1)]) @ projection
    # operations of the site symmetry change nothing, so that many of the others are the same
    turns = projection @ rotations[found]
    keys = np.column_stack([turns.reshape(-1, 9), shifts[found]]).round(4)
    chosen = np.sort(np.unique(keys, axis=0, return_index=True)[1])
    return turns[chosen], shifts[found][chosen]


def _lattice_vectors(group: int, frame: Float[np.ndarray, '3 3']) -> Float[np.ndarray, 'vectors 3']:
    """Return the lattice vectors of a group that are not too long, the shortest ones first."""
    steps = np.stack(np.meshgrid(*3 * [np.arange(-_STEPS, _STEPS + 1)]), axis=-1)
    vectors = steps.reshape(-1, 3) @ primitive_basis(group) @ frame
    lengths = np.linalg.norm(vectors, axis=1)
    order = np.argsort(lengths, kind='stable')
    return vectors[order[lengths[order] <= 2 * _REACH]]


def _cleaned(matrices: np.ndarray) -> np.ndarray:
    """Return matrices without what is but rounding."""
    return np.where(np.abs(matrices) < _SAME, 0, matrices)
