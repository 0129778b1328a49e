"""Tests of `aiida_crystalgen.science.generators.rdf_vae.latent` and `…rdf_vae.model`."""

from dataclasses import replace

import numpy as np
import pytest

from aiida_crystalgen.science.checkpoint import read_checkpoint, write_checkpoint
from aiida_crystalgen.science.crystals import CrystalSet
from aiida_crystalgen.science.fingerprints.rdf import RdfSettings, radial_distribution
from aiida_crystalgen.science.generators.rdf_vae import (
    analogy,
    decode,
    encode,
    interpolate,
    latent_coordinates,
    replicas,
)


@pytest.fixture(scope='module')
def fingerprints(checkpoint, crystals):
    """Return the radial distribution functions of the crystals."""
    return radial_distribution(crystals, RdfSettings(**checkpoint.settings['rdf']))


@pytest.fixture(scope='module')
def reconstructions(checkpoint, fingerprints):
    """Return the radial distribution functions encoded and decoded."""
    return decode(checkpoint, encode(checkpoint, fingerprints))


def doubled(crystals: CrystalSet) -> CrystalSet:
    """Return the crystals in cells twice as long along a."""
    shifted = crystals.fractional_coordinates + np.array([1, 0, 0])
    both = np.stack([crystals.fractional_coordinates, shifted], axis=1) / [2, 1, 1]
    return CrystalSet(
        lattices=crystals.lattices * np.array([2, 1, 1])[:, None],
        fractional_coordinates=both.reshape(-1, 3),
        atomic_numbers=np.repeat(crystals.atomic_numbers, 2),
        counts=2 * crystals.counts,
    )


def test_reconstructions_resemble_the_crystals(fingerprints, reconstructions):
    """They are much nearer to the crystals than what the crystals have in common."""
    pairs = zip(fingerprints, reconstructions, strict=True)
    own = [1 - np.corrcoef(*pair)[0, 1] for pair in pairs]
    common = [1 - np.corrcoef(one, fingerprints.mean(axis=0))[0, 1] for one in fingerprints]
    assert np.mean(own) < 0.5 * np.mean(common)


def test_decoded_values_are_possible(checkpoint):
    """They lie between zero and the largest of the training set, wherever one looks."""
    points = decode(checkpoint, np.array([[0.0, 0.0], [50.0, -50.0]]))
    assert (points >= 0).all()
    assert (points <= checkpoint.weights['scale']).all()


def test_latent_points_do_not_depend_on_the_cell(checkpoint, crystals):
    """A supercell lies where the crystal lies."""
    expected = latent_coordinates(checkpoint, crystals)
    found = latent_coordinates(checkpoint, doubled(crystals))
    np.testing.assert_allclose(found, expected, atol=1e-3)


def test_interpolation_goes_from_start_to_end(checkpoint, fingerprints, reconstructions):
    """Its ends are the reconstructions, its middle is at the mean of the latent points."""
    start, end = fingerprints[0], fingerprints[9]
    way = interpolate(checkpoint, start, end=end, steps=5)
    middle = decode(checkpoint, encode(checkpoint, fingerprints[[0, 9]]).mean(axis=0)[None])
    expected = np.stack([reconstructions[0], middle[0], reconstructions[9]])
    np.testing.assert_allclose(way[[0, 2, 4]], expected, rtol=1e-9)
    with pytest.raises(ValueError, match='steps is 1'):
        interpolate(checkpoint, start, end=end, steps=1)


def test_analogies_add_up(checkpoint, fingerprints, reconstructions):
    """What is taken away and given back leaves the crystal; a − a + c is c."""
    a, b, c = fingerprints[[0, 9, 17]]
    kept = analogy(checkpoint, a, minus=b, plus=b)
    moved = analogy(checkpoint, a, minus=a, plus=c)
    np.testing.assert_allclose(kept, reconstructions[0], rtol=1e-9)
    np.testing.assert_allclose(moved, reconstructions[17], rtol=1e-9)


def test_a_checkpoint_survives_its_file(checkpoint):
    """Written and read, it makes the same replicas bit for bit."""
    read = read_checkpoint(write_checkpoint(checkpoint))
    np.testing.assert_array_equal(replicas(read), replicas(checkpoint))


def test_other_fingerprints_are_refused(checkpoint):
    """Both numbers of points are named; so are both numbers of latent coordinates."""
    with pytest.raises(ValueError, match=r'have 61 points.*trained on 60'):
        encode(checkpoint, np.ones((2, 61)))
    with pytest.raises(ValueError, match=r'have 3 coordinates.*has 2 latent units'):
        decode(checkpoint, np.ones((2, 3)))


def test_checkpoints_of_other_methods_are_refused(checkpoint):
    """The message names both methods."""
    with pytest.raises(ValueError, match='trained by site_network, not by rdf_vae'):
        replicas(replace(checkpoint, method='site_network'))


@pytest.mark.parametrize('name', ['scale', 'output.bias', 'encoder.0.weight'])
def test_weights_that_do_not_fit_are_refused(checkpoint, name):
    """A missing array or one of the wrong shape is noticed before anything is computed."""
    fewer = {key: one for key, one in checkpoint.weights.items() if key != name}
    wrong = {**checkpoint.weights, name: np.zeros((3, 5, 7), dtype=np.float32)}
    for weights in (fewer, wrong):
        with pytest.raises(ValueError, match=f'do not fit its settings: .{name}. has shape'):
            replicas(replace(checkpoint, weights=weights))
