"""Everything that a trained model has produced."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce

import numpy as np
from aiida import orm

from aiida_crystalgen.data.checkpoint import CheckpointData
from aiida_crystalgen.data.structure_set import StructureSetData
from aiida_crystalgen.queries.models import ModelRow, find_model
from aiida_crystalgen.queries.nodes import column
from aiida_crystalgen.queries.phases import PhaseTable, phases
from aiida_crystalgen.queries.rounds import ROUND
from aiida_crystalgen.queries.searches import SEARCH
from aiida_crystalgen.queries.tables import Table

__all__ = ('Products', 'ProposalSet', 'products')


@dataclass(frozen=True)
class ProposalSet:
    """Crystals that a model has proposed at once.

    :param pk: of the set.
    :param process: PK of the process that proposed them.
    :param number: of the proposals.
    :param accepted: how many of them a search relaxed; None if they were not screened.
    :param search_pk: of the search that asked for them, None if none did.
    :param round_number: of its round.
    :param generator: label of the generator in that search, empty if none asked.
    """

    pk: int
    uuid: str
    process: int
    number: int
    accepted: int | None
    search_pk: int | None
    round_number: int | None
    generator: str


@dataclass(frozen=True)
class Products:
    """Everything that a model has produced.

    :param proposals: the oldest first.
    :param phases: of the searches that asked for the proposals.
    """

    model: ModelRow
    proposals: Table[ProposalSet]
    phases: PhaseTable


@dataclass(frozen=True)
class _Use:
    """What a round of a search has made of a set of proposals."""

    search: int
    round_number: int
    generator: str
    accepted: int


def products(model: int | str) -> Products:
    """Return everything that a model has produced.

    :param model: PK, start of the UUID or of the SHA-256 of its file, or label.
    :raises ValueError: if there is no such model, or several.
    """
    row = find_model(model)
    query = orm.QueryBuilder()
    query.append(CheckpointData, filters={'id': row.pk}, tag='model')
    query.append(
        orm.CalculationNode,
        with_incoming='model',
        edge_filters={'label': 'checkpoint'},
        project='id',
        tag='process',
    )
    query.append(
        StructureSetData,
        with_incoming='process',
        edge_filters={'label': 'proposals'},
        project=['id', 'uuid', 'attributes.number'],
        tag='proposals',
    )
    query.order_by({'proposals': [{'id': 'asc'}]})
    made = query.all()
    uses = _uses([pk for _, pk, *_ in made])
    proposals = [
        _proposal_set(values, use) for values in made for use in uses.get(values[1], [None])
    ]
    tables = [
        phases(search=use.search, generator=use.generator, proposal_round=use.round_number)
        for of_set in uses.values()
        for use in of_set
        if use is not None
    ]
    return Products(
        row, Table(proposals, ProposalSet), reduce(PhaseTable.__add__, tables, PhaseTable())
    )


def _proposal_set(values: list[int | str], use: _Use | None) -> ProposalSet:
    """Return one answer of the database as a set of proposals."""
    process, pk, uuid, number = values
    return ProposalSet(
        pk=int(pk),
        uuid=str(uuid),
        process=int(process),
        number=int(number),
        accepted=None if use is None else use.accepted,
        search_pk=None if use is None else use.search,
        round_number=None if use is None else use.round_number,
        generator='' if use is None else use.generator,
    )


def _uses(proposals: list[int]) -> dict[int, list[_Use | None]]:
    """Return what rounds of searches have made of sets of proposals, by the PK of the set."""
    query = orm.QueryBuilder()
    query.append(StructureSetData, filters={'id': {'in': proposals}}, project='id', tag='proposals')
    query.append(
        orm.CalcFunctionNode,
        with_incoming='proposals',
        filters={'attributes.process_label': 'screen'},
        edge_project='label',
        project='id',
        tag='screening',
    )
    query.append(
        orm.WorkChainNode, with_outgoing='screening', filters={'process_type': ROUND}, tag='round'
    )
    query.append(
        orm.WorkChainNode,
        with_outgoing='round',
        filters={'process_type': SEARCH},
        edge_project='label',
        project='id',
    )
    found: dict[int, list[_Use | None]] = {}
    for pk, screening, search, generator, label in query.all() if proposals else []:
        number = int(label.rpartition('_')[2])
        use = _Use(search, number, generator, _count_accepted(screening, generator))
        found.setdefault(pk, []).append(use)
    return found


def _count_accepted(screening: int, generator: str) -> int:
    """Return how many proposals of a generator a screening has accepted."""
    query = orm.QueryBuilder()
    query.append(orm.CalcFunctionNode, filters={'id': screening}, tag='screening')
    query.append(StructureSetData, with_incoming='screening', edge_filters={'label': 'accepted'})
    accepted = query.first(flat=True)
    if accepted is None:
        return 0
    return int(np.count_nonzero(column(accepted, 'generator') == generator))
