"""Tests of proposing: `…acsf_cvae.generator`, `…proposal`, `…sampling`, `…positions`."""

import re

import numpy as np
import pytest

from aiida_crystalgen.science.fingerprints.acsf import symmetry_functions
from aiida_crystalgen.science.generators.acsf_cvae import AcsfCvae
from aiida_crystalgen.science.generators.acsf_cvae.model import TrainedModel
from aiida_crystalgen.science.generators.acsf_cvae.sampling import draw_representations
from aiida_crystalgen.science.generators.acsf_cvae.settings import AcsfCvaeProposing
from aiida_crystalgen.science.generators.acsf_cvae.wanted import wanted_of
from aiida_crystalgen.science.generators.interface import ProposesRows, load_generator
from aiida_crystalgen.science.progress import silent


@pytest.fixture(scope='module')
def propose(checkpoint):
    """Return a function that proposes crystals from the model."""

    def function(request, seed=5):
        return AcsfCvae().propose(checkpoint, request, seed=seed, progress=silent)

    return function


@pytest.fixture(scope='module')
def proposals(propose, make_request):
    """Return proposals of the model, whose cells are too few for crystals right on the data."""
    return propose(make_request(proposing={'quantile': None}))


def test_it_is_found_by_its_name():
    """The entry point leads to this generator, which says what it can."""
    generator = load_generator('acsf_cvae')
    assert (generator.name, generator.needs_training) == ('acsf_cvae', True)
    assert isinstance(generator, ProposesRows)


def test_every_row_has_the_composition_and_a_target(proposals):
    """Values of the target take turns, in their unit; each row is one formula unit."""
    assert len(proposals) == 6
    np.testing.assert_array_equal(proposals['target_size'], [15, 19] * 3)
    assert proposals.columns['target_size'].unit == 'Å³'
    np.testing.assert_array_equal(proposals.counts, np.full(6, 2))
    assert set(proposals.atomic_numbers) == {14, 32}


def test_predictions_are_those_of_the_crystals(proposals, checkpoint):
    """Where a crystal was sought, the surrogate is asked about it, not about what was drawn."""
    model = TrainedModel.from_checkpoint(checkpoint)
    sought = np.isfinite(proposals['reconstruction_loss'])
    assert sought.any()
    found = proposals.select(sought)
    features = symmetry_functions(found, model.settings.acsf, model.elements)
    amounts = np.ones((len(found), 2), dtype=np.int64)
    predicted, deviations = model.predict(model.features.scaled(features), amounts)
    np.testing.assert_allclose(found['predicted_size'], predicted[:, 0], rtol=1e-9)
    np.testing.assert_allclose(found['predicted_size_deviation'], deviations[:, 0], rtol=1e-6)


def test_accepted_rows_keep_what_was_asked_for(proposals):
    """Prediction and uncertainty of every usable crystal are within their shares of 1.5 Å³."""
    good = proposals.select(proposals['rejection'] == '')
    assert len(good)
    assert (np.abs(good['predicted_size'] - good['target_size']) <= 0.8 * 1.5).all()
    assert (good['predicted_size_deviation'] <= 1.5).all()
    assert (good['reconstruction_loss'] < 0.5).all()


def test_volumes_are_within_those_of_the_request(propose, make_request):
    """Cells of training crystals are scaled to the nearest allowed volume."""
    found = propose(make_request(volume_per_atom=30.0, volume_tolerance=0.1, candidates=2))
    np.testing.assert_allclose(found.volumes / found.counts, 27.0)


@pytest.mark.parametrize('rows', [[0], [3], [1, 4], [2, 3, 5]])
def test_rows_do_not_depend_on_the_others(proposals, checkpoint, make_request, rows):
    """Some rows alone are what they are among all, bit for bit."""
    request = make_request(proposing={'quantile': None})
    some = AcsfCvae().propose_rows(checkpoint, request, np.array(rows), seed=5, progress=silent)
    whole = proposals.select(rows)
    np.testing.assert_array_equal(some.fractional_coordinates, whole.fractional_coordinates)
    np.testing.assert_array_equal(some.lattices, whole.lattices)
    for name in whole.columns:
        np.testing.assert_array_equal(some[name], whole[name])


def test_impossible_tolerances_are_told(propose, make_request):
    """Every row is rejected with what the surrogate predicts, and has atoms all the same."""
    target = {'property': 'size', 'values': [17.3], 'tolerance': 1e-7}
    found = propose(make_request(targets=[target], candidates=3))
    assert len(found) == 3
    pattern = "surrogate predicts 'size'"
    assert all(pattern in reason for reason in found['rejection'])
    assert found['attempts'].tolist() == [2, 2, 2]
    assert np.isnan(found['reconstruction_loss']).all()


def test_representations_far_from_the_data_are_rejected(propose, make_request):
    """Wild latent points are not reconstructed, and the reason tells by what measure."""
    wild = {'latents': 'prior', 'temperature': 100.0, 'attempts': 1, 'tolerance_share': 1.0}
    target = {'property': 'size', 'values': [17.0], 'tolerance': 1e3}
    found = propose(make_request(proposing=wild, targets=[target]))
    assert all('far from the data' in reason for reason in found['rejection'])


def test_what_cannot_be_reconstructed_is_invalid(propose, make_request):
    """The verdict of the reconstruction becomes the reason."""
    strict = {'reconstruction': {'valid_below': 1e-9, 'stop_below': 1e-9}}
    found = propose(make_request(proposing=strict, candidates=2))
    sought = np.isfinite(found['reconstruction_loss'])
    reasons = found['rejection'][sought]
    assert sought.any()
    assert all(reason.startswith('invalid representation') for reason in reasons)


def test_targets_outside_the_data_are_recorded(propose, make_request):
    """Nothing is refused, but the metadata say so; targets within leave no word."""
    targets = [{'property': 'size', 'values': [17.0, 40.0], 'tolerance': 1.0}]
    found = propose(make_request(targets=targets, candidates=2))
    (warning,) = found.metadata['warnings']
    assert "'size' 40 Å³ lies outside the training data, which reach from 14 to 20" in warning


def test_values_may_count_from_the_lowest(checkpoint, make_request):
    """Two above the lowest of 14 is 16."""
    target = {'property': 'size', 'values': [2.0], 'tolerance': 1.0, 'above_lowest': True}
    model = TrainedModel.from_checkpoint(checkpoint)
    wanted = wanted_of(model, make_request(targets=[target]), np.arange(2))
    np.testing.assert_array_equal(wanted.values, [[16.0], [16.0]])


def test_compositions_are_sampled_if_asked_for(propose, make_request):
    """Rows then take after training crystals of the elements of the request."""
    sampled = {'compositions': 'sampled', 'attempts': 1}
    found = propose(make_request(proposing=sampled, candidates=8))
    assert set(found.counts) == {1, 2}


def test_positions_may_start_from_training_crystals(propose, make_request):
    """No atom is farther from its place than half the diagonal of its box."""
    near = {'start': 'nearest', 'reach': 0.2, 'attempts': 1, 'quantile': None}
    found = propose(make_request(proposing=near, candidates=3))
    sought = found.select(np.isfinite(found['reconstruction_loss']))
    assert len(sought)
    steps = sought.fractional_coordinates - np.array([[0, 0, 0], [0.5, 0.5, 0.5]] * len(sought))
    steps = (steps - np.rint(steps)) @ np.eye(3)
    lengths = np.linalg.norm(
        steps * np.repeat(sought.lattices.diagonal(0, 1, 2), 2, axis=0), axis=1
    )
    assert (lengths <= 0.1 * np.sqrt(3) + 1e-9).all()


def test_cells_may_be_found_as_well(propose, make_request):
    """Their volumes are those that the training crystals suggest, their shapes are not."""
    found = propose(make_request(proposing={'cell': 'free', 'attempts': 1}, candidates=2))
    assert ((found.volumes / found.counts > 11.8) & (found.volumes / found.counts < 22.2)).all()


def test_clusters_stay_clusters(train, clusters, make_request):
    """A model of clusters proposes clusters, each in a box with vacuum."""
    checkpoint = train(clusters, epochs=60)
    request = make_request(
        composition='Si4',
        distances={'Si-Si': 1.0},
        candidates=2,
        targets=[{'property': 'size', 'values': [6.5], 'tolerance': 2.0}],
    )
    found = AcsfCvae().propose(checkpoint, request, seed=1, progress=silent)
    assert not found.periodic
    assert (found.lattices.diagonal(0, 1, 2) >= 10).all()


def test_several_properties_are_met_together(train, make_request):
    """Both targets and both predictions are there."""
    checkpoint = train(properties=['size', 'shape'])
    targets = [
        {'property': 'shape', 'values': [1.1], 'tolerance': 1.0},
        {'property': 'size', 'values': [17.0], 'tolerance': 9.0},
    ]
    request = make_request(targets=targets, candidates=2, proposing={'quantile': None})
    found = AcsfCvae().propose(checkpoint, request, seed=1, progress=silent)
    assert found['target_shape'].tolist() == [1.1, 1.1]
    assert {'predicted_shape', 'predicted_size', 'target_size'} <= set(found.columns)


@pytest.mark.parametrize(
    ('changes', 'sentence'),
    [
        ({'targets': [{'property': 'gap', 'values': [1], 'tolerance': 1}]}, "conditioned on 'gap'"),
        ({'composition': 'C', 'distances': {'C-C': 1}}, 'no training crystal contains C, only Si'),
        ({'space_groups': [225]}, 'cannot choose space groups'),
    ],
)
def test_impossible_requests_are_refused(propose, make_request, changes, sentence):
    """The message says what the model has not learned."""
    with pytest.raises(ValueError, match=sentence):
        propose(make_request(**changes))


def test_settings_of_proposing_are_checked(propose, make_request):
    """The message names the key where the user wrote it."""
    with pytest.raises(ValueError, match=r"'proposing.draws' is 0"):
        propose(make_request(proposing={'draws': 0}))
    with pytest.raises(ValueError, match="'start' is 'nearest', which takes the cells"):
        propose(make_request(proposing={'start': 'nearest', 'cell': 'free'}))


def test_starts_from_training_crystals_need_some(propose, make_request):
    """A composition that no training crystal has is refused before anything is drawn."""
    with pytest.raises(ValueError, match='no training crystal holds 3 formula units of SiGe'):
        propose(make_request(proposing={'start': 'nearest'}, formula_units=[1, 3]))


def test_unsure_predictions_are_told(propose, make_request):
    """The reason gives prediction, uncertainty and limit with the digits of the tolerance."""
    target = {'property': 'size', 'values': [17.0], 'tolerance': 3.0}
    strict = {'deviation_share': 1e-9, 'attempts': 1}
    found = propose(make_request(proposing=strict, targets=[target], candidates=1))
    pattern = r"predicts 'size' 1\d\.\d\d ± \d\.\d\d Å³ of .*, which is less sure than ± 0.00"
    assert re.search(pattern, str(found['rejection'][0]))


def test_a_checkpoint_is_needed(make_request):
    """Without one there is nothing to draw from."""
    with pytest.raises(ValueError, match='acsf_cvae proposes from a checkpoint'):
        AcsfCvae().propose(None, make_request(), seed=5, progress=silent)


def test_no_representation_has_a_negative_function(checkpoint, make_request, make_proposing):
    """Symmetry functions are sums of positive terms, those drawn as well."""
    model = TrainedModel.from_checkpoint(checkpoint)
    proposing = AcsfCvaeProposing.parse(make_proposing(latents='prior', temperature=5.0))
    rows = np.arange(40)
    drawn = draw_representations(
        model, wanted_of(model, make_request(), rows), proposing, rows, seed=1
    )
    assert (model.features.restored(drawn.scaled) >= 0).all()
