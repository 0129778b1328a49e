"""The model that comes with the package."""

from importlib.resources import files

import pytest

from aiida_crystalgen.science.generators.site_network import shipped
from aiida_crystalgen.science.generators.site_network.model import SiteModel


@pytest.fixture(scope='module')
def checkpoint():
    """Return the shipped model."""
    return shipped.shipped_checkpoint()


def test_it_is_small():
    """The package does not grow by more than 8 MB."""
    assert len(shipped.shipped_content()) <= 8e6


def test_it_can_be_used(checkpoint):
    """Its weights fit its settings, and it has seen the elements up to plutonium."""
    model = SiteModel.from_checkpoint(checkpoint)
    assert model.seen.sum() == checkpoint.summary['elements'] == 89


def test_its_card_says_what_its_summary_does(checkpoint):
    """Numbers of crystals and sites, and the error on test sites, are those of the training."""
    card = files(shipped).joinpath('model_card.md').read_text(encoding='utf-8')
    summary = checkpoint.summary
    for facts in (summary['crystals'], summary['sites']):
        for number in facts.values():
            assert f'{number:,}'.replace(',', ' ') in card
    assert f'{100 * summary["test"]["softmax_error"]:.1f} %' in card
