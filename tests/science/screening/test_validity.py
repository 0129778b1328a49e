"""Why crystals cannot be real."""

from dataclasses import replace

import numpy as np
import pytest
from ase import Atoms

from aiida_crystalgen.science.crystals import concatenate
from aiida_crystalgen.science.neighbors import shortest_distances
from aiida_crystalgen.science.screening.validity import ValiditySettings, invalid_reasons

SETTINGS = ValiditySettings(
    distances={'Si-Si': 2.1, 'Sn-Se': 2.1, 'Sn-Sn': 2.0, 'Se-Se': 2.2, 'Se-Si': 2.0, 'Si-Sn': 2.0},
    smallest_volume=10.0,
    largest_volume=100.0,
)


def test_diamond_is_valid(cubic):
    """A real crystal has no reason against it."""
    assert invalid_reasons(cubic('diamond', 5.43), SETTINGS).tolist() == ['']


@pytest.mark.parametrize(
    ('edge', 'reason'),
    [
        (2.1, 'volume of 9.26 Å³ per atom, not between 10 and 100 Å³'),
        (5.0, 'volume of 125 Å³ per atom, not between 10 and 100 Å³'),
    ],
)
def test_volume_out_of_bounds(cubic, edge, reason):
    """The volume per atom is given with its bounds."""
    assert invalid_reasons(cubic('sc', edge), SETTINGS).tolist() == [reason]


def test_atom_too_close_to_its_own_image(crystal):
    """An atom must keep its distance from its own images too."""
    chain = crystal(np.diag([1.9, 4.0, 4.0]), [[0, 0, 0]])
    assert invalid_reasons(chain, SETTINGS).tolist() == ['Si-Si distance of 1.90 Å, below 2.10 Å']


def test_worst_pair_is_named(crystal):
    """Of several pairs the one that is relatively closest is named, in order of the atoms."""
    sites = [[0, 0, 0], [0, 0, 0.4], [0.5, 0.5, 0], [0.5, 0.5, 0.36]]
    both = crystal(5 * np.eye(3), sites, numbers=[50, 34, 34, 34])
    assert invalid_reasons(both, SETTINGS).tolist() == ['Se-Se distance of 1.80 Å, below 2.20 Å']


def test_cell_without_volume(crystal):
    """A cell that long and flat is no cell, though its volume is right."""
    flat = crystal([[1e5, 0, 0], [1e5, 1e-2, 0], [0, 0, 20]], [[0, 0, 0]])
    lax = SETTINGS.model_copy(update={'largest_volume': 1e9})
    flatter = crystal([[1e6, 0, 0], [1e6, 1e-4, 0], [0, 0, 1]], [[0, 0, 0]])
    assert invalid_reasons(concatenate([flat, flatter]), lax)[1] == 'cell without volume'


def test_rejected_are_those_with_a_shorter_distance(random_set):
    """For one element, the reasons and the shortest distances agree."""
    crystals = random_set(300, 4)
    rejected = invalid_reasons(crystals, SETTINGS) != ''
    assert rejected.tolist() == (shortest_distances(crystals) < 2.1).tolist()
    assert 0 < rejected.sum() < 300


def test_no_crystals_have_no_reasons(random_set):
    """An empty set is no error."""
    assert len(invalid_reasons(random_set(2, 3).select([]), SETTINGS)) == 0


def test_missing_distance_is_named(crystal):
    """Elements without a distance are no valid crystal by default."""
    with pytest.raises(ValueError, match="'distances' has no value for Si-Ge"):
        invalid_reasons(crystal(5 * np.eye(3), [[0, 0, 0], [0.5] * 3], numbers=[14, 32]), SETTINGS)


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        ({'distances': {'Sn': 2.0}}, "'Sn' is not a pair of elements"),
        ({'distances': {'Sn-Xx': 2.0}}, "'Sn-Xx' is not a pair of elements"),
        ({'distances': {'Sn-Se': -1.0}}, 'the distance of Sn-Se is -1.0 Å; it must be positive'),
        ({'smallest_volume': 200.0}, "'smallest_volume' is 200.0 Å³, more than 'largest_volume'"),
        ({'largest_volume': 0.0}, "'largest_volume' is 0.0: input should be greater than 0"),
    ],
)
def test_impossible_settings_are_refused(changes, message):
    """The message names the key and the value."""
    with pytest.raises(ValueError, match=message):
        ValiditySettings.parse({**SETTINGS.model_dump(), **changes})


def test_only_distances_count_in_clusters(to_clusters):
    """The box of a cluster is nobody's volume, and its images are nobody's neighbours."""
    clusters = to_clusters(*(Atoms('Si2', [[0, 0, 0], [0, 0, far]]) for far in (2.0, 2.3)))
    flat = replace(
        clusters,
        lattices=np.tile(np.eye(3), (2, 1, 1)),
        fractional_coordinates=clusters.cartesian_coordinates,
    )
    for one in (clusters, flat):
        reasons = invalid_reasons(one, SETTINGS).tolist()
        assert reasons == ['Si-Si distance of 2.00 Å, below 2.10 Å', '']
