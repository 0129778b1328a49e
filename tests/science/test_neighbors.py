"""Distances between atoms and all periodic images."""

import numpy as np
import pytest
from ase import Atoms
from ase.neighborlist import neighbor_list

from aiida_crystalgen.science.crystals import concatenate
from aiida_crystalgen.science.neighbors import are_flat, periodic_images, shortest_distances
from aiida_crystalgen.science.structures import to_structures


def number_within(crystals, cutoff):
    """Return the number of ordered pairs of neighbours up to a distance, for each crystal."""
    result = np.zeros(len(crystals), dtype=int)
    for images in periodic_images(crystals, cutoff):
        between = (images.squared_distances() <= cutoff**2).sum(axis=(1, 2))
        own = (images.squared_lengths() <= cutoff**2).sum(axis=1)
        result[images.rows] = 2 * between + own * crystals.counts[images.rows]
    return result


def with_ase(crystals, row, cutoff):
    """Return all distances that ASE finds."""
    atoms = crystals.atoms(row)
    positions = crystals.fractional_coordinates[atoms] @ crystals.lattices[row]
    numbers = crystals.atomic_numbers[atoms]
    return neighbor_list(
        'd', Atoms(numbers, positions, cell=crystals.lattices[row], pbc=True), cutoff
    )


@pytest.mark.parametrize(
    ('name', 'distance'),
    [('sc', 1), ('bcc', np.sqrt(3) / 2), ('fcc', np.sqrt(1 / 2)), ('diamond', np.sqrt(3) / 4)],
)
def test_shortest_distance_of_cubic_crystals(cubic, name, distance):
    """Neighbours in cubic crystals are a known fraction of the edge apart."""
    assert shortest_distances(cubic(name, 5.0)) == pytest.approx(5 * distance)


@pytest.mark.parametrize('atoms', [1, 2, 5, 8, 24])
def test_shortest_distances_agree_with_pymatgen(random_set, atoms):
    """The shortest distance is that of the nearest neighbour in pymatgen's list."""
    crystals = random_set(20, atoms)
    found = [one.get_neighbor_list(8.0)[3].min() for one in to_structures(crystals)]
    assert shortest_distances(crystals) == pytest.approx(found)


@pytest.mark.parametrize('atoms', [1, 3, 8])
def test_neighbours_agree_with_ase(random_set, atoms):
    """As many neighbours are within the cut-off as ASE finds."""
    crystals = random_set(15, atoms, seed=1)
    found = [len(with_ase(crystals, row, 7.0)) for row in range(len(crystals))]
    assert number_within(crystals, 7.0).tolist() == found


def test_nothing_depends_on_the_choice_of_cell(random_set, disguised):
    """Oblique cells and supercells have the same shortest distances."""
    crystals = random_set(30, 4)
    assert shortest_distances(disguised(crystals)) == pytest.approx(shortest_distances(crystals))


def test_very_oblique_cell(crystal):
    """A cell whose vectors are a hundred times longer than they need be is no difficulty."""
    change = np.array([[1, 0, 0], [97, 1, 0], [-55, 83, 1]])
    lattice = change @ np.diag([3.0, 4.0, 5.0])
    skewed = crystal(lattice, np.array([[0, 0, 0], [0.5, 0.5, 0.5]]) @ np.linalg.inv(change))
    plain = crystal(np.diag([3.0, 4.0, 5.0]), [[0, 0, 0], [0.5, 0.5, 0.5]])
    assert number_within(skewed, 7.9).tolist() == [len(with_ase(plain, 0, 7.9))]


def test_tiny_cell(cubic):
    """Many images of one atom lie within the cut-off of a tiny cell."""
    tiny = cubic('sc', 0.5)
    assert shortest_distances(tiny) == pytest.approx(0.5)
    assert number_within(tiny, 3.1).tolist() == [len(with_ase(tiny, 0, 3.1))]


def test_atoms_at_one_place_are_no_distance_apart(crystal):
    """Coincident atoms are found, across the cell's boundary too."""
    assert shortest_distances(crystal(4 * np.eye(3), [[0, 0, 0.3], [1, -2, 0.3]])) == 0


def test_bits_do_not_depend_on_the_batch(random_set):
    """A crystal gives the same bits alone and among others."""
    crystals = concatenate([random_set(40, 6), random_set(40, 3)])
    together = shortest_distances(crystals)
    alone = [shortest_distances(crystals.select([row]))[0] for row in range(len(crystals))]
    assert together.tolist() == alone


def test_each_crystal_may_have_its_own_cutoff(cubic):
    """Images are listed as far as each crystal's cut-off asks."""
    crystals = concatenate([cubic('sc', 3.0), cubic('sc', 3.0)])
    listed = {}
    for images in periodic_images(crystals, np.array([3.1, 9.1])):
        for row, vectors in zip(images.rows, images.translations.transpose(1, 2, 0), strict=True):
            listed[row] = len(vectors)
    assert listed == {0: 1 + 6, 1: 1 + 6 + 12 + 8 + 6 + 24 + 24 + 12 + 30}


def test_flat_cell_is_refused_by_its_row(cubic, crystal):
    """A cell without volume is named, not searched for ever."""
    flat = crystal([[3, 0, 0], [0, 3, 0], [3, 3, 0]], [[0, 0, 0]])
    crystals = concatenate([cubic('sc', 3.0), flat])
    assert are_flat(crystals).tolist() == [False, True]
    with pytest.raises(ValueError, match='cell of crystal 1 has no volume'):
        shortest_distances(crystals)


def test_absurdly_small_cell_is_refused(cubic):
    """A cell with millions of images within reach is named."""
    with pytest.raises(ValueError, match='cell of crystal 0 is too small'):
        list(periodic_images(cubic('sc', 1e-3), 8.0))


def test_no_crystals_have_no_distances(random_set):
    """An empty set is no error."""
    assert shortest_distances(random_set(2, 3).select([])).shape == (0,)
