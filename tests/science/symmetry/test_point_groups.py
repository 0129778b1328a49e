"""Point groups of clusters."""

import pytest
from ase import Atoms
from ase.build import molecule
from ase.cluster import Icosahedron
from scipy.spatial.transform import Rotation

from aiida_crystalgen.science.symmetry.point_groups import point_groups


@pytest.mark.parametrize(
    ('cluster', 'symbol'),
    [
        (Atoms('Pt'), 'Kh'),
        (molecule('N2'), 'D∞h'),
        (molecule('CO'), 'C∞v'),
        (molecule('H2O'), 'C2v'),
        (molecule('CH4'), 'Td'),
        (molecule('C6H6'), 'D6h'),
        (Icosahedron('Pt', 2), 'Ih'),
    ],
)
def test_point_groups_are_those_of_textbooks(to_clusters, cluster, symbol):
    """Well-known molecules have their well-known point groups, however they are turned."""
    turned = cluster.copy()
    turned.positions = turned.positions @ Rotation.random(random_state=2).as_matrix() + 3
    assert point_groups(to_clusters(cluster, turned), 0.1).tolist() == [symbol, symbol]
