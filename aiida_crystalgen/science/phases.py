"""Phases: the distinct crystals that a set of relaxations ends in."""

from __future__ import annotations

import numpy as np
from pydantic import Field

from aiida_crystalgen.science.characterization.novelty import with_nearest_known
from aiida_crystalgen.science.crystals import Column, CrystalSet, concatenate
from aiida_crystalgen.science.engines import merged_engine, refuse_different_engines
from aiida_crystalgen.science.fingerprints.rdf import RdfSettings
from aiida_crystalgen.science.neighbors import shortest_distances
from aiida_crystalgen.science.screening.duplicates import DuplicateSettings, group_duplicates
from aiida_crystalgen.science.settings import Settings
from aiida_crystalgen.science.stability.hull import energies_above_hull, energies_above_lowest
from aiida_crystalgen.science.symmetry.analysis import space_groups
from aiida_crystalgen.science.symmetry.point_groups import point_groups

__all__ = ('ComparisonSettings', 'PhaseSettings', 'compare_phases', 'find_phases')

_AS_LOW = 1e-3  # eV/atom: how well two relaxations to one crystal agree


class ComparisonSettings(Settings):
    """How a relaxed crystal is compared with known ones.

    :param symmetry_tolerance: of the analysis of space or point groups after relaxation, in Å.
    :param rdf: of the radial distribution functions that are compared with the references.
    :param duplicates: of the comparison of the crystals with each other and the references.
    """

    symmetry_tolerance: float = Field(gt=0)
    rdf: RdfSettings
    duplicates: DuplicateSettings


class PhaseSettings(ComparisonSettings):
    """What counts as a phase.

    :param window: largest energy above the lowest crystal of the composition, in eV/atom.
    """

    window: float = Field(gt=0)


def find_phases(
    relaxed: CrystalSet,
    references: CrystalSet,
    settings: PhaseSettings,
    *,
    earlier: CrystalSet | None = None,
    round_number: int = 1,
) -> CrystalSet:
    """Return the distinct physical crystals within the energy window, the lowest first.

    Of several copies the one of lowest energy stands for all, an earlier phase before new copies of
    it. The columns that all have are kept; added are ``round``, ``relaxed_row``,
    ``proposal_round``, ``copies``, ``energy_above_lowest``, ``energy_above_hull`` (NaN where the
    references give no hull), ``space_group``, ``known`` (row of the equal reference, or −1),
    ``nearest_reference``, ``reference_distance`` and ``shortest_distance``. Clusters have no hull,
    0 for a space group, and the symbol of their ``point_group``.

    :param relaxed: with columns ``energy`` in eV/atom and ``rejection``.
    :param references: known crystals with energies of the same engine.
    :param earlier: phases of the rounds before, as this function returned them.
    :param round_number: of the round that relaxed the crystals.
    :raises ValueError: if the energies are those of different engines.
    """
    physical = np.flatnonzero((relaxed['rejection'] == '') & relaxed['converged'])
    found = relaxed.select(physical)
    rounds = np.full(len(found), round_number)
    candidates = found.with_columns(
        relaxed_row=physical, round=rounds, copies=np.ones(len(found), dtype=np.int64)
    )
    if 'proposal_round' not in found:
        # What is verified keeps the round that proposed it.
        candidates = candidates.with_columns(proposal_round=rounds)
    if earlier is not None:
        refuse_different_engines(relaxed, earlier)
        engines = [one.metadata['engine'] for one in (earlier, relaxed)]
        candidates = concatenate([earlier, candidates]).with_metadata(engine=merged_engine(engines))
    is_new = np.arange(len(candidates)) >= len(candidates) - len(found)
    order = np.argsort(candidates['energy'] + np.where(is_new, _AS_LOW, 0.0), kind='stable')
    candidates = candidates.select(order)
    above = energies_above_lowest(candidates, references)
    candidates = candidates.select(np.flatnonzero(above <= settings.window))
    groups = group_duplicates(candidates, settings.duplicates)
    distinct = np.flatnonzero(groups == np.arange(len(candidates)))
    copies = np.bincount(groups, weights=candidates['copies'], minlength=len(candidates))
    phases = candidates.select(distinct).with_columns(copies=copies[distinct].astype(np.int64))
    return _in_order(compare_phases(phases, references, settings))


def _in_order(phases: CrystalSet) -> CrystalSet:
    """Return phases in the order of their distance from the hull, or from their lowest."""
    above = np.where(
        np.isnan(phases['energy_above_hull']),
        phases['energy_above_lowest'],
        phases['energy_above_hull'],
    )
    return phases.select(np.argsort(above, kind='stable'))


def compare_phases(
    phases: CrystalSet, references: CrystalSet, settings: ComparisonSettings
) -> CrystalSet:
    """Return crystals with their place among the references, in columns as `find_phases` adds.

    These are all but ``relaxed_row`` and ``copies``. ``energy_above_lowest`` takes the crystals
    themselves into account, so give all that compete.

    :param phases: with the column ``energy`` in eV/atom.
    :param references: known crystals with energies of the same engine.
    :raises ValueError: if the energies are those of different engines.
    """
    compared = with_nearest_known(
        phases, references, rdf=settings.rdf, duplicates=settings.duplicates
    )
    if not phases.periodic:
        compared = compared.with_columns(
            point_group=point_groups(phases, settings.symmetry_tolerance)
        )
    return compared.with_columns(
        energy_above_lowest=Column(energies_above_lowest(phases, references), 'eV/atom'),
        energy_above_hull=Column(energies_above_hull(phases, references), 'eV/atom'),
        space_group=space_groups(phases, settings.symmetry_tolerance),
        shortest_distance=Column(shortest_distances(phases), 'Å'),
    )
