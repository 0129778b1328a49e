"""Atom-centred symmetry functions of crystals and clusters, differentiable in all coordinates.

Importing this package imports torch.
"""

from aiida_crystalgen.science.fingerprints.acsf.functions import (
    SymmetryFunctions,
    symmetry_functions,
)
from aiida_crystalgen.science.fingerprints.acsf.settings import AcsfSettings

__all__ = ('AcsfSettings', 'SymmetryFunctions', 'symmetry_functions')
