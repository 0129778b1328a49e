"""Groups of crystals that pymatgen's ``StructureMatcher`` takes for the same."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float, Int
from pydantic import Field
from pymatgen.core import Structure
from pymatgen.core.structure_matcher import StructureMatcher

from aiida_crystalgen.science.crystals import CrystalSet, concatenate
from aiida_crystalgen.science.fingerprints.rdf import RdfSettings, radial_distribution
from aiida_crystalgen.science.screening.matching import MatchTolerances, ReducedCells
from aiida_crystalgen.science.screening.reduction import reduced_structures
from aiida_crystalgen.science.screening.similarity import ...
