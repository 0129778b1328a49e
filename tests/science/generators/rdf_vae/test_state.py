"""A training that was cut short goes on from its state after any epoch."""

import pytest

from aiida_crystalgen.science.checkpoint import read_checkpoint, write_checkpoint
from aiida_crystalgen.science.generators.interface import Course, ResumesTraining
from aiida_crystalgen.science.generators.rdf_vae import RdfVae
from aiida_crystalgen.science.progress import silent


@pytest.fixture
def resume(crystals):
    """Return a function that trains from a state, and gives the model and all later states."""

    def run(settings, state, seed=1):
        states = []
        checkpoint = RdfVae().resume_training(
            crystals,
            settings,
            Course(state=state, save=lambda one: states.append(write_checkpoint(one()))),
            seed=seed,
            progress=silent,
        )
        return write_checkpoint(checkpoint), states

    return run


def test_the_generator_says_that_it_can():
    """What runs the job finds out by the interface."""
    assert isinstance(RdfVae(), ResumesTraining)


@pytest.mark.parametrize('epochs', [1, 9, 20])
def test_the_model_is_that_of_an_undisturbed_training(make_settings, resume, epochs):
    """From the state after any epoch, read from a file, comes the same model in every bit."""
    model, states = resume(make_settings(), None)
    state = read_checkpoint(states[epochs - 1])
    assert (state.summary['done'], state.summary['total']) == (epochs, 20)
    resumed, later = resume(make_settings(), state)
    assert resumed == model
    assert later == states[epochs:]


@pytest.mark.parametrize(('changes', 'seed'), [({'learning_rate': 0.001}, 1), ({}, 2)])
def test_the_state_of_another_training_is_refused(make_settings, resume, changes, seed):
    """Settings and seed are those that the state was captured with."""
    _, states = resume(make_settings(), None)
    with pytest.raises(ValueError, match='other settings or another seed'):
        resume(make_settings(**changes), read_checkpoint(states[3]), seed)
