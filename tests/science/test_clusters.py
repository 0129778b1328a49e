"""Laws of clusters as sets: what they are, how much room they take, and who is whose neighbour."""

from dataclasses import replace

import numpy as np
import pytest
from ase import Atoms
from ase.build import molecule
from ase.cluster import Icosahedron
from scipy.spatial.transform import Rotation

from aiida_crystalgen.science.clusters import ball_volumes, in_boxes, occupied_volumes
from aiida_crystalgen.science.composition import competing_formulas, reduced_formulas
from aiida_crystalgen.science.crystals import concatenate
from aiida_crystalgen.science.fingerprints.rdf import RdfSettings, radial_distribution
from aiida_crystalgen.science.neighbors import are_flat, shortest_distances
from aiida_crystalgen.science.stability.hull import energies_above_hull, energies_above_lowest
from aiida_crystalgen.science.structures import from_structures, to_molecule, to_structures
from aiida_crystalgen.science.symmetry.analysis import space_groups

WATER, ICOSAHEDRON, ATOM = molecule('H2O'), Icosahedron('Pt', 2), Atoms('Pt')


@pytest.fixture
def clusters(to_clusters):
    """Return a molecule, a cluster of platinum and an atom."""
    return to_clusters(WATER, ICOSAHEDRON, ATOM)


def test_every_way_to_a_set_keeps_what_it_is(clusters):
    """Selections, joined sets and sets with other columns are of clusters still."""
    ways = [
        clusters.select([0, 2]),
        clusters.with_columns(energy=np.zeros(3)).without_columns(),
        concatenate([clusters.select([0]), clusters.select([1])]),
        from_structures(to_structures(clusters)),
    ]
    assert not any(one.periodic for one in ways)


def test_crystals_and_clusters_cannot_be_one_set(clusters, random_set):
    """What is periodic and what is not has no common energy, volume or distance."""
    with pytest.raises(ValueError, match='2 crystals and 3 clusters cannot be one set'):
        concatenate([clusters, random_set(2, 4)])
    structures = to_structures(random_set(1, 4)) + to_structures(clusters)
    with pytest.raises(ValueError, match='3 of 4 structures'):
        from_structures(structures)


def test_layers_are_neither(random_set):
    """A structure that is periodic along two directions is refused by name."""
    (structure,) = to_structures(random_set(1, 4))
    layer = type(structure)(
        type(structure.lattice)(structure.lattice.matrix, pbc=(True, True, False)),
        structure.species,
        structure.frac_coords,
    )
    with pytest.raises(ValueError, match="'slab' is periodic along 2 of 3 directions"):
        from_structures([layer], ['slab'])


def test_molecules_have_the_same_distances(clusters):
    """The molecule of pymatgen that a row becomes is the molecule of ASE."""
    found = to_molecule(clusters, 0).distance_matrix
    np.testing.assert_allclose(found, WATER.get_all_distances(), atol=1e-12)


def test_boxes_leave_ten_angstrom(clusters):
    """Atoms are in the middle of their box, 10 Å away from those of the next box."""
    for row, structure in enumerate(to_structures(clusters)):
        extent = np.ptp(structure.cart_coords, axis=0)
        np.testing.assert_allclose(np.diag(clusters.lattices[row]) - extent, 10)
        middle = (structure.frac_coords.min(axis=0) + structure.frac_coords.max(axis=0)) / 2
        np.testing.assert_allclose(middle, 0.5)


@pytest.mark.parametrize('lattice', [4 * np.eye(3), np.ones((3, 3)), np.zeros((3, 3))])
def test_boxes_without_room_are_replaced(to_clusters, lattice):
    """A box that is too small, or flat, gives way to one with vacuum."""
    clusters = to_clusters(ATOM)
    boxed = in_boxes(replace(clusters, lattices=lattice[None].astype(float)))
    np.testing.assert_allclose(boxed.lattices[0], 10 * np.eye(3))


def test_good_boxes_stay(clusters):
    """Putting clusters into boxes twice changes nothing more."""
    again = in_boxes(clusters)
    np.testing.assert_array_equal(again.lattices, clusters.lattices)
    np.testing.assert_array_equal(again.fractional_coordinates, clusters.fractional_coordinates)


def test_the_ball_of_evenly_spread_points_has_their_volume(to_clusters):
    """Many points in a ball have its volume; one has none; turns and boxes do not matter."""
    generator = np.random.default_rng(0)
    directions = generator.normal(size=(20_000, 3))
    directions /= np.linalg.norm(directions, axis=1)[:, None]
    points = Atoms('Pt20000', 4 * np.cbrt(generator.random((20_000, 1))) * directions)
    turned = Atoms('Pt20000', points.positions @ Rotation.random(random_state=1).as_matrix() + 5)
    volumes = ball_volumes(to_clusters(points, turned, ATOM))
    assert volumes == pytest.approx([4 / 3 * np.pi * 64] * 2 + [0], rel=0.02)
    assert volumes[0] == pytest.approx(volumes[1])


def test_crystals_occupy_their_cells(random_set, clusters):
    """The volume of a cell is a crystal's, that of a box nobody's."""
    crystals = random_set(3, 4)
    np.testing.assert_array_equal(occupied_volumes(crystals), crystals.volumes)
    assert (occupied_volumes(clusters) < clusters.volumes).all()


def test_no_image_is_a_neighbour(clusters):
    """Distances and fingerprints do not depend on the box, however small it is."""
    squeezed = replace(
        clusters,
        lattices=np.tile(np.eye(3), (3, 1, 1)),
        fractional_coordinates=clusters.cartesian_coordinates,
    )
    settings = RdfSettings(cutoff=8.0, points=100, width=0.1)
    expected = [WATER.get_all_distances()[0, 1], ICOSAHEDRON.get_all_distances()[0, 1:].min()]
    for one in (clusters, squeezed):
        assert shortest_distances(one) == pytest.approx([*expected, np.inf])
        assert not are_flat(one).any()
    curves = radial_distribution(clusters, settings)
    np.testing.assert_allclose(radial_distribution(squeezed, settings), curves, atol=1e-9)
    # All other atoms of an icosahedron are within the cut-off; an atom alone has none.
    assert curves.sum(axis=1) * settings.spacing == pytest.approx([2, 12, 0], abs=1e-4)


def test_larger_clusters_are_another_composition(to_clusters):
    """Formulas of clusters are whole, and energies compete among equal ones only."""
    clusters = to_clusters(ATOM, Atoms('Pt2', [[0, 0, 0], [0, 0, 2.5]]), ATOM)
    clusters = clusters.with_columns(energy=np.array([0.5, -1.0, 0.0]))
    clusters = clusters.with_metadata(engine={'name': 'emt', 'package': 'ase', 'version': '3'})
    assert reduced_formulas(clusters).tolist() == ['Pt1', 'Pt2', 'Pt1']
    assert energies_above_lowest(clusters, clusters).tolist() == [0.5, 0, 0]
    assert np.isnan(energies_above_hull(clusters, clusters)).all()


@pytest.mark.parametrize(
    ('periodic', 'formulas'), [(True, ('SnSe',)), (False, ('Sn2Se2', 'Sn4Se4'))]
)
def test_formula_units_compete_in_crystals_alone(periodic, formulas):
    """Two or four formula units of a crystal are the same; of a cluster they are not."""
    assert competing_formulas('SnSe', (2, 4), periodic=periodic) == formulas


def test_clusters_have_no_space_group(clusters):
    """The box of a cluster has a space group, but not the cluster."""
    assert space_groups(clusters, 0.1).tolist() == [0, 0, 0]
