"""Training and proposing, as the rest of the package asks for them."""

import numpy as np
import pytest

from aiida_crystalgen.science.checkpoint import Checkpoint, read_checkpoint, write_checkpoint
from aiida_crystalgen.science.composition import reduced_formulas
from aiida_crystalgen.science.fingerprints.sites import nearest_distances
from aiida_crystalgen.science.generators.interface import Course, Request
from aiida_crystalgen.science.generators.site_network import SiteNetwork, propose_from
from aiida_crystalgen.science.generators.site_network.inputs import look_at
from aiida_crystalgen.science.generators.site_network.model import SiteModel
from aiida_crystalgen.science.progress import silent

PROPOSING = {'leniency': 10.0, 'most_assignments': 5000}


def ask(composition='NaCl', candidates=5, **changes):
    """Return a request."""
    fields = {
        'composition': composition,
        'formula_units': (1,),
        'cell': 'primitive',
        'candidates': candidates,
        'volume_per_atom': 20.0,
        'volume_tolerance': 0.1,
        'distances': {'Na-Na': 1.0, 'Na-Cl': 1.0, 'Cl-Cl': 1.0},
        'attempts': 1,
        'proposing': PROPOSING,
    }
    return Request(**{**fields, **changes})


def test_a_checkpoint_survives_a_file(checkpoint):
    """Writing and reading gives the same proposals."""
    again = read_checkpoint(write_checkpoint(checkpoint))
    first, second = (
        SiteNetwork().propose(one, ask(), seed=0, progress=silent) for one in (checkpoint, again)
    )
    assert first['template'].tolist() == second['template'].tolist()
    assert np.array_equal(first.lattices, second.lattices)


def test_candidates_have_the_formula(checkpoint):
    """Every candidate is of the composition asked for, the most likely first."""
    found = SiteNetwork().propose(checkpoint, ask(), seed=0, progress=silent)
    numbers = found.atomic_numbers
    assert set(numbers) == {11, 17}
    assert (numbers == 11).sum() == (numbers == 17).sum()
    assert (np.diff(found['log_likelihood']) <= 0).all()


def test_a_system_gives_several_formulas(checkpoint):
    """Without a formula the generator chooses one for each candidate."""
    found = SiteNetwork().propose(checkpoint, ask('Na-Cl', 20), seed=0, progress=silent)
    assert set(found.atomic_numbers) == {11, 17}
    assert len(set(reduced_formulas(found))) > 1


def test_stored_likelihoods_are_those_of_the_templates(checkpoint, types):
    """The table of a checkpoint says what the network says."""
    inputs = look_at(types, checkpoint.settings['symmetry_tolerance'])
    outputs = SiteModel.from_checkpoint(checkpoint).outputs(inputs)
    assert np.allclose(outputs.log_odds, checkpoint.weights['table'], atol=1e-3)


def test_training_goes_on_bit_for_bit(compounds, make_settings, checkpoint):
    """A training that is cut after two epochs ends as one that was not."""
    states = []
    settings = make_settings()
    course = Course(save=lambda capture: states.append(capture()))
    SiteNetwork().resume_training(compounds, settings, course, seed=1, progress=silent)
    state = read_checkpoint(write_checkpoint(states[1]))
    again = SiteNetwork().resume_training(
        compounds, settings, Course(state=state), seed=1, progress=silent
    )
    for name, array in checkpoint.weights.items():
        assert np.array_equal(array, again.weights[name]), name


def test_a_foreign_state_is_refused(compounds, make_settings):
    """A state of another seed does not fit."""
    states = []
    course = Course(save=lambda capture: states.append(capture()))
    settings = make_settings(epochs=1)
    SiteNetwork().resume_training(compounds, settings, course, seed=1, progress=silent)
    with pytest.raises(ValueError, match='another seed'):
        SiteNetwork().resume_training(
            compounds, settings, Course(state=states[0]), seed=2, progress=silent
        )


def test_a_training_can_start_from_a_model(compounds, make_settings, checkpoint):
    """The first weights are those of the other model; other layers do not fit."""
    settings = make_settings(learning_rate={**make_settings()['learning_rate'], 'first': 0.0})
    start = Course(start=checkpoint)
    SiteNetwork().resume_training(compounds, settings, start, seed=3, progress=silent)
    with pytest.raises(ValueError, match="'latent'"):
        SiteNetwork().resume_training(
            compounds, make_settings(latent=4), start, seed=3, progress=silent
        )


def test_convolutions_train_too(train):
    """The paper's architecture, made small, trains and calibrates."""
    found = train(
        encoder='convolutional',
        reconstruction_weight=1.0,
        softmax_sees='likelihoods',
        distance_functions=0,
        positive_weight=118.0,
        oversampling=1.0,
        epochs=2,
    )
    assert np.isfinite(found.summary['losses']['validation']['sigmoid']).all()


def test_elements_never_seen_are_refused(checkpoint):
    """The likelihood of an element without examples is 0, and that is said."""
    request = ask('XeO', distances={'Xe-Xe': 1.0, 'Xe-O': 1.0, 'O-O': 1.0})
    with pytest.raises(ValueError, match='never seen Xe'):
        SiteNetwork().propose(checkpoint, request, seed=0, progress=silent)


def test_more_elements_than_sites_are_refused(checkpoint, compounds):
    """A template of two sites has no room for three elements."""
    names = ('Na', 'Cl', 'O')
    pairs = {f'{a}-{b}': 1.0 for a in names for b in names if a <= b}
    with pytest.raises(ValueError, match='as many inequivalent sites'):
        propose_from(checkpoint, compounds, ask('NaClO', distances=pairs), seed=0, progress=silent)


def test_a_foreign_checkpoint_is_refused():
    """A model of another generator cannot propose."""
    foreign = Checkpoint('rdf_vae', {}, {})
    with pytest.raises(ValueError, match='trained by rdf_vae'):
        SiteNetwork().propose(foreign, ask(), seed=0, progress=silent)


def test_no_checkpoint_is_refused():
    """Without a model there is nothing to rank by."""
    with pytest.raises(ValueError, match='train it'):
        SiteNetwork().propose(None, ask(), seed=0, progress=silent)


def test_a_star_is_each_other_element_that_was_seen(checkpoint):
    """All candidates hold what is named, and one more element, not always the same one."""
    request = ask('Na-*', 20, distances={'Na-Na': 1.0})
    found = SiteNetwork().propose(checkpoint, request, seed=0, progress=silent)
    elements = [set(found.atomic_numbers[found.atoms(row)]) for row in range(len(found))]
    assert all(11 in one and len(one) == 2 for one in elements)
    assert len(set.union(*elements)) > 2


def test_not_all_can_be_left_open(checkpoint):
    """There are too many choices of three elements."""
    request = ask('Na-*-*-*', distances={'Na-Na': 1.0})
    with pytest.raises(ValueError, match='leaves 3 elements open'):
        SiteNetwork().propose(checkpoint, request, seed=0, progress=silent)


def test_other_templates_can_be_given(checkpoint, compounds):
    """Candidates have the structures of the crystals that are given, named by their rows."""
    found = (
        SiteNetwork()
        .with_templates(compounds.without_columns())
        .propose(checkpoint, ask(), seed=0, progress=silent)
    )
    rows = found['template_row']
    assert np.array_equal(found['template'], reduced_formulas(compounds)[rows])
    assert np.array_equal(found.counts, compounds.counts[rows])


def test_candidates_have_the_volume_of_the_model(checkpoint, types):
    """Volumes per atom are those that the volume model expects, not those of the templates."""
    found = SiteNetwork().propose(checkpoint, ask(), seed=0, progress=silent)
    model = SiteModel.from_checkpoint(checkpoint)
    expected = model.volumes.predict(found, nearest_distances(found))
    assert np.allclose(found.volumes / found.counts, expected)


def test_known_compositions_are_marked(checkpoint):
    """NaCl was in the training set."""
    found = SiteNetwork().propose(checkpoint, ask(), seed=0, progress=silent)
    assert found['known_composition'].all()
    assert found['charge_balanced'].all()


def test_space_groups_restrict_the_templates(checkpoint):
    """Only templates of the space groups asked for are used."""
    found = SiteNetwork().propose(checkpoint, ask(space_groups=(225, 216)), seed=0, progress=silent)
    assert set(found['requested_space_group']) <= {225, 216}
