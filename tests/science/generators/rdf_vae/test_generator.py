"""Tests of `aiida_crystalgen.science.generators.rdf_vae.generator`."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from aiida_crystalgen.science.fingerprints.rdf import RdfSettings, radial_distribution
from aiida_crystalgen.science.generators.interface import Request, load_generator
from aiida_crystalgen.science.generators.random_symmetric import RandomSymmetric
from aiida_crystalgen.science.generators.rdf_vae import RdfVae, replicas
from aiida_crystalgen.science.progress import silent

REQUEST = Request(
    composition='Si',
    formula_units=(8,),
    cell='conventional',
    candidates=40,
    space_groups=(2, 62, 225),
    volume_per_atom=23.0,
    volume_tolerance=0.1,
    distances={'Si-Si': 2.1},
    attempts=3,
)


@pytest.fixture(scope='module')
def proposals(checkpoint):
    """Return proposals of the model."""
    return RdfVae().propose(checkpoint, REQUEST, seed=5, progress=silent)


def test_it_is_found_by_its_name():
    """The entry point leads to this generator, which says that it needs training."""
    generator = load_generator('rdf_vae')
    assert (generator.name, generator.needs_training) == ('rdf_vae', True)


def test_crystals_are_random_symmetric_ones(proposals):
    """They are those of the generator without a model, bit for bit, with all its columns."""
    expected = RandomSymmetric().propose(None, REQUEST, seed=5, progress=silent)
    np.testing.assert_array_equal(proposals.lattices, expected.lattices)
    np.testing.assert_array_equal(proposals.fractional_coordinates, expected.fractional_coordinates)
    assert set(proposals.columns) == {*expected.columns, 'replica', 'replica_distance'}


def test_every_row_names_its_nearest_replica(proposals, checkpoint):
    """Index and distance are those of the smallest correlation distance, rejected rows included."""
    settings = RdfSettings(**checkpoint.settings['rdf'])
    fingerprints = radial_distribution(proposals, settings)
    distances = cdist(fingerprints, replicas(checkpoint), 'correlation')
    np.testing.assert_allclose(proposals['replica_distance'], distances.min(axis=1), atol=1e-5)
    chosen = distances[np.arange(40), proposals['replica']]
    np.testing.assert_allclose(chosen, proposals['replica_distance'], atol=1e-5)


def test_blocks_do_not_matter(proposals, checkpoint, monkeypatch):
    """Memory is bounded by blocks, which change no bit."""
    monkeypatch.setattr(f'{RdfVae.__module__}._BLOCK', 7)
    again = RdfVae().propose(checkpoint, REQUEST, seed=5, progress=silent)
    for name in ('replica', 'replica_distance'):
        np.testing.assert_array_equal(again[name], proposals[name])


def test_a_checkpoint_is_needed():
    """Without one there are no replicas."""
    with pytest.raises(ValueError, match='rdf_vae proposes from a checkpoint'):
        RdfVae().propose(None, REQUEST, seed=5, progress=silent)


def test_a_checkpoint_of_another_method_is_refused(checkpoint):
    """The message names both methods."""
    other = replace(checkpoint, method='acsf_cvae')
    with pytest.raises(ValueError, match='trained by acsf_cvae, not by rdf_vae'):
        RdfVae().propose(other, REQUEST, seed=5, progress=silent)
