"""Tests of `aiida_crystalgen.science.generators.acsf_cvae.settings`."""

import pytest

from aiida_crystalgen.science.generators.acsf_cvae import AcsfCvaeProposing, AcsfCvaeSettings


@pytest.mark.parametrize('key', list(AcsfCvaeSettings.model_fields))
def test_every_setting_of_training_is_asked_for(make_settings, key):
    """No number is chosen behind the user's back."""
    values = make_settings()
    del values[key]
    with pytest.raises(ValueError, match=f"key '{key}' is missing"):
        AcsfCvaeSettings.parse(values)


@pytest.mark.parametrize('key', list(AcsfCvaeProposing.model_fields))
def test_every_setting_of_proposing_is_asked_for(make_proposing, key):
    """No number is chosen behind the user's back."""
    values = make_proposing()
    del values[key]
    with pytest.raises(ValueError, match=f"key 'proposing.{key}' is missing"):
        AcsfCvaeProposing.parse(values, 'proposing')


@pytest.mark.parametrize(
    ('changes', 'sentence'),
    [
        ({'epoch': 3}, "unknown key 'epoch'. Did you mean 'epochs'"),
        ({'hidden': []}, "'hidden' is"),
        ({'hidden': [50, 0]}, 'a layer has at least one unit'),
        ({'properties': []}, "'properties' is"),
        ({'properties': ['energy', 'energy']}, 'a property is named twice'),
        ({'scaling': 'square'}, "'scaling' is 'square'"),
        ({'scale_floor': 0}, "'scale_floor' is 0"),
        ({'validation_fraction': 1}, "'validation_fraction' is 1"),
        ({'learning_rate': float('nan')}, "'learning_rate' is nan"),
        ({'kl_weight': -1}, "'kl_weight' is -1"),
        ({'references': 3}, "'references' is 3"),
    ],
)
def test_impossible_settings_are_refused(make_settings, changes, sentence):
    """The message names the key and the value."""
    with pytest.raises(ValueError, match=sentence.replace('.', r'\.')):
        AcsfCvaeSettings.parse(make_settings(**changes))


def test_one_surrogate_is_not_enough(make_settings):
    """A single network cannot tell how sure it is."""
    surrogate = {**make_settings()['surrogate'], 'members': 1}
    with pytest.raises(ValueError, match=r"'surrogate.members' is 1"):
        AcsfCvaeSettings.parse(make_settings(surrogate=surrogate))
