"""Tests of training, of the model in a checkpoint, and of what its summary says."""

from dataclasses import replace

import numpy as np
import pytest

from aiida_crystalgen.science.checkpoint import read_checkpoint, write_checkpoint
from aiida_crystalgen.science.fingerprints.acsf import symmetry_functions
from aiida_crystalgen.science.generators.acsf_cvae import AcsfCvae
from aiida_crystalgen.science.generators.acsf_cvae.examples import amounts_of
from aiida_crystalgen.science.generators.acsf_cvae.model import TrainedModel
from aiida_crystalgen.science.generators.interface import Course
from aiida_crystalgen.science.progress import silent


@pytest.fixture(scope='module')
def model(checkpoint):
    """Return the model that has learned the crystals."""
    return TrainedModel.from_checkpoint(checkpoint)


@pytest.fixture(scope='module')
def scaled(model, crystals):
    """Return the representations of the crystals as the model sees them."""
    features = symmetry_functions(crystals, model.settings.acsf, model.elements)
    return model.features.scaled(features)


def test_the_surrogate_predicts_the_property(model, crystals, scaled):
    """Its error is far below the spread of the property."""
    predicted, deviations = model.predict(scaled, amounts_of(crystals, model.elements))
    errors = np.abs(predicted[:, 0] - crystals['size'])
    assert errors.mean() < 0.2 * crystals['size'].std()
    assert (deviations > 0).all()


def test_codes_keep_the_crystals(model, crystals, scaled):
    """Encoded and decoded, crystals are nearer to themselves than to their mean."""
    conditions = model.conditions.conditions(
        crystals['size'][:, None], amounts_of(crystals, model.elements)
    )
    again = model.decode(model.encode(scaled, conditions)[0], conditions)
    assert ((again - scaled) ** 2).mean() < 0.2 * scaled.var()


def test_crystals_are_within_the_data(model, crystals, scaled):
    """No training crystal is farther from the data than the farthest, and each is its own."""
    index, distance = model.references.nearest(scaled[model.references.rows])
    np.testing.assert_array_equal(index, np.arange(len(model.references)))
    np.testing.assert_allclose(distance, 0, atol=1e-5)
    thresholds = model.references.thresholds(1.0)
    np.testing.assert_array_equal(thresholds, model.references.distances.max(axis=0))
    assert np.isinf(model.references.thresholds(None)).all()


def test_positions_are_kept_by_element(model, crystals):
    """Each training crystal's atoms are there, where they were."""
    for number, row in enumerate(model.references.rows[:8]):
        crystal = crystals.select([int(row)])
        expected = crystal.cartesian_coordinates[np.argsort(crystal.atomic_numbers, kind='stable')]
        np.testing.assert_allclose(model.references.positions_of(number), expected)


def test_few_references_span_the_property(train, crystals):
    """Where not all are kept, lowest and highest values are."""
    model = TrainedModel.from_checkpoint(train(references=10))
    kept = model.references.properties[:, 0]
    assert len(kept) == 10
    assert (kept.min(), kept.max()) == (crystals['size'].min(), crystals['size'].max())


def test_a_checkpoint_survives_its_file(checkpoint, model, scaled, crystals):
    """Written and read, it predicts the same bit for bit."""
    again = TrainedModel.from_checkpoint(read_checkpoint(write_checkpoint(checkpoint)))
    amounts = amounts_of(crystals, model.elements)
    for one, other in zip(
        again.predict(scaled, amounts), model.predict(scaled, amounts), strict=True
    ):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(
    'name', ['elements', 'surrogate.biases.0', 'references.rows', 'features.width', 'axes']
)
def test_weights_that_do_not_fit_are_refused(checkpoint, name):
    """A missing array or one of the wrong shape is noticed before anything is computed."""
    fewer = {key: one for key, one in checkpoint.weights.items() if key != name}
    wrong = {**checkpoint.weights, name: np.zeros((3, 5, 7))}
    for weights in (fewer, wrong):
        with pytest.raises(ValueError, match='do not fit its settings'):
            TrainedModel.from_checkpoint(replace(checkpoint, weights=weights))


def test_checkpoints_of_other_methods_are_refused(checkpoint):
    """The message names both methods."""
    with pytest.raises(ValueError, match='trained by rdf_vae, not by acsf_cvae'):
        TrainedModel.from_checkpoint(replace(checkpoint, method='rdf_vae'))


@pytest.mark.parametrize('number', [0, 1, 9])
def test_too_few_crystals_are_refused(train, crystals, number):
    """Some structures are no training set."""
    with pytest.raises(ValueError, match=f'has {number} crystals.*at least 10'):
        train(crystals.select(np.arange(0, 6 * number, 6)))


def test_a_training_that_runs_away_is_refused(train):
    """Weights that are not finite are never handed out."""
    with pytest.raises(ValueError, match=r'no longer finite after epoch \d+; choose a learning_'):
        train(learning_rate=1e30)


def test_the_seed_decides_everything(train):
    """The same seed gives the same bytes, another one another split and other weights."""
    first, again, other = (train(seed=seed) for seed in (1, 1, 2))
    assert write_checkpoint(first) == write_checkpoint(again)
    assert first.summary['validation'] != other.summary['validation']


def test_losses_fall(checkpoint):
    """Each curve has a value per epoch and ends far below where it began."""
    losses = checkpoint.summary['losses']
    curves = [losses['training']['total'], checkpoint.summary['surrogate']['losses']['training']]
    assert [len(curve) for curve in curves] == [150, 150]
    assert all(curve[-1] < 0.5 * curve[0] for curve in curves)


def test_the_summary_tells_range_and_error(checkpoint, crystals):
    """Units, lowest and highest value and error of each property, and what the set consists of."""
    summary = checkpoint.summary
    facts = summary['surrogate']['properties']['size']
    assert (facts['unit'], facts['lowest'], facts['highest']) == ('Å³', 14.0, 20.0)
    assert facts['mean_absolute_error'] < 0.2 * crystals['size'].std()
    assert summary['elements'] == ['Si', 'Ge']
    assert summary['numbers_of_atoms'] == [1, 2]


@pytest.fixture
def go_on(crystals, make_settings):
    """Return a function that trains on from a model."""

    def run(start, **changes):
        return AcsfCvae().resume_training(
            crystals, make_settings(**changes), Course(start=start), seed=1, progress=silent
        )

    return run


def test_a_model_can_be_trained_on(go_on, checkpoint, train):
    """It starts from the weights of the other one, and so is better at once."""
    later, fresh = go_on(checkpoint), train()
    assert later.summary['validation_loss'] < 0.5 * fresh.summary['validation_loss']


def test_a_model_that_does_not_fit_is_no_start(go_on, checkpoint):
    """Layers of other widths cannot take its weights."""
    with pytest.raises(ValueError, match='the model to start from has other elements or settings'):
        go_on(checkpoint, latent=4)


def test_trajectories_are_not_split(train, crystals):
    """What is kept apart has no near copy among what is learned."""
    trajectory = np.arange(len(crystals)) // 4
    summary = train(crystals.with_columns(trajectory=trajectory)).summary
    apart = np.isin(np.arange(len(crystals)), summary['validation'])
    assert apart.any()
    assert not set(trajectory[apart]) & set(trajectory[~apart])


def test_one_trajectory_is_refused(train, crystals):
    """Nothing of it could be kept apart."""
    alike = crystals.with_columns(trajectory=np.zeros(len(crystals), dtype=np.int64))
    with pytest.raises(ValueError, match='of one trajectory'):
        train(alike)
