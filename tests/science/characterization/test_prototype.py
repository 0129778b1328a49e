"""Laws of the labels of structure types."""

import re

import numpy as np
import pytest

from aiida_crystalgen.science.characterization.prototype import prototype_label, prototype_name
from aiida_crystalgen.science.screening.matching import MatchTolerances
from aiida_crystalgen.science.sources.prototypes import prototype_library
from aiida_crystalgen.science.structures import from_structures
from aiida_crystalgen.science.symmetry.compatibility import compatible_space_groups
from aiida_crystalgen.science.symmetry.random_crystals import CellContents, random_crystals
from aiida_crystalgen.science.symmetry.random_numbers import crystal_seeds

MATCHING = MatchTolerances(
    length_tolerance=0.2, site_tolerance=0.3, angle_tolerance=5.0, scale=True
)
LABELS = {
    'diamond': 'A_cF8_227_a',
    'rock salt': 'AB_cF8_225_a_b',
    'fluorite': 'AB2_cF12_225_a_c',
    'antifluorite': 'AB2_cF12_225_a_c',
    'zinc blende': 'AB_cF8_216_a_c',
    'perovskite': 'ABC3_cP5_221_a_b_c',
    'hcp': 'A_hP2_194_c',
    'wurtzite': 'AB_hP4_186_b_b',
    'beta tin': 'A_tI4_141_a',
    'arsenic': 'A_hR2_166_c',
}


@pytest.mark.parametrize(('name', 'label'), LABELS.items())
def test_labels_are_those_of_the_library(name, label, known_crystal):
    """Types that every textbook has get the label that AFLOW gives them."""
    assert prototype_label(known_crystal(name), 0, 0.01) == label


@pytest.mark.parametrize('name', LABELS)
@pytest.mark.parametrize('seed', [0, 1, 2])
def test_labels_do_not_depend_on_the_cell(name, seed, known_crystal, disguised):
    """Supercells, origins, rotations and the order of atoms do not matter."""
    hidden = disguised(known_crystal(name), seed=seed)
    assert prototype_label(hidden, 0, 0.01) == LABELS[name]


def test_labels_do_not_depend_on_the_cell_in_any_space_group(disguised):
    """Random crystals of all groups that hold Si4O8 keep their label in another cell."""
    amounts = {'Si': 4, 'O': 8}
    contents = CellContents(
        amounts=amounts,
        cell='primitive',
        volume_per_atom=15.0,
        volume_tolerance=0.1,
        distances={'Si-Si': 1.2, 'Si-O': 1.0, 'O-O': 1.2},
        attempts=100,
    )
    groups = np.array(compatible_space_groups(amounts, 'primitive'))
    crystals = random_crystals(contents, groups, crystal_seeds(0, len(groups)))
    crystals = crystals.select(crystals['rejection'] == '').without_columns()
    assert len(crystals) > 200
    assert labels_of(crystals) == labels_of(disguised(crystals))


def labels_of(crystals):
    """Return the labels of all crystals."""
    return [prototype_label(crystals, row, 1e-3) for row in range(len(crystals))]


def sorted_sites(label):
    """Return Pearson symbol, space group, and the sites of each element by its amount."""
    formula, pearson, group, *sites = label.split('_')
    amounts = [int(amount or 1) for amount in re.findall(r'[A-Z](\d*)', formula)]
    return pearson, group, sorted(zip(amounts, sites, strict=True))


def test_most_labels_are_those_of_aflow():
    """Up to the order of elements, but where AFLOW does not take the earliest letters."""
    entries = prototype_library()
    crystals = from_structures([entry['snl'].structure for entry in entries])
    same = [
        sorted_sites(prototype_label(crystals, row, 0.01)) == sorted_sites(entry['tags']['aflow'])
        for row, entry in enumerate(entries)
        if re.fullmatch(r'[A-Z\d]+_.*', entry['tags']['aflow'])
    ]
    assert np.mean(same) > 0.88


@pytest.mark.parametrize(
    ('crystal', 'name'),
    [
        ('silicon', 'diamond'),
        ('antifluorite', 'Fluorite'),
        ('rock salt', 'Halite'),
        ('zinc blende', 'Zincblende, Sphalerite'),
    ],
)
def test_crystals_are_named_after_their_prototype(crystal, name, known_crystal):
    """Whatever their elements and their volume."""
    found = prototype_name(known_crystal(crystal), 0, 0.01, MATCHING)
    assert found is not None
    assert name.lower() in found.lower()


def test_what_is_in_no_library_has_no_name(random_set):
    """A random crystal has a label all the same."""
    crystals = random_set(1, 5)
    assert prototype_label(crystals, 0, 0.01) == 'A_aP5_1_5a'
    assert prototype_name(crystals, 0, 0.01, MATCHING) is None


def test_colliding_atoms_have_no_type(crystal):
    """Where spglib finds no space group there is no label."""
    collided = crystal(3 * np.eye(3), [[0, 0, 0], [0, 0, 1e-4]])
    assert prototype_label(collided, 0, 0.1) is None
