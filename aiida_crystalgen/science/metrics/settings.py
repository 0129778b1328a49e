"""Settings of an evaluation."""

from __future__ import annotations

from pydantic import Field

from aiida_crystalgen.science.screening.duplicates import DuplicateSettings
from aiida_crystalgen.science.screening.matching import MatchTolerances
from aiida_crystalgen.science.settings import Settings

__all__ = ('CoverageSettings', 'EvaluationSettings', 'StructureSettings')


class StructureSettings(Settings):
    """When the structure of a crystal is valid.

    :param shortest_distance: that two atoms must keep, in Å; an atom and its own images need not.
    :param smallest_volume: of the whole cell, in Å³.
    """

    shortest_distance: float = Field(gt=0)
    smallest_volume: float = Field(gt=0)


class CoverageSettings(Settings):
    """Within which distances one crystal covers another.

    :param structure: largest distance of their structure fingerprints.
    :param composition: largest distance of their composition fingerprints, whose features are in
        units of their standard deviations among the references.
    :param smallest_deviation: least deviation that is used, as a share of that of the property
        among all elements.
    """

    structure: float = Field(gt=0)
    composition: float = Field(gt=0)
    smallest_deviation: float = Field(gt=0)


class EvaluationSettings(Settings):
    """How a set of generated crystals is evaluated.

    :param structure: when a structure is valid.
    :param coverage: within which distances one crystal covers another.
    :param sample: number of valid crystals that distributions are compared of, and of real ones
        that are evaluated beside them; fewer where there are fewer.
    :param matching: tolerances within which a prediction is the crystal looked for.
    :param duplicates: when two crystals are taken for one, for uniqueness and novelty.
    :param symmetry_tolerance: within which a space group is found, in Å.
    :param activations: potential whose network's activations are compared, None for none.
    """

    structure: StructureSettings
    coverage: CoverageSettings
    sample: int = Field(gt=1)
    matching: MatchTolerances
    duplicates: DuplicateSettings
    symmetry_tolerance: float = Field(gt=0)
    activations: str | None
