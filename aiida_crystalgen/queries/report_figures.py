"""The figures of a report, from what a search returned."""

from __future__ import annotations

import numpy as np

from aiida_crystalgen.queries.phases import phase_crystals
from aiida_crystalgen.queries.results import SearchResults
from aiida_crystalgen.report.contents import (
    EnergyGroup,
    LatentMap,
    LatentPoints,
    Losses,
    RdfComparison,
    TrainingCurves,
)
from aiida_crystalgen.science.checkpoint import Checkpoint
from aiida_crystalgen.science.crystals import CrystalSet, concatenate

__all__ = (
    'energies_of_groups',
    'energies_of_references',
    'latent_map',
    'rdf_comparisons',
    'training_curves',
)

_COLUMNS = {'references': 'reference_distance', 'replicas': 'replica_distance'}


def training_curves(results: SearchResults) -> TrainingCurves | None:
    """Return the losses of the first model that recorded them, or None."""
    for checkpoint in results.checkpoints.values():
        losses = checkpoint.summary.get('losses')
        if losses:
            training = _losses(losses['training'])
            return TrainingCurves(
                epochs=np.arange(1, len(training.total) + 1),
                training=training,
                validation=_losses(losses['validation']) if 'validation' in losses else None,
            )
    return None


def _losses(curves: dict[str, list[float]]) -> Losses:
    """Return recorded losses as arrays."""
    return Losses(
        total=np.array(curves['total'], dtype=np.float64),
        reconstruction=np.array(curves['reconstruction'], dtype=np.float64),
        divergence=np.array(curves['divergence'], dtype=np.float64),
    )


def latent_map(results: SearchResults) -> LatentMap | None:
    """Return the map of the first model with two latent units, or None."""
    for checkpoint in results.checkpoints.values():
        latent = checkpoint.summary.get('latent')
        if latent and len(latent['coordinates'][0]) == 2:
            return LatentMap(
                training=LatentPoints(
                    labels=tuple(latent['labels']),
                    coordinates=np.array(latent['coordinates'], dtype=np.float64),
                    energies=_energies_by_label(results, latent['labels']),
                ),
                replicas=np.array(latent['replicas'], dtype=np.float64).reshape(-1, 2),
                phases=_latent_phases(results, checkpoint),
            )
    return None


def _energies_by_label(results: SearchResults, labels: list[str]) -> np.ndarray:
    """Return the energies of known crystals above the lowest, NaN where they are not known."""
    group = energies_of_references(results)
    known = {} if group is None else dict(zip(group.labels, group.energies, strict=True))
    return np.array([known.get(label, np.nan) for label in labels], dtype=np.float64)


def _latent_phases(results: SearchResults, checkpoint: Checkpoint) -> LatentPoints | None:
    """Return the phases on the map of a model."""
    if not results.phases:
        return None
    from aiida_crystalgen.science.generators.rdf_vae import latent_coordinates

    rows = results.phases
    return LatentPoints(
        labels=tuple(row.label for row in rows),
        coordinates=latent_coordinates(checkpoint, phase_crystals(rows)),
        energies=np.array([row.energy_above_lowest for row in rows], dtype=np.float64),
    )


def energies_of_references(results: SearchResults) -> EnergyGroup | None:
    """Return the energies of the known crystals of the composition, or None without energies."""
    references = results.references
    if references is None or 'energy' not in references:
        return None
    rows = np.flatnonzero(results.comparable(references))
    return EnergyGroup(
        name='known crystals',
        energies=references['energy'][rows] - results.zero,
        labels=tuple(_label(references, int(row)) for row in rows),
    )


def energies_of_groups(results: SearchResults) -> tuple[EnergyGroup, ...]:
    """Return the energies of the relaxed crystals, grouped by what they were similar to before."""
    relaxed = results.relaxed
    if relaxed is None:
        return ()
    rows = np.flatnonzero(results.comparable(relaxed))
    names = _group_names(results, relaxed)[rows]
    energies = relaxed['energy'][rows] - results.zero
    return tuple(EnergyGroup(str(name), energies[names == name]) for name in np.unique(names))


def _group_names(results: SearchResults, relaxed: CrystalSet) -> np.ndarray:
    """Return the group of each relaxed crystal: what it was most similar to when it was accepted.

    Without a condition of similarity it is the generator that proposed it.
    """
    conditions = [
        name for name in results.settings['screening']['similar_to'] if _COLUMNS[name] in relaxed
    ]
    if not conditions:
        return relaxed['generator']
    distances = np.array([relaxed[_COLUMNS[name]] for name in conditions])
    texts = np.array([f'similar to {name}' for name in conditions])
    return texts[np.argmin(distances, axis=0)]


def rdf_comparisons(results: SearchResults) -> tuple[RdfComparison, ...]:
    """Return the radial distribution of each phase beside that of the nearest known crystal.

    That of the candidate that was relaxed into the phase is there as well.
    """
    found, references = results.crystals('phases'), results.references
    if found is None or references is None:
        return ()
    from aiida_crystalgen.science.fingerprints.rdf import RdfSettings, radial_distribution
    from aiida_crystalgen.science.screening.similarity import pearson_distances

    settings = RdfSettings.parse(results.settings['phases']['rdf'])
    nearest = found['nearest_reference']
    known = references.select(nearest)
    curves = radial_distribution(found, settings)
    of_known = radial_distribution(known, settings)
    of_candidates = radial_distribution(_candidates(results), settings)
    return tuple(
        RdfComparison(
            phase=row.label,
            reference=_label(references, int(nearest[place])),
            radii=settings.radii,
            of_phase=curves[place],
            of_reference=of_known[place],
            distance=row.reference_distance,
            of_candidate=of_candidates[place],
            candidate_distance=float(
                pearson_distances(of_candidates[[place]], of_known[[place]])[0, 0]
            ),
        )
        for place, row in enumerate(results.phases)
    )


def _candidates(results: SearchResults) -> CrystalSet:
    """Return the proposals that were relaxed into the phases, in the order of the phases."""
    generators = np.array([row.generator for row in results.phases])
    rows = np.array([row.proposal_row for row in results.phases])
    sets, places = [], []
    for generator in np.unique(generators):
        mine = np.flatnonzero(generators == generator)
        proposals = results.crystals(f'proposals__{generator}')
        if proposals is not None:
            sets.append(proposals.select(rows[mine]).without_columns())
            places.append(mine)
    return concatenate(sets).select(np.argsort(np.concatenate(places)))


def _label(references: CrystalSet, row: int) -> str:
    """Return the label of a known crystal, its row where it has none."""
    return str(references['label'][row]) if 'label' in references else str(row)
