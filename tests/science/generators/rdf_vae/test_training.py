"""Tests of training: `…rdf_vae.training` and what `…rdf_vae.summary` says about it."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest
import torch

from aiida_crystalgen.science.checkpoint import write_checkpoint
from aiida_crystalgen.science.fingerprints.rdf import RdfSettings, radial_distribution
from aiida_crystalgen.science.generators.rdf_vae import RdfVae, latent_coordinates

TRAIN_ELSEWHERE = """
import json, sys
import numpy as np
from aiida_crystalgen.science.checkpoint import write_checkpoint
from aiida_crystalgen.science.crystals import CrystalSet
from aiida_crystalgen.science.generators.rdf_vae import RdfVae
from aiida_crystalgen.science.progress import silent
arrays = dict(np.load(sys.argv[1]))
crystals = CrystalSet(**arrays)
checkpoint = RdfVae().train(crystals, json.loads(sys.argv[2]), seed=1, progress=silent)
print(write_checkpoint(checkpoint).hex())
"""


@pytest.mark.parametrize(('number', 'apart'), [(3, 1), (4, 1), (10, 2), (24, 5)])
def test_a_fifth_is_kept_apart(train, crystals, number, apart):
    """Both parts are never empty, and together they are everything."""
    summary = train(crystals.select(np.arange(number)), epochs=1).summary
    assert (summary['validation_crystals'], summary['training_crystals']) == (apart, number - apart)
    rows = summary['latent']['validation']
    assert len(set(rows)) == apart
    assert set(rows) <= set(range(number))


@pytest.mark.parametrize('number', [0, 1, 2])
def test_too_few_crystals_are_refused(train, crystals, number):
    """One structure is no training set."""
    with pytest.raises(ValueError, match=f'has {number} crystals.*at least 3'):
        train(crystals.select(np.arange(number)))


def test_crystals_without_neighbors_are_refused(train, crystals):
    """An empty radial distribution function resembles nothing; the message names the crystal."""
    labels = crystals['label'].tolist()
    with pytest.raises(ValueError, match=f"'{labels[0]}' has no neighbours within 1.0 Å"):
        train(rdf={'cutoff': 1.0, 'points': 20, 'width': 0.05})


def test_a_training_that_runs_away_is_refused(train):
    """Weights that are not finite are never handed out."""
    with pytest.raises(ValueError, match=r'no longer finite after epoch \d+; choose a learning_'):
        train(learning_rate=1e30)


def test_the_seed_decides_everything(train):
    """The same seed gives the same bytes, another one another split and other weights."""
    first, again, other = (train(seed=seed, epochs=3) for seed in (1, 1, 2))
    assert write_checkpoint(first) == write_checkpoint(again)
    assert first.summary['latent']['validation'] != other.summary['latent']['validation']


@pytest.mark.parametrize('seed', [-1, 0, 2**63 + 5, 2**80])
def test_any_integer_is_a_seed(train, seed):
    """Derived seeds are large."""
    assert np.isfinite(train(seed=seed, epochs=1).summary['training_loss'])


def train_elsewhere(crystals, settings, path) -> bytes:
    """Return the checkpoint that another process with three threads writes."""
    arrays = ('lattices', 'fractional_coordinates', 'atomic_numbers', 'counts')
    np.savez(path, **{name: getattr(crystals, name) for name in arrays})
    found = subprocess.run(
        [sys.executable, '-c', TRAIN_ELSEWHERE, path, json.dumps(settings)],
        env={**os.environ, 'OMP_NUM_THREADS': '3'},
        capture_output=True,
        check=True,
        text=True,
    )
    return bytes.fromhex(found.stdout)


def test_threads_and_processes_do_not_matter(train, crystals, make_settings, tmp_path):
    """Another process with another number of threads gives the same bytes."""
    bare = crystals.without_columns()
    found = train_elsewhere(bare, make_settings(), tmp_path / 'crystals.npz')
    assert found == write_checkpoint(train(bare))


def test_torch_is_left_as_it_was(train):
    """Neither the number of threads nor the global random numbers change."""
    threads, state = torch.get_num_threads(), torch.get_rng_state()
    torch.set_num_threads(2)
    try:
        train(epochs=1)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(threads)
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize('part', ['training', 'validation'])
def test_losses_fall(checkpoint, part):
    """There is a value per epoch, and each curve ends far below where it began."""
    curves = checkpoint.summary['losses'][part]
    assert {name: len(curve) for name, curve in curves.items()} == dict.fromkeys(curves, 400)
    assert curves['total'][-1] < 0.5 * curves['total'][0]
    assert curves['total'][-1] == checkpoint.summary[f'{part}_loss']
    parts = np.array(curves['reconstruction']) + np.array(curves['divergence'])
    np.testing.assert_allclose(curves['total'], parts, atol=1e-5)


def test_total_loss_has_the_full_weight(train):
    """During the warm-up too, so that epochs can be compared."""
    curves = train(kl_weight=3.0, epochs=2).summary['losses']['training']
    parts = np.array(curves['reconstruction']) + 3 * np.array(curves['divergence'])
    np.testing.assert_allclose(curves['total'], parts, atol=1e-4)


def test_latent_units_are_active(checkpoint):
    """A trained model uses both units, and its replicas differ about as much as the crystals."""
    distances = checkpoint.summary['distances']
    assert checkpoint.summary['active_latent_units'] == 2
    assert distances['replicas']['mean'] > 0.3 * distances['database']['mean']
    assert distances['nearest']['mean'] < 0.5 * distances['database']['mean']


def test_collapse_is_seen(train):
    """With too large a weight of the divergence nothing is encoded, and the summary says so."""
    summary = train(kl_weight=1000.0, kl_warmup=0, epochs=300).summary
    assert summary['active_latent_units'] == 0
    distances = summary['distances']
    assert distances['replicas']['mean'] < 0.05 * distances['database']['mean']


@pytest.mark.parametrize('floor', [0.01, 0.5, 1.0])
def test_inputs_are_scaled_by_the_training_set(train, crystals, floor):
    """Each point is divided by its largest value, or by a share of the largest of all."""
    checkpoint = train(epochs=1, scale_floor=floor)
    learned = np.delete(np.arange(len(crystals)), checkpoint.summary['latent']['validation'])
    settings = RdfSettings(**checkpoint.settings['rdf'])
    fingerprints = radial_distribution(crystals.select(learned), settings)
    expected = np.maximum(fingerprints.max(axis=0), floor * fingerprints.max())
    np.testing.assert_array_equal(checkpoint.weights['scale'], expected)


def test_the_summary_locates_every_crystal(checkpoint, crystals):
    """Labels and latent points are those of the crystals, in their order."""
    latent = checkpoint.summary['latent']
    assert latent['labels'] == crystals['label'].tolist()
    expected = latent_coordinates(checkpoint, crystals)
    np.testing.assert_allclose(latent['coordinates'], expected, atol=1e-4)


def test_progress_counts_epochs(crystals, make_settings):
    """Every epoch is reported."""
    told = []
    settings = make_settings(epochs=3)
    RdfVae().train(crystals, settings, seed=0, progress=lambda *step: told.append(step[:2]))
    assert told == [(1, 3), (2, 3), (3, 3)]
