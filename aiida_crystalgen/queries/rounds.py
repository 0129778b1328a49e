"""The rounds of searches."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from aiida import orm

from aiida_crystalgen.queries.searches import SEARCH, find_search
from aiida_crystalgen.queries.tables import Table

__all__ = ('ROUND', 'RoundRow', 'newest_records', 'rounds')

ROUND = 'aiida.workflows:crystalgen.round'
"""Process type of every round."""


@dataclass(frozen=True)
class RoundRow:
    """A round of a search in one line.

    :param number: 1 for the first round; searches that continue others go on counting.
    :param state: of the process, as in 'finished'.
    :param exit_message: why it ended early, empty for success.
    """

    number: int
    pk: int
    uuid: str
    state: str
    exit_status: int | None
    exit_message: str
    created: datetime
    modified: datetime


def rounds(search: int | str) -> Table[RoundRow]:
    """Return the rounds of a search so far, the first one first.

    :param search: PK, start of a UUID, or label.
    :raises ValueError: if there is no such search.
    """
    query = orm.QueryBuilder()
    query.append(orm.WorkChainNode, filters={'id': find_search(search)}, tag='search')
    query.append(
        orm.WorkChainNode,
        with_incoming='search',
        filters={'process_type': ROUND},
        edge_project='label',
        project=[
            'id',
            'uuid',
            'attributes.process_state',
            'attributes.exit_status',
            'attributes.exit_message',
            'ctime',
            'mtime',
        ],
    )
    rows = [_row(values) for values in query.all()]
    return Table(sorted(rows, key=lambda row: row.number), RoundRow)


def newest_records(search: int | None = None) -> dict[int, int]:
    """Return the newest round with records of each search that has not returned its own.

    These are searches that go on, or were killed.

    :param search: PK of the only one wanted.
    :returns: PK of the search, by the PK of the round.
    """
    filters: dict[str, Any] = {'process_type': SEARCH, 'attributes': {'!has_key': 'exit_status'}}
    query = orm.QueryBuilder()
    query.append(
        orm.WorkChainNode,
        filters={**filters, **({} if search is None else {'id': search})},
        project='id',
        tag='search',
    )
    query.append(
        orm.WorkChainNode,
        with_incoming='search',
        filters={'process_type': ROUND, 'attributes.exit_status': {'in': _RECORDED}},
        project='id',
    )
    newest: dict[int, int] = {}
    for pk, child in query.all():
        newest[pk] = max(newest.get(pk, child), child)
    return {child: pk for pk, child in newest.items()}


_RECORDED = (0, 438)  # exit codes of rounds that have records of all phases by then


def _row(values: list[Any]) -> RoundRow:
    """Return one answer of the database as a row."""
    pk, uuid, state, exit_status, exit_message, created, modified, label = values
    return RoundRow(
        number=int(label.rpartition('_')[2]),
        pk=pk,
        uuid=uuid,
        state=state or 'created',
        exit_status=exit_status,
        exit_message=exit_message or '',
        created=created,
        modified=modified,
    )
