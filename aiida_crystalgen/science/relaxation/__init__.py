"""Relaxation of whole sets of crystals with an interatomic potential."""

from aiida_crystalgen.science.relaxation.relax import relax
from aiida_crystalgen.science.relaxation.settings import (
    BfgsSettings,
    FireSettings,
    PhysicalLimits,
    RelaxSettings,
)

__all__ = ('BfgsSettings', 'FireSettings', 'PhysicalLimits', 'RelaxSettings', 'relax')
