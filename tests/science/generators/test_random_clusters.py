"""Laws of random clusters."""

import numpy as np
import pytest

from aiida_crystalgen.science.clusters import ball_volumes
from aiida_crystalgen.science.generators.interface import Request
from aiida_crystalgen.science.generators.random_symmetric import RandomSymmetric
from aiida_crystalgen.science.progress import silent
from aiida_crystalgen.science.structures import formulas, to_structures

PAIRS = {'Pt-Pt': 2.3, 'Au-Pt': 2.2, 'Au-Au': 2.1}


@pytest.fixture
def request_for():
    """Return a factory of requests for clusters."""

    def build(**changes):
        values = {
            'composition': 'Pt',
            'formula_units': (8, 13),
            'cell': 'primitive',
            'candidates': 40,
            'volume_per_atom': 13.0,
            'volume_tolerance': 0.1,
            'distances': {'Pt-Pt': 2.3},
            'attempts': 20,
            'periodic': False,
        }
        return Request.parse({**values, **changes})

    return build


def propose(request, seed=1):
    """Return the clusters that are proposed."""
    return RandomSymmetric().propose(None, request, seed=seed, progress=silent)


def test_clusters_have_the_atoms_asked_for(request_for):
    """Numbers of formula units take turns, and nothing is periodic."""
    request = request_for(composition='PtAu2', formula_units=(1, 2), distances=PAIRS)
    clusters = propose(request)
    assert not clusters.periodic
    assert formulas(clusters) == ['Pt1Au2', 'Pt2Au4'] * 20
    assert (clusters['requested_space_group'] == 0).all()


@pytest.mark.parametrize('atoms', [1, 2, 10, 38])
def test_distances_are_kept_and_nothing_is_detached(request_for, atoms):
    """No two atoms are closer than allowed, and no atom is beyond twice that from all others."""
    clusters = propose(request_for(formula_units=(atoms,)))
    assert (clusters['rejection'] == '').all()
    for structure in to_structures(clusters):
        distances = structure.distance_matrix + 1e9 * np.eye(atoms)
        assert distances.min() >= 2.3
        assert atoms == 1 or distances.min(axis=1).max() <= 4.6


def test_elements_have_distances_of_their_own(request_for):
    """Each pair of elements keeps its own distance."""
    clusters = propose(request_for(composition='PtAu', formula_units=(5,), distances=PAIRS))
    for structure in to_structures(clusters):
        is_gold = np.array(structure.atomic_numbers) == 79
        for first, second, least in ((0, 0, 2.3), (0, 1, 2.2), (1, 1, 2.1)):
            block = structure.distance_matrix[is_gold == first][:, is_gold == second]
            assert block[block > 0].min() >= least


def test_roomy_balls_have_the_volume_asked_for(request_for):
    """Where atoms hardly meet, the mean volume of the clusters is about the requested one."""
    request = request_for(formula_units=(40,), volume_per_atom=40.0, candidates=200)
    clusters = propose(request)
    assert ball_volumes(clusters).mean() / 40 == pytest.approx(40.0, rel=0.1)


def test_rows_depend_on_their_number_alone(request_for):
    """Any rows are those of the whole, bit for bit."""
    request = request_for()
    rows = np.array([0, 3, 18, 39])
    some = RandomSymmetric().propose_rows(None, request, rows, seed=1, progress=silent)
    whole = propose(request).select(rows)
    np.testing.assert_array_equal(some.lattices, whole.lattices)
    np.testing.assert_array_equal(some.fractional_coordinates, whole.fractional_coordinates)
    np.testing.assert_array_equal(some['seed'], whole['seed'])


def test_what_has_no_room_is_rejected(request_for):
    """Clusters that cannot be drawn in the attempts given are there, with the reason."""
    request = request_for(formula_units=(2,), volume_per_atom=1e5, attempts=1)
    reasons = propose(request)['rejection']
    assert 'no cluster Pt2 in 1 attempts' in reasons


def test_clusters_have_no_space_group_to_choose(request_for):
    """A space group is refused where clusters are asked for."""
    with pytest.raises(ValueError, match='clusters have no space group'):
        request_for(space_groups=(225,))
