"""Score-based generation with adaptive cells and exact symmetry."""

from aiida_crystalgen.science.generators.score_langevin.generator import ScoreLangevin
from aiida_crystalgen.science.generators.score_langevin.proposal import ScoreLangevinProposing
from aiida_crystalgen.science.generators.score_langevin.settings import ScoreLangevinSettings

__all__ = ('ScoreLangevin', 'ScoreLangevinProposing', 'ScoreLangevinSettings')
