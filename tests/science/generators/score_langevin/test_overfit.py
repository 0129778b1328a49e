"""What a model that knows two crystals by heart does."""

import numpy as np
import pytest
from pymatgen.analysis.structure_matcher import StructureMatcher

from aiida_crystalgen.science.generators.interface import Course
from aiida_crystalgen.science.generators.score_langevin.conclusion import concluded
from aiida_crystalgen.science.generators.score_langevin.generator import first_network
from aiida_crystalgen.science.generators.score_langevin.model import ScoreModel
from aiida_crystalgen.science.generators.score_langevin.sampling import (
    SamplingSettings,
    sample_crystals,
)
from aiida_crystalgen.science.generators.score_langevin.scaling import CellScaling
from aiida_crystalgen.science.generators.score_langevin.settings import ScoreLangevinSettings
from aiida_crystalgen.science.generators.score_langevin.training import Examples, train_network
from aiida_crystalgen.science.progress import silent
from aiida_crystalgen.science.structures import to_structures

pytestmark = pytest.mark.slow


@pytest.fixture(scope='module')
def overfitted(two, settings):
    """Return a model that has seen two crystals some thousand times, and its last loss."""
    numbers = {
        **settings,
        'network': {**settings['network'], 'cutoff': 5.0, 'radial': 12, 'tensors': 4},
        'epochs': 30,
        'batch_size': 32,
        'learning_rate': 0.008,
        'weight_decay': 0.0,
        'average': 0.95,
    }
    parsed = ScoreLangevinSettings.parse(numbers)
    rows = np.repeat([0, 1], 128)
    examples = Examples(two, CellScaling.fit(two, 1.0), rows, rows)
    network = first_network(parsed, Course(), 0)
    trained = train_network(network, examples, parsed, Course(), seed=0, progress=silent)
    checkpoint = concluded(trained, examples, parsed, 0)
    return ScoreModel.from_checkpoint(checkpoint), trained.losses[-1, 1]


def test_known_crystals_leave_no_doubt(overfitted):
    """The loss is near zero: from any noise there is one way back to each crystal."""
    positions, cells = overfitted[1]
    assert positions < 0.15
    assert cells < 0.15


@pytest.mark.parametrize(
    ('sampler', 'levels', 'corrections', 'freshness'),
    [
        ('predictor', 20, 0, 0.0),
        ('predictor', 20, 0, 1.0),
        ('predictor', 15, 1, 0.5),
        ('annealed_langevin', 15, 4, 0.0),
    ],
    ids=['probability flow', 'ancestral', 'predictor-corrector', 'annealed Langevin'],
)
def test_known_crystals_come_from_noise(overfitted, two, sampler, levels, corrections, freshness):
    """Every sampler makes the two crystals of their templates."""
    settings = SamplingSettings(
        sampler=sampler,
        levels=levels,
        corrections=corrections,
        correction_size=0.2,
        temperature=1.0,
        freshness=freshness,
        batch_size=16,
    )
    which = np.repeat([0, 1], 8)
    samples = sample_crystals(
        overfitted[0],
        two.select(which).templates,
        np.arange(16),
        settings,
        seed=1,
        progress=silent,
    )
    found, expected = (to_structures(one.to_crystals()) for one in (samples.crystals, two))
    matcher = StructureMatcher(stol=0.2)
    matched = [matcher.fit(one, expected[row]) for one, row in zip(found, which, strict=True)]
    assert sum(matched) >= 14
    assert not samples.collapsed.any()
