"""Laws of where a model is trained and used, and how exactly."""

import numpy as np
import pytest
import torch

from aiida_crystalgen.science.generators.score_langevin import ScoreLangevin, ScoreLangevinSettings
from aiida_crystalgen.science.generators.score_langevin.devices import found_device
from aiida_crystalgen.science.progress import silent

NO_GPU = not torch.cuda.is_available()


@pytest.mark.skipif(not NO_GPU, reason='there is a GPU')
def test_missing_gpus_are_named(known, settings, trained, request_for):
    """Training and proposing on a GPU where there is none is refused in a sentence."""
    message = "'device' is 'cuda', but PyTorch finds no GPU"
    with pytest.raises(ValueError, match=message):
        ScoreLangevin().train(
            known.to_crystals(), {**settings, 'device': 'cuda'}, seed=1, progress=silent
        )
    proposing = request_for().proposing
    sampling = {**proposing['sampling'], 'device': 'cuda'}
    request = request_for(proposing={**proposing, 'sampling': sampling})
    with pytest.raises(ValueError, match=message):
        ScoreLangevin().propose(trained, request, seed=1, progress=silent)


@pytest.mark.skipif(NO_GPU, reason='there is no GPU')
def test_gpus_train_the_same_model(known, settings, trained):
    """What a GPU learns differs by rounding from what a CPU learns, and is stored alike."""
    found = ScoreLangevin().train(
        known.to_crystals(), {**settings, 'device': 'cuda'}, seed=1, progress=silent
    )
    assert found.settings == trained.settings
    for name, array in trained.weights.items():
        np.testing.assert_allclose(found.weights[name], array, atol=0.02)


def test_devices_leave_no_trace(settings, parsed):
    """A checkpoint does not depend on where it was trained, and default settings are not in it."""
    elsewhere = ScoreLangevinSettings.parse({**settings, 'device': 'cuda'})
    assert elsewhere.to_dict() == parsed.to_dict()
    assert {'device', 'precision', 'architecture', 'triplets'}.isdisjoint(parsed.to_dict())
    assert found_device('cpu') == torch.device('cpu')


@pytest.mark.parametrize('architecture', ['tensors', 'triplets'])
def test_half_precision_learns(known, triplet_settings, architecture):
    """Layers that compute in bfloat16 learn as well, from weights that stay in single precision."""
    chosen = {
        **triplet_settings,
        'architecture': architecture,
        'precision': 'bfloat16',
        'epochs': 4,
        'learning_rate': 0.005,
        'average': 0.5,
    }
    found = ScoreLangevin().train(known.to_crystals(), chosen, seed=1, progress=silent)
    losses = found.summary['losses']['training']['total']
    assert losses[-1] < 0.9 * losses[0]
    assert {str(one.dtype) for name, one in found.weights.items() if 'network.' in name} == {
        'float32'
    }
