"""Crystals made from replicas."""

import numpy as np
import pytest

from aiida_crystalgen.science.generators.interface import Request
from aiida_crystalgen.science.generators.rdf_vae import RdfVae
from aiida_crystalgen.science.progress import silent

SEARCH = {
    'trials': 6,
    'draws': 4,
    'unsymmetric': 0.1,
    'most_copies': 1,
    'lattice_tolerance': 0.003,
    'packing': [0.3, 1.0],
    'hops': 1,
    'steps': 10,
    'race_steps': 5,
    'race_survivors': 2,
    'learning_rate': 0.1,
    'final_rate': 0.1,
    'hop': 0.3,
    'swaps': 0.0,
    'temperature': 0.0,
    'restarts': 0.25,
    'loss': 'absolute',
    'scale_floor': 0.5,
    'overlap': 0.6,
    'overlap_weight': 1.0,
    'polish_below': 0.01,
    'stop_below': 0.001,
    'valid_below': 10.0,
    'polish': 5,
}
RECONSTRUCTION = {'route': 'reconstruction', 'broadening': 0.2, 'reconstruction': SEARCH}


def proposed(checkpoint, rows=(0, 1, 2), **proposing):
    """Return some rows of silicon crystals."""
    request = Request(
        composition='Si',
        formula_units=(1, 2),
        cell='primitive',
        candidates=4,
        volume_per_atom=17.0,
        volume_tolerance=0.1,
        distances={'Si-Si': 1.0},
        attempts=10,
        proposing=proposing,
    )
    return RdfVae().propose_rows(checkpoint, request, np.array(rows), seed=1, progress=silent)


def test_crystals_are_made_from_replicas(checkpoint):
    """Every row has the composition and volume asked for, and names its replica."""
    crystals = proposed(checkpoint, **RECONSTRUCTION)
    assert crystals.counts.tolist() == [1, 2, 1]
    assert (np.abs(crystals.volumes / crystals.counts - 17.0) <= 1.7 + 1e-9).all()
    assert (crystals['sought_replica'] < 25).all()
    assert set(crystals.columns) >= {'rejection', 'requested_space_group', 'replica_distance'}


def test_rows_do_not_depend_on_each_other(checkpoint):
    """A row proposed alone is that proposed among others."""
    together, alone = (proposed(checkpoint, rows, **RECONSTRUCTION) for rows in ((0, 1, 2), (1,)))
    chosen = together.select([1])
    assert np.array_equal(chosen.fractional_coordinates, alone.fractional_coordinates)
    assert np.array_equal(chosen.lattices, alone.lattices)


def test_screening_is_what_nothing_asks_for(checkpoint):
    """The route of screening is that without settings of proposing."""
    default, screened = proposed(checkpoint), proposed(checkpoint, route='screening')
    assert np.array_equal(default.fractional_coordinates, screened.fractional_coordinates)
    assert np.array_equal(default['replica'], screened['replica'])


@pytest.mark.parametrize(
    ('proposing', 'sentence'),
    [
        ({'rout': 'screening'}, "unknown key 'proposing.rout'|'proposing.route' is missing"),
        ({'route': 'guessing'}, "'proposing.route' is 'guessing'"),
        ({'route': 'reconstruction'}, "needs 'broadening' and 'reconstruction'"),
    ],
)
def test_impossible_settings_are_refused(checkpoint, proposing, sentence):
    """A wrong setting is named in a sentence."""
    with pytest.raises(ValueError, match=sentence):
        proposed(checkpoint, **proposing)
