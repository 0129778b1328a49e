"""Phases: the distinct crystals that a set of relaxations ends in."""

from __future__ import annotations

import numpy as np
from pydantic import Field

from aiida_crystalgen.science.characterization.novelty import with_nearest_known
from aiida_crystalgen.science.crystals import Column, CrystalSet
from aiida_crystalgen.science.fingerprints.rdf import RdfSettings
from aiida_crystalgen.science.neighbors import shortest_distances
from aiida_crystalgen.science.screening.duplicates import DuplicateSettings, group_duplicates
from aiida_crystalgen.science.settings import Settings
from aiida_crystalgen.science.stability.hull import energies_above_hull, energies_above_lowest
from aiida_crystalgen.science.symmetry.analysis import space_groups

__all__ = ('ComparisonSettings', 'PhaseSettings', 'compare_phases', 'find_phases')


class ComparisonSettings(Settings):
    """How a relaxed crystal is compared with known ones.

    :param symmetry_tolerance: of the space-group analysis after relaxation, in Å.
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


def find_phases(relaxed: CrystalSet, references: CrystalSet, settings: PhaseSettings) -> CrystalSet:
    """Return the distinct physical crystals within the energy window, the lowest first.

    Of several copies the one of lowest energy stands for all. The columns of ``relaxed`` are kept;
    added are ``relaxed_row``, ``copies``, ``energy_above_lowest``, ``energy_above_hull`` (NaN where
    the references give no hull), ``space_group``, ``known`` (row of the equal reference, or −1),
    ``nearest_reference``, ``reference_distance`` and ``shortest_distance``.

    :param relaxed: with columns ``energy`` in eV/atom and ``rejection``.
    :param references: known crystals with energies of the same engine.
    :raises ValueError: if the energies are those of different engines.
    """
    physical = np.flatnonzero((relaxed['rejection'] == '') & relaxed['converged'])
    candidates = relaxed.select(physical).with_columns(relaxed_row=physical)
    candidates = candidates.select(np.argsort(candidates['energy'], kind='stable'))
    above = energies_above_lowest(candidates, references)
    candidates = candidates.with_columns(energy_above_lowest=Column(above, 'eV/atom'))
    candidates = candidates.select(np.flatnonzero(above <= settings.window))
    groups = group_duplicates(candidates, settings.duplicates)
    distinct = np.flatnonzero(groups == np.arange(len(candidates)))
    copies = np.bincount(groups, minlength=len(candidates))[distinct]
    phases = candidates.select(distinct).with_columns(copies=copies)
    order = np.argsort(phases['energy_above_lowest'], kind='stable')
    return compare_phases(phases.select(order), references, settings)


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
    return compared.with_columns(
        energy_above_lowest=Column(energies_above_lowest(phases, references), 'eV/atom'),
        energy_above_hull=Column(energies_above_hull(phases, references), 'eV/atom'),
        space_group=space_groups(phases, settings.symmetry_tolerance),
        shortest_distance=Column(shortest_distances(phases), 'Å'),
    )
