"""Valid structures."""

import numpy as np
import pytest

from aiida_crystalgen.science.crystals import concatenate
from aiida_crystalgen.science.metrics.validity import are_valid_structures
from aiida_crystalgen.science.structures import to_structure


@pytest.mark.parametrize(('distance', 'valid'), [(0.49, False), (0.51, True)])
def test_atoms_must_be_apart(crystal, settings, distance, valid):
    """Two atoms closer than the limit, also across the border of the cell, are not valid."""
    pair = crystal(5 * np.eye(3), [[0.02, 0, 0], [0.02 - distance / 5, 0, 0]])
    assert are_valid_structures(pair, settings().structure)[0] == valid


def test_own_images_do_not_count(crystal, settings):
    """As in the published script, an atom may be close to itself."""
    assert are_valid_structures(crystal(np.diag([0.3, 5, 5]), [[0, 0, 0]]), settings().structure)[0]


def test_cells_need_a_volume(crystal, settings):
    """Flat and tiny cells are not valid, whatever else is in the set."""
    flat = crystal(np.diag([3.0, 3.0, 1e-12]), [[0, 0, 0], [0.5, 0.5, 0]])
    tiny = crystal(0.4 * np.eye(3), [[0, 0, 0]])
    good = crystal(3 * np.eye(3), [[0, 0, 0], [0.5, 0.5, 0.5]])
    found = are_valid_structures(concatenate([flat, good, tiny]), settings().structure)
    assert found.tolist() == [False, True, False]


def test_what_a_generator_gave_up_is_not_valid(rock_salts, settings):
    """A reason of rejection is enough."""
    crystals = rock_salts((11, 17), (11, 17)).with_columns(rejection=np.array(['', 'collapsed']))
    assert are_valid_structures(crystals, settings().structure).tolist() == [True, False]


def test_verdicts_are_those_of_the_published_script(random_set, settings):
    """The smallest entry off the diagonal of pymatgen's distance matrix decides."""
    crystals = random_set(40, 8, seed=1)
    limit = settings(structure={'shortest_distance': 1.0, 'smallest_volume': 0.1}).structure
    matrices = [to_structure(crystals, row).distance_matrix for row in range(len(crystals))]
    expected = [(one + 10 * np.eye(8)).min() >= 1.0 for one in matrices]
    assert are_valid_structures(crystals, limit).tolist() == expected
    assert len(set(expected)) == 2
