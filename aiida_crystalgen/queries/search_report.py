"""The report of a search, from the provenance graph."""

from __future__ import annotations

from typing import Any

from aiida import orm

from aiida_crystalgen.queries import report_figures as figures
from aiida_crystalgen.queries.citations import citations, names_of_search
from aiida_crystalgen.queries.comparison import compare_searches
from aiida_crystalgen.queries.evaluations import evaluations_of
from aiida_crystalgen.queries.generation_figures import film_of_search, groups_of_search
from aiida_crystalgen.queries.nodes import stored_pk
from aiida_crystalgen.queries.phase_figures import (
    phase_diffraction,
    phase_elasticity,
    phase_hull,
    phase_phonons,
)
from aiida_crystalgen.queries.phases import PhaseRow, phase_crystals
from aiida_crystalgen.queries.ranking_figures import search_rankings
from aiida_crystalgen.queries.requested_volume import requested_volume
from aiida_crystalgen.queries.results import SearchResults, search_results
from aiida_crystalgen.queries.rounds import rounds
from aiida_crystalgen.queries.status import count_stages
from aiida_crystalgen.queries.target_figures import target_results
from aiida_crystalgen.report.campaign import Round
from aiida_crystalgen.report.contents import Engine, NodeReference, Phase, SearchReport, Stage

__all__ = ('search_report',)


def search_report(pk: int, compare: int | str | None = None) -> SearchReport:
    """Return what the page of a search shows; that of a search that failed shows less.

    :param pk: of the search.
    :param compare: PK, start of a UUID, or label of another search, to be shown beside it.
    :raises ValueError: if the search has not ended, or failed before there were any energies, or
        there is no such other search.
    """
    results = search_results(pk)
    engine = _engine(results)
    evaluations = evaluations_of(_proposals(results))
    cited = names_of_search(pk) | ({'evaluate'} if evaluations else set())
    return SearchReport(
        title=f'Search for {results.search.composition}',
        engine=engine,
        facts=_facts(results),
        phases=_phases(results),
        training=figures.training_curves(results),
        latent=figures.latent_map(results),
        references=figures.energies_of_references(results),
        groups=figures.energies_of_groups(results),
        rdfs=figures.rdf_comparisons(results),
        stages=_stages(pk),
        hull=phase_hull(results.phases),
        targets=target_results(results),
        rankings=search_rankings(results),
        space_groups=groups_of_search(results),
        film=film_of_search(results),
        evaluations=evaluations,
        rounds=_rounds(results),
        comparison=None if compare is None else compare_searches(pk, compare),
        engine_note=_engine_note(engine, results),
        versions=_versions(results, engine),
        nodes=_nodes(results),
        citations=citations(cited),
    )


def _proposals(results: SearchResults) -> list[int]:
    """Return the PKs of all sets of proposals."""
    return [stored_pk(node) for name, node in results.outputs.items() if '__proposals__' in name]


def _engine(results: SearchResults) -> Engine:
    """Return what gave the energies of a search.

    :raises ValueError: if it ended before there were any.
    """
    for crystals in (results.relaxed, results.references):
        facts = {} if crystals is None else crystals.metadata.get('engine', {})
        if facts:
            return Engine(
                facts['name'], facts['package'], facts['version'], facts.get('emulated', False)
            )
    pk = results.search.pk
    raise ValueError(
        f'search {pk} ended before it had any energies, so there is nothing to report; '
        f'`verdi process report {pk}` says what happened'
    )


def _engine_note(engine: Engine, results: SearchResults) -> str:
    """Return which energies are whose."""
    verified = _engine_of(results.phases[0]) if results.phases else engine
    if verified == engine:
        return (
            f'All energies are those of {engine}, the known structures relaxed with it as well; '
            'energies of other engines are not comparable with them.'
        )
    mark = 'EMULATED ' if verified.emulated else ''
    return (
        f'Energies of the table of phases are those of {mark}{verified}, which verified them; '
        f'those of the figures are those of {engine}. The two are not comparable.'
    )


def _facts(results: SearchResults) -> dict[str, str]:
    """Return short facts about what was asked and how it ended."""
    search = results.search
    request = next(iter(results.requests.values()))
    periodic = request.get('periodic', True)
    has_formula = '-' not in request['composition']
    ended = 'successfully' if search.is_successful else search.exit_message or search.state
    facts = {
        'Label': search.label,
        'Composition': search.composition,
        'Formula units': ', '.join(map(str, request['formula_units'])) if has_formula else '',
        'Cell': str(request['cell']) if periodic and has_formula else '',
        'Volume' if periodic else 'Volume of the ball': requested_volume(request),
        'Distances': ', '.join(f'{pair} ≥ {one} Å' for pair, one in request['distances'].items()),
        'Generators': ', '.join(
            f'{label} ({one["candidates"]} candidates)' for label, one in results.requests.items()
        ),
        'Ended': f'{search.modified:%Y-%m-%d %H:%M} UTC, {ended}',
    }
    return {name: text for name, text in facts.items() if text}


def _phases(results: SearchResults) -> tuple[Phase, ...]:
    """Return the phases of a search."""
    if not results.phases:
        return ()
    crystals = phase_crystals(results.phases)
    phonons, patterns = phase_phonons(results.phases), phase_diffraction(results.phases)
    return tuple(
        Phase(
            label=row.label,
            crystal=crystals.select([place]),
            space_group=row.space_group,
            space_group_symbol=row.space_group_symbol,
            energy=row.energy_above_lowest,
            hull_distance=row.energy_above_hull,
            nearest_reference=row.known or row.nearest_reference,
            reference_distance=row.reference_distance,
            novel=row.is_new,
            origin=f'{row.generator}, row {row.proposal_row}',
            engine=_engine_of(row),
            record=row.uuid,
            stability=row.stability,
            prototype=' '.join(text for text in (row.prototype, row.prototype_name) if text),
            phonons=phonons.get(row.pk),
            elasticity=phase_elasticity(row),
            diffraction=patterns.get(row.pk),
            point_group=row.point_group or '',
        )
        for place, row in enumerate(results.phases)
    )


def _engine_of(row: PhaseRow) -> Engine:
    """Return what gave the energy of a phase."""
    facts = row.engine
    return Engine(facts['name'], facts['package'], facts['version'], facts.get('emulated', False))


def _stages(search: int) -> tuple[Stage, ...]:
    """Return how many crystals of each generator were left after each stage."""
    counts = count_stages(search)
    names = dict.fromkeys(name for stages in counts.values() for name in stages)
    return tuple(
        Stage(name, {label: stages[name] for label, stages in counts.items()}) for name in names
    )


def _rounds(results: SearchResults) -> tuple[Round, ...]:
    """Return what came of each round of a search."""
    pk = results.search.pk
    found = []
    for one in rounds(pk):
        mine = [row for row in results.phases if row.proposal_round == one.number]
        hull = [row.energy_above_hull for row in mine if row.energy_above_hull is not None]
        found.append(
            Round(
                number=one.number,
                phases_found=len(mine),
                new_phases=sum(row.is_new for row in mine),
                lowest=min((row.energy_above_lowest for row in mine), default=None),
                hull=min(hull, default=None),
                yields=count_stages(pk, one.number),
                finished=None if one.exit_status is None else one.modified,
            )
        )
    return tuple(found)


def _versions(results: SearchResults, engine: Engine) -> dict[str, str]:
    """Return the versions of the packages that took part."""
    query = orm.QueryBuilder()
    query.append(orm.WorkChainNode, filters={'id': results.search.pk}, project='attributes.version')
    written: dict[str, Any] = query.first(flat=True) or {}
    versions = {
        'aiida-crystalgen': written.get('plugin'),
        'aiida-core': written.get('core'),
        engine.package: engine.version,
    }
    for checkpoint in results.checkpoints.values():
        versions['torch'] = checkpoint.summary.get('torch')
    return {name: str(version) for name, version in versions.items() if version}


def _nodes(results: SearchResults) -> tuple[NodeReference, ...]:
    """Return the nodes that a report stands on."""
    search = NodeReference('search', results.search.uuid, results.search.pk)
    outputs = [
        NodeReference(name.replace('__', ' '), node.uuid, stored_pk(node))
        for name, node in sorted(results.outputs.items())
    ]
    return (search, *outputs)
