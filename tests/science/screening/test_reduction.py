"""Primitive Niggli cells as pymatgen's StructureMatcher makes them."""

import numpy as np
import pytest
from pymatgen.analysis.structure_matcher import StructureMatcher

from aiida_crystalgen.science.crystals import concatenate
from aiida_crystalgen.science.screening.reduction import reduced_structures
from aiida_crystalgen.science.structures import from_structures, to_structure, to_structures


def with_pymatgen(crystals):
    """Return what StructureMatcher does to each crystal first."""
    structures = to_structures(crystals)
    return [one.get_reduced_structure().get_primitive_structure() for one in structures]


def assert_same(found, expected):
    """Check that cells and sites agree, but for rounding and the choice among equal axes."""
    matcher = StructureMatcher(0.01, 0.01, 1, primitive_cell=False, scale=False)
    assert [len(one) for one in found] == [len(one) for one in expected]
    for one, other in zip(found, expected, strict=True):
        assert one.volume == pytest.approx(other.volume)
        assert matcher.get_rms_dist(one, other)[1] < 1e-6


@pytest.mark.parametrize('noise', [0.0, 0.003, 0.03, 0.1, 0.2])
@pytest.mark.parametrize('name', ['bcc', 'diamond'])
def test_disguised_cubic_crystals(cubic, disguised, name, noise):
    """Whether and how far pymatgen reduces a noisy crystal is followed exactly."""
    crystals = disguised(concatenate([cubic(name, 5.0)] * 8), noise=noise)
    assert_same(reduced_structures(crystals), with_pymatgen(crystals))


@pytest.mark.parametrize('times', [(1, 1, 3), (1, 2, 2), (1, 1, 4), (5, 1, 1), (1, 2, 3)])
@pytest.mark.parametrize('noise', [0.0, 0.05, 0.15])
def test_supercells(random_set, times, noise):
    """Supercells by primes and products of primes are reduced as pymatgen reduces them."""
    structures = to_structures(random_set(4, 2, elements=(14, 32)))
    generator = np.random.default_rng(0)
    for structure in structures:
        structure.make_supercell(times)
        for site in range(len(structure)):
            structure.translate_sites([site], generator.normal(size=3, scale=noise), False)
    crystals = from_structures(structures)
    assert_same(reduced_structures(crystals), with_pymatgen(crystals))


def test_random_crystals_keep_all_atoms(random_set):
    """Without translations there is nothing but the Niggli cell."""
    crystals = concatenate([random_set(10, 5, elements=(14, 8)), random_set(10, 1)])
    reduced = reduced_structures(crystals)
    assert_same(reduced, [one.get_reduced_structure() for one in to_structures(crystals)])


def test_translations_of_one_element_are_not_enough(crystal):
    """A lattice of equal sites with two elements on it is not reduced to one site."""
    ordered = crystal(4 * np.eye(3), [[0, 0, 0], [0.5, 0.5, 0.5]], numbers=[55, 17])
    (reduced,) = reduced_structures(ordered)
    assert reduced.composition == to_structure(ordered, 0).composition


def test_no_crystals(random_set):
    """An empty set is no error."""
    assert reduced_structures(random_set(2, 3).select([])) == []
