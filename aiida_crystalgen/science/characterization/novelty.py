"""Which known crystal each crystal is, or is most like."""

from __future__ import annotations

from aiida_crystalgen.science.crystals import CrystalSet
from aiida_crystalgen.science.fingerprints.rdf import RdfSettings, radial_distribution
from aiida_crystalgen.science.screening.duplicates import DuplicateSettings, match_references
from aiida_crystalgen.science.screening.similarity import nearest

__all__ = ('with_nearest_known',)


def with_nearest_known(
    crystals: CrystalSet, references: CrystalSet, *, rdf: RdfSettings, duplicates: DuplicateSettings
) -> CrystalSet:
    """Return the crystals with what they resemble.

    Added are ``nearest_reference``, the row of the reference with the most similar radial
    distribution function, ``reference_distance``, the Pearson distance of the two, and ``known``,
    the row of the reference that is the same crystal by structure matching, −1 for a new crystal.

    :param rdf: of the radial distribution functions.
    :param duplicates: when two crystals are the same.
    """
    curves = radial_distribution(crystals, rdf)
    index, distance = nearest(curves, radial_distribution(references, rdf))
    return crystals.with_columns(
        known=match_references(crystals, references, duplicates),
        nearest_reference=index,
        reference_distance=distance,
    )
