"""Copies among clusters."""

import numpy as np
import pytest
from ase import Atoms
from ase.build import molecule
from ase.cluster import Icosahedron, Octahedron
from scipy.spatial.transform import Rotation

from aiida_crystalgen.science.screening.cluster_matching import first_matching_clusters
from aiida_crystalgen.science.screening.duplicates import (
    DuplicateSettings,
    group_duplicates,
    match_references,
)

TOLERANCE = 0.3
CHIRAL = Atoms(
    'CHFClBr',
    [[0, 0, 0], [1, 1, 1], [-1.2, -1.2, 1.2], [-1.4, 1.4, -1.4], [1.5, -1.5, -1.5]],
)
RANDOM = Atoms('Pt12', np.random.default_rng(3).uniform(-4, 4, (12, 3)))
CLUSTERS = {
    'an atom': Atoms('Pt'),
    'a linear molecule': molecule('CO2'),
    'a flat molecule': molecule('C6H6'),
    'a chiral molecule': CHIRAL,
    'an icosahedron': Icosahedron('Pt', 2),
    'no symmetry': RANDOM,
}


def disguised(cluster, seed, *, noise=0.0):
    """Return a cluster turned, maybe mirrored, moved and reordered, each atom shaken by noise."""
    generator = np.random.default_rng(seed)
    positions = cluster.positions @ Rotation.random(random_state=seed).as_matrix()
    positions = positions * (-1) ** seed + generator.normal(size=3)
    shakes = generator.normal(size=positions.shape)
    positions += noise * shakes / np.linalg.norm(shakes, axis=1)[:, None]
    order = generator.permutation(len(positions))
    return Atoms(cluster.numbers[order], positions[order])


@pytest.mark.parametrize('name', CLUSTERS)
@pytest.mark.parametrize('noise', [0.0, 0.5 * TOLERANCE])
def test_copies_are_found(to_clusters, name, noise):
    """Neither turns, mirrors, shifts, the order of atoms nor small shakes make another cluster."""
    copies = [disguised(CLUSTERS[name], seed, noise=noise * (seed > 0)) for seed in range(6)]
    assert first_matching_clusters(to_clusters(*copies), None, TOLERANCE).tolist() == [0] * 6


@pytest.mark.parametrize(('move', 'same'), [(0.2, True), (0.29, True), (0.4, False), (1.0, False)])
def test_the_tolerance_bounds_the_displacement(to_clusters, move, same):
    """With one of very many atoms moved, the best fit leaves it nearly where it was moved to."""
    cluster = Icosahedron('Pt', 4)
    moved = cluster.copy()
    outermost = np.argmax(np.linalg.norm(moved.positions, axis=1))
    moved.positions[outermost] *= 1 + move / np.linalg.norm(moved.positions[outermost])
    found = first_matching_clusters(to_clusters(cluster, disguised(moved, 1)), None, TOLERANCE)
    assert (found[1] == 0) == same


def test_isomers_and_other_elements_are_different(to_clusters):
    """Atoms of another element, or in other places, are not the same cluster."""
    alloy = Icosahedron('Pt', 2)
    alloy.numbers[-1] = 79
    centred = Icosahedron('Pt', 2)
    centred.numbers[0] = 79
    clusters = to_clusters(alloy, centred, Icosahedron('Pt', 2), Octahedron('Pt', 3, cutoff=1))
    assert first_matching_clusters(clusters, None, TOLERANCE).tolist() == [0, 1, 2, 3]


def test_the_first_stands_for_all(to_clusters):
    """Groups of duplicates are named by their first row, as those of crystals are."""
    settings = DuplicateSettings(
        length_tolerance=0.1,
        site_tolerance=0.15,
        angle_tolerance=5,
        scale=True,
        fingerprint_distance=0.1,
        cluster_tolerance=TOLERANCE,
    )
    water, other = molecule('H2O'), molecule('H2O2')
    clusters = to_clusters(water, other, disguised(water, 1), disguised(other, 2))
    assert group_duplicates(clusters, settings).tolist() == [0, 1, 0, 1]
    known = to_clusters(other, disguised(other, 3))
    assert match_references(clusters, known, settings).tolist() == [-1, 0, -1, 0]
