"""The figures of a report, from what a search returned."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from aiida import orm

from aiida_crystalgen.data.convert import crystals_from_node
from aiida_crystalgen.data.structure_set import StructureSetData
from aiida_crystalgen.queries.phases import PhaseRow, phase_crystals
from aiida_crystalgen.queries.results import SearchResults
from aiida_crystalgen.report.contents import (
    EnergyGroup,
    LatentMap,
    LatentPoints,
    RdfComparison,
    TrainingCurves,
)
from aiida_crystalgen.science.checkpoint import Checkpoint
from aiida_crystalgen.science.crystals import CrystalSet, concatenate
from aiida_crystalgen.science.engines import engine_differences
from aiida_crystalgen.science.generators.interface import MapsCrystals, load_generator

__all__ = (
    'energies_of_groups',
    'energies_of_references',
    'latent_map',
    'rdf_comparisons',
    'recorded_losses',
    'training_curves',
)

_MOST_DRAWN = 2000  # points of a map, which is to stay small
_COLUMNS = {'references': 'reference_distance', 'replicas': 'replica_distance'}


def training_curves(results: SearchResults) -> TrainingCurves | None:
    """Return the losses of the first model that recorded them, or None."""
    curves = (recorded_losses(checkpoint) for checkpoint in results.checkpoints.values())
    return next((one for one in curves if one is not None), None)


def recorded_losses(checkpoint: Checkpoint) -> TrainingCurves | None:
    """Return the losses that a model recorded, or None."""
    losses = checkpoint.summary.get('losses')
    if not losses:
        return None
    return TrainingCurves(
        training=_curves(losses['training']),
        validation=_curves(losses['validation']) if 'validation' in losses else None,
    )


def _curves(recorded: dict[str, list[float]]) -> dict[str, np.ndarray]:
    """Return recorded losses as arrays, what was minimised before its terms."""
    names = sorted(recorded, key=lambda name: name != 'total')
    return {name: np.array(recorded[name], dtype=np.float64) for name in names}


def latent_map(results: SearchResults) -> LatentMap | None:
    """Return the map of the first model that has one, or None."""
    for label, checkpoint in results.checkpoints.items():
        latent = checkpoint.summary.get('latent')
        generator = load_generator(checkpoint.method)
        if latent and isinstance(generator, MapsCrystals) and len(latent['coordinates'][0]) == 2:
            return LatentMap(
                training=LatentPoints(
                    labels=tuple(latent['labels']),
                    coordinates=np.array(latent['coordinates'], dtype=np.float64),
                    energies=_energies_of_training(results, latent),
                ),
                axes=generator.map_axes,
                replicas=_drawn(results, label, latent),
                phases=_mapped_phases(results, generator, checkpoint),
            )
    return None


def _drawn(results: SearchResults, label: str, latent: dict[str, Any]) -> np.ndarray:
    """Return where on its map a model put what it drew."""
    if 'replicas' in latent:
        return np.array(latent['replicas'], dtype=np.float64).reshape(-1, 2)
    proposals = [
        crystals['map_coordinates'][crystals['rejection'] == '']
        for name in results.outputs
        if name.startswith('rounds__')
        and name.endswith(f'__proposals__{label}')
        and (crystals := results.crystals(name)) is not None
        and 'map_coordinates' in crystals
    ]
    return np.concatenate([np.empty((0, 2)), *proposals])[:_MOST_DRAWN]


def _energies_of_training(results: SearchResults, latent: dict[str, Any]) -> np.ndarray:
    """Return the energies of training crystals above the lowest, NaN where they are not known.

    A model that learned energies knows them, above the lowest it learned; of others they are those
    of the known crystals of the same name.
    """
    learned = latent.get('properties', {}).get('energy')
    if learned is not None:
        return np.array(learned, dtype=np.float64) - min(learned)
    group = energies_of_references(results)
    known = {} if group is None else dict(zip(group.labels, group.energies, strict=True))
    return np.array([known.get(label, np.nan) for label in latent['labels']], dtype=np.float64)


def _mapped_phases(
    results: SearchResults, generator: MapsCrystals, checkpoint: Checkpoint
) -> LatentPoints | None:
    """Return the phases on the map of a model."""
    if not results.phases:
        return None
    rows = results.phases
    return LatentPoints(
        labels=tuple(row.label for row in rows),
        coordinates=generator.map_crystals(checkpoint, phase_crystals(rows)),
        energies=np.array(
            [row.energy_above_lowest if _is_engine(row, results) else np.nan for row in rows],
            dtype=np.float64,
        ),
    )


def _is_engine(row: PhaseRow, results: SearchResults) -> bool:
    """Return whether the energy of a phase is by the engine of the known crystals."""
    references = results.references
    facts = {} if references is None else references.metadata.get('engine', {})
    return not engine_differences(row.engine, facts)


def energies_of_references(results: SearchResults) -> EnergyGroup | None:
    """Return the energies of the known crystals of the composition, or None without energies."""
    references = results.references
    if references is None or 'energy' not in references:
        return None
    rows = np.flatnonzero(results.comparable(references))
    return EnergyGroup(
        name='known crystals' if references.periodic else 'known clusters',
        energies=results.energies_above_lowest(references.select(rows)),
        labels=tuple(_label(references, int(row)) for row in rows),
    )


def energies_of_groups(results: SearchResults) -> tuple[EnergyGroup, ...]:
    """Return the energies of the relaxed crystals, grouped by what they were similar to before."""
    relaxed = results.relaxed
    if relaxed is None:
        return ()
    rows = np.flatnonzero(results.comparable(relaxed))
    names = _group_names(results, relaxed)[rows]
    energies = results.energies_above_lowest(relaxed.select(rows))
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
    known = _compared_references(results)
    if not results.phases or known is None or 'label' not in known:
        return ()
    from aiida_crystalgen.science.fingerprints.rdf import RdfSettings, radial_distribution
    from aiida_crystalgen.science.screening.similarity import pearson_distances

    settings = RdfSettings.parse(results.settings['phases']['rdf'])
    found = radial_distribution(phase_crystals(results.phases).without_columns(), settings)
    nearest = _rows_named([row.nearest_reference for row in results.phases], known)
    of_known = radial_distribution(known.select(nearest).without_columns(), settings)
    candidates = _candidates(results)
    before = None if candidates is None else radial_distribution(candidates, settings)
    return tuple(
        RdfComparison(
            phase=row.label,
            reference=row.nearest_reference,
            radii=settings.radii,
            of_phase=found[place],
            of_reference=of_known[place],
            distance=row.reference_distance,
            of_candidate=None if before is None else before[place],
            candidate_distance=None
            if before is None
            else float(pearson_distances(before[[place]], of_known[[place]])[0, 0]),
        )
        for place, row in enumerate(results.phases)
        if nearest[place] >= 0
    )


def _compared_references(results: SearchResults) -> CrystalSet | None:
    """Return the known crystals that the phases were compared with, those of their engine."""
    uuids = {row.nodes['references'] for row in results.phases if 'references' in row.nodes}
    if not uuids:
        return results.references
    query = orm.QueryBuilder()
    query.append(StructureSetData, filters={'uuid': {'in': sorted(uuids)}}, project='*')
    return crystals_from_node(max(query.all(flat=True), key=lambda node: (node.number, node.pk)))


def _rows_named(labels: Sequence[str], known: CrystalSet) -> np.ndarray:
    """Return the row of the first known crystal of each label, -1 where there is none."""
    rows = {str(label): row for row, label in reversed([*enumerate(known['label'])])}
    return np.array([rows.get(label, -1) for label in labels], dtype=np.int64)


def _candidates(results: SearchResults) -> CrystalSet | None:
    """Return the proposals that were relaxed into the phases, in the order of the phases.

    There are none if those of one phase are not among the outputs of the search.
    """
    origins = [(row.generator, row.proposal_round) for row in results.phases]
    rows = np.array([row.proposal_row for row in results.phases])
    sets, places = [], []
    for origin in dict.fromkeys(origins):
        mine = np.array([place for place, one in enumerate(origins) if one == origin])
        proposals = results.proposals(*origin)
        if proposals is None:
            return None
        sets.append(proposals.select(rows[mine]).without_columns())
        places.append(mine)
    return concatenate(sets).select(np.argsort(np.concatenate(places)))


def _label(references: CrystalSet, row: int) -> str:
    """Return the label of a known crystal, its row where it has none."""
    return str(references['label'][row]) if 'label' in references else str(row)
