"""The report of proposals that were made without a search, from the provenance graph."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from aiida import orm

from aiida_crystalgen.data.convert import checkpoint_from_node, crystals_from_node
from aiida_crystalgen.queries.citations import citations
from aiida_crystalgen.queries.evaluations import evaluations_of
from aiida_crystalgen.queries.generation_figures import film_of_proposal, groups_of_proposals
from aiida_crystalgen.queries.nodes import stored_pk
from aiida_crystalgen.queries.proposals import ProposalsRow, find_proposals
from aiida_crystalgen.queries.ranking_figures import ranking_of_proposals
from aiida_crystalgen.queries.report_figures import recorded_losses
from aiida_crystalgen.report.contents import NodeReference, ProposalReport
from aiida_crystalgen.science.composition import reduced_formulas
from aiida_crystalgen.science.crystals import CrystalSet

__all__ = ('proposal_report',)

_WRITTEN_VERSIONS = {'aiida-crystalgen': 'plugin', 'aiida-core': 'core'}


def proposal_report(identifier: int | str) -> ProposalReport:
    """Return what the page of a set of proposals shows.

    :param identifier: PK of the set, or start of its UUID.
    :raises ValueError: if there is no such set, or there is nothing to show of it.
    """
    row = find_proposals(identifier)
    nodes = _nodes({'proposals': row.pk, 'process': row.process, 'checkpoint': row.model})
    crystals = crystals_from_node(nodes['proposals'])
    checkpoint = checkpoint_from_node(nodes['checkpoint']) if row.model else None
    ranking = ranking_of_proposals(crystals, row.composition, checkpoint)
    groups = groups_of_proposals('', crystals, checkpoint)
    evaluations = evaluations_of([row.pk])
    if ranking is None and groups is None and not evaluations:
        raise ValueError(
            f'the proposals {row.pk} of {row.method} are not ranked, and none was asked for with a '
            'space group; `aiida-crystalgen proposals show` lists them'
        )
    written = nodes['process'].base.attributes.get('version', {})
    return ProposalReport(
        title=f'Proposals for {row.composition}',
        ranking=ranking,
        space_groups=() if groups is None else (groups,),
        film=None if checkpoint is None else film_of_proposal(crystals, checkpoint),
        training=None if checkpoint is None else recorded_losses(checkpoint),
        evaluations=evaluations,
        facts=_facts(row, crystals),
        versions={
            name: str(written[key]) for name, key in _WRITTEN_VERSIONS.items() if key in written
        },
        nodes=tuple(
            NodeReference(name, node.uuid, stored_pk(node)) for name, node in nodes.items()
        ),
        citations=citations([row.method, *(['evaluate'] if evaluations else [])]),
    )


def _nodes(pks: Mapping[str, int | None]) -> dict[str, Any]:
    """Return the nodes that there are, by what they are."""
    query = orm.QueryBuilder()
    known = {name: pk for name, pk in pks.items() if pk is not None}
    query.append(orm.Node, filters={'id': {'in': [*known.values()]}}, project=['id', '*'])
    found = dict(query.all())
    return {name: found[pk] for name, pk in known.items()}


def _facts(row: ProposalsRow, crystals: CrystalSet) -> dict[str, str]:
    """Return short facts about what was asked and looked at."""
    source = crystals.metadata.get('source', {})
    rejected = int((crystals['rejection'] != '').sum()) if 'rejection' in crystals else 0
    facts = {
        'Method': row.method,
        'Candidates': len(crystals),
        'Rejected': rejected or None,
        'Formulas': len(np.unique(reduced_formulas(crystals))),
        'Templates': source.get('templates'),
        'Assignments scored': source.get('assignments_scored'),
        'Templates left out': source.get('templates_left_out'),
        'Made': f'{row.created:%Y-%m-%d %H:%M} UTC',
    }
    return {name: str(value) for name, value in facts.items() if value is not None}
