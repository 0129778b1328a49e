"""The model that comes with the package, so that crystals can be proposed without training."""

from __future__ import annotations

from importlib.resources import files

from aiida_crystalgen.science.checkpoint import Checkpoint, read_checkpoint

__all__ = ('shipped_card', 'shipped_checkpoint', 'shipped_content')

_FILE = 'score_langevin.safetensors'


def shipped_card() -> str:
    """Return the model card, in Markdown."""
    return files(__name__).joinpath('model_card.md').read_text(encoding='utf-8')


def shipped_content() -> bytes:
    """Return the content of the checkpoint file, which ``model_card.md`` beside it describes."""
    return files(__name__).joinpath(_FILE).read_bytes()


def shipped_checkpoint() -> Checkpoint:
    """Return the model."""
    return read_checkpoint(shipped_content(), _FILE)
