"""Voronoi cells of whole sets."""

import numpy as np
import pytest
from pymatgen.analysis.local_env import VoronoiNN

from aiida_crystalgen.science.crystals import concatenate
from aiida_crystalgen.science.metrics.fingerprints.voronoi import voronoi_faces
from aiida_crystalgen.science.structures import to_structures

EDGE = 3.0


@pytest.mark.parametrize(
    ('name', 'numbers', 'areas'),
    [
        ('sc', {1.0: 6}, {1.0: 1.0}),
        ('bcc', {np.sqrt(0.75): 8, 1.0: 6}, {np.sqrt(0.75): 3 * np.sqrt(3) / 16, 1.0: 1 / 8}),
        ('fcc', {np.sqrt(0.5): 12}, {np.sqrt(0.5): np.sqrt(2) / 8}),
    ],
)
def test_cells_of_cubic_lattices_are_the_known_polyhedra(cubic, name, numbers, areas):
    """A cube, a truncated octahedron and a rhombic dodecahedron, with the areas of their faces."""
    faces = voronoi_faces(cubic(name, EDGE), 7.0)
    cell = (faces.centres == 0) & (faces.areas > 1e-9)
    distances = np.linalg.norm(faces.vectors[cell], axis=1) / EDGE
    assert cell.sum() == sum(numbers.values())
    for distance, number in numbers.items():
        shell = np.isclose(distances, distance)
        assert shell.sum() == number
        assert np.allclose(faces.areas[cell][shell], areas[distance] * EDGE**2)


def test_cells_fill_space_and_solid_angles_the_sphere(random_set):
    """Pyramids over all faces make up the volume; each atom sees faces in all directions."""
    crystals = random_set(20, 5, seed=1)
    faces = voronoi_faces(crystals, 7.0)
    pyramids = faces.areas * np.linalg.norm(faces.vectors, axis=1) / 6
    volumes = np.bincount(crystals.crystal_of_atom[faces.centres], pyramids)
    assert np.allclose(volumes, crystals.volumes)
    assert np.allclose(np.bincount(faces.centres, faces.solid_angles), 4 * np.pi)


def test_faces_are_those_of_pymatgen(random_set):
    """Areas and solid angles of each atom are the library's."""
    crystals = random_set(3, 4, seed=2)
    faces = voronoi_faces(crystals, 7.0)
    voronoi = VoronoiNN(cutoff=7.0)
    for row, structure in enumerate(to_structures(crystals)):
        for site in range(len(structure)):
            expected = voronoi.get_voronoi_polyhedra(structure, site).values()
            own = faces.centres == crystals.offsets[row] + site
            for name, values in (('area', faces.areas), ('solid_angle', faces.solid_angles)):
                wanted = sorted(face[name] for face in expected if face['area'] > 1e-6)
                assert np.allclose(sorted(values[own & (faces.areas > 1e-6)]), wanted, atol=1e-6)


def test_open_cells_are_closed_by_atoms_farther_away(crystal):
    """Layers farther apart than the cut-off still have cells that fill space."""
    layers = crystal(np.diag([3.0, 3.0, 20.0]), [[0, 0, 0]])
    faces = voronoi_faces(layers, 7.0)
    pyramids = faces.areas * np.linalg.norm(faces.vectors, axis=1) / 6
    assert np.isclose(pyramids.sum(), layers.volumes[0])


def test_faces_do_not_depend_on_other_crystals(random_set):
    """Those of a crystal alone are the same bits as in a set."""
    first, second = random_set(2, 3, seed=3), random_set(3, 6, seed=4)
    alone, together = voronoi_faces(first, 7.0), voronoi_faces(concatenate([first, second]), 7.0)
    own = together.centres < len(first.atomic_numbers)
    assert np.array_equal(alone.areas, together.areas[own])
