"""What INCAR does not say about a run, from ``settings.yaml``."""

from __future__ import annotations

from importlib import resources

import yaml
from pydantic import Field

from aiida_crystalgen.science.relaxation.settings import (
    BfgsSettings,
    FireSettings,
    PhysicalLimits,
)
from aiida_crystalgen.science.settings import Settings

__all__ = ('EmulatorSettings', 'FailureSettings', 'load_settings')


class FailureSettings(Settings):
    """How failures are played.

    :param wall_time_steps: ionic steps that are complete when the wall time is over.
    :param stuck_move: longest move of a run that is to end before it converges, in Å.
    """

    wall_time_steps: int = Field(gt=0)
    stuck_move: float = Field(gt=0)


class EmulatorSettings(Settings):
    """How crystals are relaxed, whatever INCAR says.

    :param bfgs: steps where IBRION is 1 or 2.
    :param fire: steps where IBRION is 3.
    :param limits: beyond which a run is stopped.
    :param failures: how failures are played.
    """

    bfgs: BfgsSettings
    fire: FireSettings
    limits: PhysicalLimits
    failures: FailureSettings


def load_settings() -> EmulatorSettings:
    """Return the settings that come with the package."""
    text = (resources.files(__package__) / 'settings.yaml').read_text(encoding='utf-8')
    return EmulatorSettings.parse(yaml.safe_load(text))
