"""Everything about one relaxed crystal, in a record."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

import numpy as np

from aiida_crystalgen.science.characterization.diffraction import (
    DiffractionPeak,
    DiffractionSettings,
    diffraction_pattern,
    strongest_peaks,
)
from aiida_crystalgen.science.characterization.novelty import with_nearest_known
from aiida_crystalgen.science.characterization.prototype import prototype_label, prototype_name
from aiida_crystalgen.science.crystals import Column, CrystalSet, concatenate
from aiida_crystalgen.science.phases import ComparisonSettings, compare_phases
from aiida_crystalgen.science.records import PhaseRecord, describe_phase
from aiida_crystalgen.science.screening.matching import MatchTolerances
from aiida_crystalgen.science.stability.hull import energies_above_lowest, has_energy

__all__ = ('CharacterizationSettings', 'characterize')

_PACKAGES = ('aiida-crystalgen', 'pymatgen', 'pyxtal', 'spglib')


class CharacterizationSettings(ComparisonSettings):
    """How a phase is characterized.

    :param prototypes: when a crystal is of the type of a library entry with the same Wyckoff
        positions.
    :param diffraction: of the X-ray pattern.
    """

    prototypes: MatchTolerances
    diffraction: DiffractionSettings


def characterize(
    phases: CrystalSet,
    row: int,
    *,
    references: CrystalSet,
    settings: CharacterizationSettings,
    known: CrystalSet | None = None,
    verdicts: Mapping[str, Mapping[str, Any]] | None = None,
) -> tuple[PhaseRecord, tuple[DiffractionPeak, ...]]:
    """Return the record of one crystal, and its powder diffraction pattern.

    :param phases: crystals with the column ``energy`` in eV/atom that compete with each other.
    :param references: known crystals with energies of the same engine.
    :param known: crystals by any engine that are no discovery either.
    :param verdicts: on the dynamical stability as ``phonons``, whose key ``verdict`` sums it up,
        and on the mechanical as ``elasticity``, whose key ``stable`` does.
    :raises ValueError: if these are clusters, there is no such row, it has no energy, or the
        energies are those of different engines.
    """
    if not phases.periodic:
        raise ValueError(
            'clusters have neither a prototype nor an X-ray pattern; characterize crystals only'
        )
    _refuse_unknown_energy(phases, row)
    if 'relaxed_row' not in phases:
        phases = phases.with_columns(relaxed_row=np.arange(len(phases)))
    above = energies_above_lowest(phases, references)[[row]]
    compared = compare_phases(phases.select([row]), references, settings)
    compared = compared.with_columns(energy_above_lowest=Column(above, 'eV/atom'))
    if known is not None:
        references = concatenate([_named(references), _named(known)])
        compared = with_nearest_known(
            compared, references, rdf=settings.rdf, duplicates=settings.duplicates
        )
    record = describe_phase(compared, 0, references, f'P{row + 1}')
    tolerance = settings.symmetry_tolerance
    label = prototype_label(phases, row, tolerance)
    pattern = diffraction_pattern(phases, row, settings.diffraction, tolerance if label else None)
    facts = {
        'prototype': label,
        'prototype_name': prototype_name(phases, row, tolerance, settings.prototypes),
        'diffraction': strongest_peaks(pattern, settings.diffraction.strongest),
        **{name: dict(verdict) for name, verdict in (verdicts or {}).items()},
        'versions': {name: version(name) for name in _PACKAGES},
    }
    return record.model_copy(update=facts), pattern


def _named(crystals: CrystalSet) -> CrystalSet:
    """Return crystals with their labels alone."""
    bare = crystals.without_columns()
    return bare.with_columns(label=crystals['label']) if 'label' in crystals else bare


def _refuse_unknown_energy(phases: CrystalSet, row: int) -> None:
    """Raise unless the crystal is there and has an energy that counts."""
    if not 0 <= row < len(phases):
        raise ValueError(f'there is no row {row} among {len(phases)} phases')
    if not has_energy(phases)[row]:
        reason = str(phases['rejection'][row]) if 'rejection' in phases else ''
        raise ValueError(
            f'row {row} of the phases has no energy that counts: {reason or "it is not a number"}; '
            'characterize crystals that were relaxed'
        )
