"""The path through the Brillouin zone, and the points of high symmetry on it."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
import seekpath
from jaxtyping import Float
from seekpath.hpkot import EdgeCaseWarning

from aiida_crystalgen.science.crystals import CrystalSet
from aiida_crystalgen.science.stability.phonons.supercells import SYMPREC, exact_dataset

__all__ = ('BandPath', 'band_path', 'special_points')


@dataclass(frozen=True)
class BandPath:
    """Q-points along the lines that show all there is to see of the bands.

    :param q_points: in the reciprocal lattice vectors of the crystal.
    :param labels: index and name of each special point; two neighbours that both have one are the
        ends of lines that do not meet.
    """

    q_points: Float[np.ndarray, 'points 3']
    labels: tuple[tuple[int, str], ...]


def special_points(crystal: CrystalSet) -> dict[str, Float[np.ndarray, ' 3']]:
    """Return the special points of the crystal's Brillouin zone by their names, Γ among them.

    Names and points are those of Hinuma et al., Comput. Mater. Sci. 128, 140 (2017),
    doi:10.1016/j.commatsci.2016.10.015, in the reciprocal lattice vectors of the crystal.

    :param crystal: one, as a primitive cell in any orientation.
    """
    return _points_and_lines(crystal)[0]


def band_path(crystal: CrystalSet, spacing: float) -> BandPath:
    """Return the recommended path between the special points.

    :param crystal: one, as a primitive cell in any orientation.
    :param spacing: from one q-point to the next in 1/Å, with the factor of 2π, at most.
    """
    points, lines = _points_and_lines(crystal)
    reciprocal = 2 * np.pi * np.linalg.inv(crystal.lattices[0]).T
    q_points: list[np.ndarray] = []
    labels: list[tuple[int, str]] = []
    for start, end in lines:
        if labels and labels[-1][1] == start:
            q_points.pop()
            labels.pop()
        length = np.linalg.norm((points[end] - points[start]) @ reciprocal)
        number = max(2, 1 + int(np.ceil(length / spacing)))
        labels += [(len(q_points), start), (len(q_points) + number - 1, end)]
        q_points += list(np.linspace(points[start], points[end], number))
    return BandPath(np.array(q_points), tuple(labels))


def _points_and_lines(
    crystal: CrystalSet,
) -> tuple[dict[str, Float[np.ndarray, ' 3']], list[tuple[str, str]]]:
    """Return the special points by name, and the names at the ends of the path's lines."""
    cell = (crystal.lattices[0], crystal.fractional_coordinates, crystal.atomic_numbers)
    with warnings.catch_warnings():
        # Of two lattices that the cell lies between either is right.
        warnings.simplefilter('ignore', EdgeCaseWarning)
        found = seekpath.get_path(cell, symprec=SYMPREC)
    # SeeK-path's points are those of its own primitive cell in the standard orientation.
    rotation = exact_dataset(crystal).std_rotation_matrix
    basis = found['reciprocal_primitive_lattice'] @ rotation @ crystal.lattices[0].T / (2 * np.pi)
    points = {_name(name): np.array(q) @ basis for name, q in found['point_coords'].items()}
    return points, [(_name(start), _name(end)) for start, end in found['path']]


def _name(label: str) -> str:
    """Return SeeK-path's label as it is printed."""
    return 'Γ' if label == 'GAMMA' else label
