"""The sets of crystals that generators have proposed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from aiida import orm

from aiida_crystalgen.data.checkpoint import CheckpointData
from aiida_crystalgen.data.structure_set import StructureSetData
from aiida_crystalgen.queries.nodes import is_called
from aiida_crystalgen.queries.tables import Table

__all__ = ('ProposalsRow', 'find_proposals', 'proposals')


@dataclass(frozen=True)
class ProposalsRow:
    """What a generator has proposed at once, in one line.

    :param composition: that it was asked for.
    :param number: of crystals.
    :param process: PK of the process that proposed them.
    :param model: PK of the model, None for a generator that does not learn.
    """

    pk: int
    uuid: str
    method: str
    composition: str
    number: int
    process: int
    model: int | None
    created: datetime


def proposals() -> Table[ProposalsRow]:
    """Return all sets of proposals, the newest first, those of searches among them."""
    return _rows({})


def find_proposals(identifier: str | int) -> ProposalsRow:
    """Return one set of proposals.

    :param identifier: PK, or start of a UUID.
    :raises ValueError: if there is no such set.
    """
    found = _rows(is_called(str(identifier)))
    if len(found) == 1:
        return found[0]
    raise ValueError(
        f"there are no proposals '{identifier}'; `aiida-crystalgen proposals list` shows all"
    )


def _rows(filters: dict[str, Any]) -> Table[ProposalsRow]:
    """Return the sets that fulfil the filters, the newest first."""
    query = orm.QueryBuilder()
    query.append(
        StructureSetData,
        filters=filters,
        project=['id', 'uuid', 'attributes.number', 'ctime'],
        tag='proposals',
    )
    query.append(
        orm.CalculationNode,
        with_outgoing='proposals',
        edge_filters={'label': 'proposals'},
        project='id',
        tag='process',
    )
    query.append(
        orm.Str,
        with_outgoing='process',
        edge_filters={'label': 'method'},
        project='attributes.value',
    )
    query.append(
        orm.Dict,
        with_outgoing='process',
        edge_filters={'label': 'request'},
        project='attributes.composition',
    )
    query.order_by({'proposals': [{'ctime': 'desc'}]})
    models = _models(filters)
    rows = [
        ProposalsRow(pk, uuid, method, composition, number, process, models.get(process), created)
        for pk, uuid, number, created, process, method, composition in query.all()
    ]
    return Table(rows, ProposalsRow)


def _models(filters: dict[str, Any]) -> dict[int, int]:
    """Return the PK of the model by that of the process that proposed with it."""
    query = orm.QueryBuilder()
    query.append(StructureSetData, filters=filters, tag='proposals')
    query.append(
        orm.CalculationNode,
        with_outgoing='proposals',
        edge_filters={'label': 'proposals'},
        project='id',
        tag='process',
    )
    query.append(CheckpointData, with_outgoing='process', project='id')
    return dict(query.all())
