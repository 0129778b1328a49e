"""The model that comes with the package."""

import pytest

from aiida_crystalgen.science.generators.score_langevin import ScoreLangevin
from aiida_crystalgen.science.generators.score_langevin.model import ScoreModel
from aiida_crystalgen.science.generators.score_langevin.shipped import (
    shipped_card,
    shipped_checkpoint,
    shipped_content,
)
from aiida_crystalgen.science.progress import silent
from aiida_crystalgen.science.screening.validity import ValiditySettings, invalid_reasons


@pytest.fixture(scope='module')
def checkpoint():
    """Return the shipped model."""
    return shipped_checkpoint()


def test_it_is_small():
    """The package does not grow by more than 8 MB."""
    assert len(shipped_content()) <= 8e6


def test_it_can_be_used(checkpoint):
    """Its weights fit its settings, and it has seen as many elements as it says."""
    model = ScoreModel.from_checkpoint(checkpoint)
    assert model.seen.sum() == len(checkpoint.summary['elements'])


def test_its_card_says_what_its_summary_does(checkpoint):
    """Numbers of crystals and the losses are those of the training."""
    card, summary = shipped_card(), checkpoint.summary
    for name in ('crystals', 'training_crystals', 'validation_crystals'):
        assert f'{summary[name]:,}'.replace(',', ' ') in card
    for name in ('positions', 'cells'):
        assert f'{summary["losses"]["validation"][name][-1]:.3f}' in card


def test_it_makes_crystals(checkpoint, request_for):
    """Crystals of strontium titanate have room for their atoms."""
    request = request_for('SrTiO3', formula_units=[1], candidates=8)
    found = ScoreLangevin().propose(checkpoint, request, seed=1, progress=silent)
    settings = ValiditySettings(
        distances={}, smallest_volume=5.0, largest_volume=40.0, distance_factor=0.5
    )
    assert (invalid_reasons(found, settings) == '').sum() >= 6
