"""Faces of the Voronoi cells of all atoms of many crystals.

The planes half-way to the neighbours at r are in polar duality with the points 2 r/r²: the Voronoi
cell is dual to the convex hull of these points, which Qhull finds for one atom at a time. What the
faces measure then comes from arrays over all atoms.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int
from scipy.spatial import ConvexHull, QhullError

from aiida_crystalgen.science.crystals import CrystalSet
from aiida_crystalgen.science.fingerprints.acsf.edges import edge_vectors, find_edges
from aiida_crystalgen.science.neighbors import compact_lattices

__all__ = ('VoronoiFaces', 'voronoi_faces')

_FARTHEST = 1e4  # Å; a vertex beyond is one at infinity


@dataclass(frozen=True)
class VoronoiFaces:
    """Faces of Voronoi cells, cell after cell.

    :param centres: atom in the cell.
    :param neighbors: atom an image of which is on the other side.
    :param vectors: from the centre to that image, in Å.
    :param solid_angles: under which the centre sees the face.
    :param areas: in Å².
    """

    centres: Int[np.ndarray, ' faces']
    neighbors: Int[np.ndarray, ' faces']
    vectors: Float[np.ndarray, 'faces 3']
    solid_angles: Float[np.ndarray, ' faces']
    areas: Float[np.ndarray, ' faces']


@dataclass(frozen=True)
class _Hulls:
    """Triangulated convex hulls, one after another.

    :param corners: the three points of each triangle.
    :param adjacent: the triangle on the side opposite to each corner.
    :param vertices: of the Voronoi cell, one dual to each triangle, in Å.
    """

    corners: Int[np.ndarray, 'triangles 3']
    adjacent: Int[np.ndarray, 'triangles 3']
    vertices: Float[np.ndarray, 'triangles 3']


def voronoi_faces(crystals: CrystalSet, cutoff: float) -> VoronoiFaces:
    """Return the faces of the Voronoi cells of all atoms.

    :param cutoff: up to which distance atoms count, in Å. Where they leave a cell open, it is
        doubled until they do not.
    :raises ValueError: if a cell has no volume or is too small for its images to be listed.
    """
    parts = []
    rows = np.arange(len(crystals))
    done = np.zeros(len(crystals.atomic_numbers), dtype=bool)
    while len(rows):
        found = _closed_cells(crystals, rows, cutoff, done)
        parts.append(found)
        done[found.centres] = True
        rows = np.unique(crystals.crystal_of_atom[~done])
        cutoff *= 2
    columns = (np.concatenate([getattr(one, name) for one in parts]) for name in _COLUMNS)
    faces = VoronoiFaces(*columns)
    order = np.argsort(faces.centres, kind='stable')
    return VoronoiFaces(*(getattr(faces, name)[order] for name in _COLUMNS))


_COLUMNS = ('centres', 'neighbors', 'vectors', 'solid_angles', 'areas')


def _closed_cells(
    crystals: CrystalSet, rows: Int[np.ndarray, ' rows'], cutoff: float, done: np.ndarray
) -> VoronoiFaces:
    """Return the faces of those cells of some crystals that neighbours within a cut-off close.

    :param done: which atoms are left out.
    """
    chosen = crystals.select(rows)
    atoms = np.flatnonzero(np.isin(crystals.crystal_of_atom, rows))
    centres, neighbors, vectors = _neighbors(chosen, cutoff)
    wanted = ~done[atoms[centres]]
    centres, neighbors, vectors = (one[wanted] for one in (centres, neighbors, vectors))
    duals = 2 * vectors / _products(vectors, vectors)[:, None]
    hulls = _joined(list(_hulls(duals, np.unique(centres, return_index=True)[1])))
    used, corners = np.unique(hulls.corners, return_inverse=True)
    solid_angles, areas = _measures(hulls, corners.reshape(-1, 3), len(used))
    return VoronoiFaces(
        atoms[centres[used]], atoms[neighbors[used]], vectors[used], solid_angles, areas
    )


def _neighbors(
    crystals: CrystalSet, cutoff: float
) -> tuple[Int[np.ndarray, ' pairs'], Int[np.ndarray, ' pairs'], Float[np.ndarray, 'pairs 3']]:
    """Return centres, neighbours within the cut-off and the vectors to them, centre by centre."""
    lattices = compact_lattices(crystals)
    changes = np.rint(crystals.lattices @ np.linalg.inv(lattices))[crystals.crystal_of_atom]
    fractions = np.einsum('ai,aij->aj', crystals.fractional_coordinates, changes)
    fractions -= np.floor(fractions)
    cells, places = torch.from_numpy(lattices), torch.from_numpy(fractions)
    counts = torch.from_numpy(crystals.counts)
    edges = find_edges(cells, places, counts, cutoff, periodic=True)
    vectors = edge_vectors(cells, places, counts, edges).numpy()
    order = np.argsort(edges.centres.numpy(), kind='stable')
    return edges.centres.numpy()[order], edges.neighbors.numpy()[order], vectors[order]


def _hulls(
    points: Float[np.ndarray, 'points 3'], starts: Int[np.ndarray, ' centres']
) -> Iterator[_Hulls]:
    """Yield the convex hulls that enclose the origin.

    :param starts: first of the points of each hull.
    """
    triangles = 0
    for start, stop in zip(starts, [*starts[1:], len(points)], strict=True):
        try:
            hull = ConvexHull(points[start:stop])
        except (QhullError, ValueError):  # fewer than four points, or all of them in a plane
            continue
        if hull.equations[:, 3].max() > -1 / _FARTHEST:
            continue
        vertices = hull.equations[:, :3] / -hull.equations[:, 3:]
        yield _Hulls(hull.simplices + start, hull.neighbors + triangles, vertices)
        triangles += len(vertices)


def _joined(hulls: list[_Hulls]) -> _Hulls:
    """Return all triangles as one list."""
    if not hulls:
        nothing = np.zeros((0, 3), dtype=np.int64)
        return _Hulls(nothing, nothing, np.zeros((0, 3)))
    return _Hulls(
        np.concatenate([one.corners for one in hulls]).astype(np.int64),
        np.concatenate([one.adjacent for one in hulls]).astype(np.int64),
        np.concatenate([one.vertices for one in hulls]),
    )


def _measures(
    hulls: _Hulls, corners: Int[np.ndarray, 'triangles 3'], faces: int
) -> tuple[Float[np.ndarray, ' faces'], Float[np.ndarray, ' faces']]:
    """Return the solid angle of each face and its area in Å².

    A side shared by two triangles of the hull is dual to an edge between two vertices, and each
    point at its ends to a face that the edge bounds. The edges divide a face into triangles around
    its middle.

    :param corners: which face each corner of a triangle is dual to.
    """
    numbers = np.bincount(corners.ravel(), minlength=faces)
    sums = [
        np.bincount(corners.ravel(), np.repeat(one, 3), minlength=faces) for one in hulls.vertices.T
    ]
    middles = np.stack(sums, axis=1) / numbers[:, None]
    triangle, corner = np.nonzero(hulls.adjacent > np.arange(len(corners))[:, None])
    begins, ends = hulls.vertices[triangle], hulls.vertices[hulls.adjacent[triangle, corner]]
    solid_angles, areas = np.zeros(faces), np.zeros(faces)
    for step in (1, 2):
        face = corners[triangle, (corner + step) % 3]
        centres = middles[face]
        areas += np.bincount(face, _areas(centres, begins, ends), minlength=faces)
        solid_angles += np.bincount(face, _solid_angles(centres, begins, ends), minlength=faces)
    return solid_angles, areas


def _areas(
    a: Float[np.ndarray, 'triangles 3'],
    b: Float[np.ndarray, 'triangles 3'],
    c: Float[np.ndarray, 'triangles 3'],
) -> Float[np.ndarray, ' triangles']:
    """Return the areas of triangles."""
    normals = np.cross(b - a, c - a)
    return 0.5 * np.sqrt(_products(normals, normals))


def _solid_angles(
    a: Float[np.ndarray, 'triangles 3'],
    b: Float[np.ndarray, 'triangles 3'],
    c: Float[np.ndarray, 'triangles 3'],
) -> Float[np.ndarray, ' triangles']:
    """Return the solid angles of triangles seen from the origin.

    Van Oosterom & Strackee, IEEE Trans. Biomed. Eng. 30, 125 (1983), doi:10.1109/TBME.1983.325207.
    """
    x, y, z = (np.sqrt(_products(one, one)) for one in (a, b, c))
    numerators = np.abs(_products(a, np.cross(b, c)))
    denominators = x * y * z + _products(a, b) * z + _products(a, c) * y + _products(b, c) * x
    return 2 * np.arctan2(numerators, denominators)


def _products(
    a: Float[np.ndarray, 'vectors 3'], b: Float[np.ndarray, 'vectors 3']
) -> Float[np.ndarray, ' vectors']:
    """Return the scalar product of each pair of vectors."""
    return np.einsum('vi,vi->v', a, b)
