"""Tests of `aiida_crystalgen.science.generators.rdf_vae.settings`."""

import pytest

from aiida_crystalgen.science.generators.rdf_vae import RdfVaeSettings


@pytest.mark.parametrize('key', list(RdfVaeSettings.model_fields))
def test_every_setting_is_asked_for(make_settings, key):
    """No number is chosen behind the user's back."""
    values = make_settings()
    del values[key]
    with pytest.raises(ValueError, match=f"key '{key}' is missing"):
        RdfVaeSettings.parse(values)


@pytest.mark.parametrize(
    ('changes', 'sentence'),
    [
        ({'epoch': 3}, "unknown key 'epoch'. Did you mean 'epochs'"),
        ({'hidden': []}, "'hidden' is"),
        ({'hidden': [50, 0]}, 'a layer has at least one unit'),
        ({'scale_floor': 0}, "'scale_floor' is 0"),
        ({'scale_floor': 1.5}, "'scale_floor' is 1.5"),
        ({'validation_fraction': 1}, "'validation_fraction' is 1"),
        ({'learning_rate': float('nan')}, "'learning_rate' is nan"),
        ({'kl_weight': -1}, "'kl_weight' is -1"),
        ({'replicas': {'grid': 1, 'confidence': 0.9}}, "'replicas.grid' is 1"),
        ({'replicas': {'grid': 15, 'confidence': 90}}, "'replicas.confidence' is 90"),
        ({'latent': 9}, "'replicas.grid' is 5 for each of 9 latent units"),
    ],
)
def test_impossible_settings_are_refused(make_settings, changes, sentence):
    """The message names the key and the value."""
    with pytest.raises(ValueError, match=sentence.replace('.', r'\.')):
        RdfVaeSettings.parse(make_settings(**changes))
