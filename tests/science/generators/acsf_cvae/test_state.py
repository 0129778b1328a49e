"""A training that was cut short goes on from its state after any epoch of either network."""

import pytest

from aiida_crystalgen.science.checkpoint import read_checkpoint, write_checkpoint
from aiida_crystalgen.science.generators.acsf_cvae import AcsfCvae
from aiida_crystalgen.science.generators.interface import Course, ResumesTraining
from aiida_crystalgen.science.progress import silent


@pytest.fixture(scope='module')
def resume(crystals):
    """Return a function that trains from a state, and gives the model and all later states."""

    def run(settings, state, seed=1):
        states = []
        checkpoint = AcsfCvae().resume_training(
            crystals,
            settings,
            Course(state=state, save=lambda one: states.append(write_checkpoint(one()))),
            seed=seed,
            progress=silent,
        )
        return write_checkpoint(checkpoint), states

    return run


@pytest.fixture(scope='module')
def undisturbed(make_settings, resume):
    """Return the model and the states of a training of 6 + 4 epochs."""
    return resume(make_settings(), None)


def test_the_generator_says_that_it_can():
    """What runs the job finds out by the interface."""
    assert isinstance(AcsfCvae(), ResumesTraining)


@pytest.mark.parametrize('epochs', [1, 5, 6, 7, 10])
def test_the_model_is_that_of_an_undisturbed_training(make_settings, resume, undisturbed, epochs):
    """From the state after any epoch, read from a file, comes the same model in every bit."""
    model, states = undisturbed
    state = read_checkpoint(states[epochs - 1])
    assert (state.summary['done'], state.summary['total']) == (epochs, 10)
    resumed, later = resume(make_settings(), state)
    assert resumed == model
    assert later == states[epochs:]


@pytest.mark.parametrize(('changes', 'seed'), [({'learning_rate': 0.001}, 1), ({}, 2)])
def test_the_state_of_another_training_is_refused(
    make_settings, resume, undisturbed, changes, seed
):
    """Settings and seed are those that the state was captured with."""
    state = read_checkpoint(undisturbed[1][3])
    with pytest.raises(ValueError, match='other settings, elements or another seed'):
        resume(make_settings(**changes), state, seed)
