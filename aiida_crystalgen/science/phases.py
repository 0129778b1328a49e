"""Phases: the distinct crystals that a set of relaxations ends in."""

from __future__ import annotations

import numpy as np
from jaxtyping import Int
from pydantic import Field

from aiida_crystalgen.science.crystals import Column, CrystalSet
from aiida_crystalgen.science.fingerprints.rdf import RdfSettings, radial_distribution
from aiida_crystalgen.science.neighbors import shortest_distances
from aiida_crystalgen.science.screening.duplicates import (
    DuplicateSettings,
    group_duplicates,
    match_references,
)
from aiida_crystalgen.science.screening.similarity import nearest
from aiida_crystalgen.science.settings import Settings
from aiida_crystalgen.science.stability.hull import energies_above_hull, energies_above_lowest
from aiida_crystalgen.science.symmetry.analysis import space_groups

__all__ = ('PhaseSettings', 'find_phases')


class PhaseSettings(Settings):
    """What counts as a phase.

    :param window: largest energy above the lowest crystal of the composition, in eV/atom.
    :param symmetry_tolerance: of the space-group analysis after relaxation, in Å.
    :param rdf: of the radial distribution functions that are compared with the references.
    :param duplicates: of the comparison of the crystals with each other and the references.
    """

    window: float = Field(gt=0)
    symmetry_tolerance: float = Field(gt=0)
    rdf: RdfSettings
    duplicates: DuplicateSettings


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
    return _compare(phases.select(order), references, settings)


def _compare(phases: CrystalSet, references: CrystalSet, settings: PhaseSettings) -> CrystalSet:
    """Return the phases with their symmetry, their hull distance and what they resemble."""
    curves = radial_distribution(phases, settings.rdf)
    index, distance = nearest(curves, radial_distribution(references, settings.rdf))
    known: Int[np.ndarray, ' crystals'] = match_references(phases, references, settings.duplicates)
    return phases.with_columns(
        energy_above_hull=Column(energies_above_hull(phases, references), 'eV/atom'),
        space_group=space_groups(phases, settings.symmetry_tolerance),
        known=known,
        nearest_reference=index,
        reference_distance=distance,
        shortest_distance=Column(shortest_distances(phases), 'Å'),
    )
