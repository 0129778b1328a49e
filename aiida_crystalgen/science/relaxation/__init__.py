"""Relaxation of whole sets of crystals with an interatomic potential."""

from aiida_crystalgen.science.relaxation.frames import Relaxation, training_frames
from aiida_crystalgen.science.relaxation.relax import relax, relax_with_frames
from aiida_crystalgen.science.relaxation.settings import (
    BfgsSettings,
    FireSettings,
    FrameSettings,
    PhysicalLimits,
    RelaxSettings,
)

__all__ = (
    'BfgsSettings',
    'FireSettings',
    'FrameSettings',
    'PhysicalLimits',
    'RelaxSettings',
    'Relaxation',
    'relax',
    'relax_with_frames',
    'training_frames',
)
