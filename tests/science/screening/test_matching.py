"""What can be said of a match before StructureMatcher is asked."""

import numpy as np
import pytest
from pymatgen.analysis.structure_matcher import StructureMatcher
from pymatgen.core import Lattice, Structure

from aiida_crystalgen.science.screening.matching import MatchTolerances, ReducedCells
from aiida_crystalgen.science.structures import to_structures

TOLERANCES = [(0.05, 0.05, 2.0, False), (0.1, 0.15, 5.0, True), (0.2, 0.3, 5.0, True)]


def varied(structure, generator, size):
    """Return the structure strained and with its atoms moved, the more the larger the size."""
    strain = np.eye(3) + generator.uniform(-size, size, (3, 3)) / 2
    moves = generator.normal(size=(len(structure), 3), scale=size)
    positions = structure.cart_coords @ strain + moves
    lattice = Lattice(structure.lattice.matrix @ strain)
    return Structure(lattice, structure.species, positions, coords_are_cartesian=True)


def verdicts(structures, tolerances):
    """Return for each ordered pair whether it can match, and whether it does."""
    length, site, angle, scale = tolerances
    matcher = StructureMatcher(length, site, angle, scale=scale)
    cells = ReducedCells.of(
        structures,
        MatchTolerances(
            length_tolerance=length, site_tolerance=site, angle_tolerance=angle, scale=scale
        ),
    )
    first, second = (axis.ravel() for axis in np.indices((len(structures),) * 2))
    matched = [
        matcher.fit(structures[one], structures[other], skip_structure_reduction=True)
        for one, other in zip(first, second, strict=True)
    ]
    return cells.can_match(first, second), np.array(matched)


@pytest.mark.parametrize('tolerances', TOLERANCES)
@pytest.mark.parametrize(('atoms', 'elements'), [(1, (14,)), (2, (14,)), (4, (14,)), (6, (50, 34))])
def test_no_match_is_excluded(random_set, tolerances, atoms, elements):
    """Whatever the matcher accepts, up to the edge of its tolerances, is left to it."""
    generator = np.random.default_rng(atoms)
    numbers = np.sort(np.resize(elements, atoms))
    structures = []
    for one in to_structures(random_set(3, atoms, seed=atoms)):
        start = Structure(one.lattice, numbers, one.frac_coords)
        copies = [varied(start, generator, size) for size in np.linspace(0, 0.5, 7)]
        structures += [copy.get_reduced_structure() for copy in copies]
    possible, matched = verdicts(structures, tolerances)
    assert len(structures) <= matched.sum()
    assert possible[matched].all()


@pytest.mark.parametrize('tolerances', TOLERANCES)
def test_different_crystals_are_mostly_excluded(random_set, tolerances):
    """Hardly a pair of random crystals needs the matcher."""
    reduced = [one.get_reduced_structure() for one in to_structures(random_set(20, 8))]
    possible, matched = verdicts(reduced, tolerances)
    assert matched.sum() == 20
    assert possible.sum() - matched.sum() < 8


def test_pairs_are_judged_alone(random_set):
    """A pair has the same verdict alone and among others."""
    reduced = [one.get_reduced_structure() for one in to_structures(random_set(12, 3))]
    tolerances = MatchTolerances(
        length_tolerance=0.2, site_tolerance=0.3, angle_tolerance=10, scale=True
    )
    cells = ReducedCells.of(reduced, tolerances)
    first, second = (axis.ravel() for axis in np.indices((12, 12)))
    together = cells.can_match(first, second)
    alone = [cells.can_match(first[[pair]], second[[pair]])[0] for pair in range(144)]
    assert together.tolist() == alone


@pytest.mark.parametrize('factors', [(0.5, 1, 2), (0.4, 0.8, 3), (1, 1, 5)])
def test_no_match_of_long_cells_is_excluded(random_set, factors):
    """Cells with many lattice vectors as long as their longest edge are no exception."""
    generator = np.random.default_rng(0)
    structures = []
    for one in to_structures(random_set(3, 2)):
        lattice = Lattice(one.lattice.matrix * factors)
        start = Structure(lattice, one.species, one.frac_coords)
        copies = [varied(start, generator, size) for size in np.linspace(0, 0.3, 5)]
        structures += [copy.get_reduced_structure() for copy in copies]
    possible, matched = verdicts(structures, TOLERANCES[1])
    assert len(structures) < matched.sum()
    assert possible[matched].all()


def test_no_pairs_have_no_verdicts(random_set):
    """Nothing to compare is no error."""
    reduced = [one.get_reduced_structure() for one in to_structures(random_set(2, 3))]
    tolerances = MatchTolerances(
        length_tolerance=0.1, site_tolerance=0.1, angle_tolerance=5, scale=False
    )
    none = np.zeros(0, dtype=np.int64)
    assert ReducedCells.of(reduced, tolerances).can_match(none, none).shape == (0,)
