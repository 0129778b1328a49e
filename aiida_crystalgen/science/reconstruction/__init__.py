"""Crystals from fingerprints, by gradients through any fingerprint that has them.

Importing this package imports torch.
"""

from aiida_crystalgen.science.reconstruction.reconstruction import reconstruct
from aiida_crystalgen.science.reconstruction.settings import ReconstructionSettings
from aiida_crystalgen.science.reconstruction.targets import DifferentiableFingerprint, Targets

__all__ = ('DifferentiableFingerprint', 'ReconstructionSettings', 'Targets', 'reconstruct')
