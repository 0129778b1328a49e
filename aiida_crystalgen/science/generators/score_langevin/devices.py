"""Where tensors live, and how exactly layers compute."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

import torch

from aiida_crystalgen.science.generators.score_langevin.settings import (
    Device,
    ScoreLangevinSettings,
)

__all__ = ('found_device', 'layer_precision')


def found_device(name: Device) -> torch.device:
    """Return a device by its name in settings.

    :raises ValueError: if there is none on this computer.
    """
    if name == 'cuda' and not torch.cuda.is_available():
        raise ValueError(
            f"'device' is {name!r}, but PyTorch finds no GPU on this computer; choose 'cpu', or a "
            'computer that has one'
        )
    return torch.device(name)


def layer_precision(settings: ScoreLangevinSettings) -> AbstractContextManager[object]:
    """Return a context in which layers compute as precisely as a training asks for."""
    if settings.precision == 'single':
        return nullcontext()
    return torch.autocast(settings.device, dtype=torch.bfloat16)
