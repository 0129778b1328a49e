"""Which searches there are, and what became of them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from aiida import orm

from aiida_crystalgen.queries.nodes import is_called
from aiida_crystalgen.queries.tables import Table

__all__ = ('SEARCH', 'SearchRow', 'find_search', 'load_search', 'searches')

SEARCH = 'aiida.workflows:crystalgen.search'
"""Process type of every search."""

_ENDED = ('finished', 'excepted', 'killed')


@dataclass(frozen=True)
class SearchRow:
    """A search in one line.

    :param composition: formula units searched for.
    :param generators: method of each generator, by its label.
    :param state: of the process: 'created', 'waiting', 'running', 'finished', 'excepted', 'killed'.
    :param exit_status: 0 for success, None before the end.
    :param exit_message: why it failed, empty for success.
    :param number_of_phases: found so far.
    :param modified: time of its last sign of life.
    """

    pk: int
    uuid: str
    label: str
    composition: str
    generators: dict[str, str]
    state: str
    exit_status: int | None
    exit_message: str
    number_of_phases: int
    created: datetime
    modified: datetime

    @property
    def has_ended(self) -> bool:
        """Whether nothing more will come."""
        return self.state in _ENDED

    @property
    def is_successful(self) -> bool:
        """Whether it came to the end it was meant to."""
        return self.exit_status == 0


def searches(pk: int | None = None) -> Table[SearchRow]:
    """Return all searches, or the one of this PK, the newest first."""
    filters = _filters(pk)
    query = orm.QueryBuilder()
    query.append(
        orm.WorkChainNode,
        filters=filters,
        project=[
            'id',
            'uuid',
            'label',
            'ctime',
            'mtime',
            'attributes.process_state',
            'attributes.exit_status',
            'attributes.exit_message',
        ],
        tag='search',
    )
    query.order_by({'search': [{'ctime': 'desc'}]})
    requests = _requests(filters)
    numbers = _numbers_of_records(filters)
    rows = [_row(values, requests.get(values[0], {}), numbers[values[0]]) for values in query.all()]
    return Table(rows, SearchRow)


def find_search(identifier: str | int | None = None) -> int:
    """Return the PK of a search.

    :param identifier: PK, start of a UUID, or label; the newest successful search if None.
    :raises ValueError: if there is no such search, or several.
    """
    text = '' if identifier is None else str(identifier)
    query = orm.QueryBuilder()
    query.append(orm.WorkChainNode, filters=_named(text), project='id', tag='search')
    query.order_by({'search': [{'ctime': 'desc'}]})
    found = query.all(flat=True)
    if not text and found:
        return found[0]
    if len(found) == 1:
        return found[0]
    if found:
        numbers = ', '.join(map(str, found))
        raise ValueError(f"'{text}' stands for the searches {numbers}; choose one by its number")
    if text:
        raise ValueError(f"there is no search '{text}'; `aiida-crystalgen search list` shows all")
    raise ValueError(
        'no search has succeeded yet; `aiida-crystalgen search list` shows what there is'
    )


def load_search(identifier: str | int) -> orm.ProcessNode:
    """Return the node of a search.

    :param identifier: PK, start of a UUID, or label.
    :raises ValueError: if there is no such search, or several.
    """
    query = orm.QueryBuilder()
    query.append(orm.WorkChainNode, filters={'id': find_search(identifier)})
    (search,) = query.one()
    return search


def _filters(pk: int | None) -> dict[str, Any]:
    """Return the filters of a query for searches."""
    return {'process_type': SEARCH, **({} if pk is None else {'id': pk})}


def _named(text: str) -> dict[str, Any]:
    """Return the filters of a query for the search that a user names."""
    if not text:
        return {'process_type': SEARCH, 'attributes.exit_status': 0}
    return {'process_type': SEARCH, **is_called(text, {'label': text})}


def _requests(filters: dict[str, Any]) -> dict[int, dict[str, dict[str, str]]]:
    """Return method and composition of each generator, by the PK of the search."""
    query = orm.QueryBuilder()
    query.append(orm.WorkChainNode, filters=filters, project='id', tag='search')
    query.append(
        orm.Data,
        with_outgoing='search',
        edge_filters={'label': {'like': 'generators\\_\\_%'}},
        edge_project='label',
        project=['attributes.value', 'attributes.composition'],
    )
    found: dict[int, dict[str, dict[str, str]]] = {}
    for pk, value, composition, path in query.all():
        label, name = path.split('__')[1:3]
        generator = found.setdefault(pk, {}).setdefault(label, {})
        if name == 'method':
            generator['method'] = value
        if name == 'request':
            generator['composition'] = composition
    return found


def _numbers_of_records(filters: dict[str, Any]) -> Counter[int]:
    """Return how many phases each search has recorded, by its PK."""
    query = orm.QueryBuilder()
    query.append(orm.WorkChainNode, filters=filters, project='id', tag='search')
    query.append(
        orm.Dict,
        with_incoming='search',
        edge_filters={'type': 'return', 'label': {'like': 'records\\_\\_%'}},
    )
    return Counter(query.all(flat=True))


def _row(values: list[Any], requests: dict[str, dict[str, str]], number: int) -> SearchRow:
    """Return one answer of the database as a row."""
    pk, uuid, label, created, modified, state, exit_status, exit_message = values
    compositions = [one['composition'] for one in requests.values() if 'composition' in one]
    return SearchRow(
        pk=pk,
        uuid=uuid,
        label=label,
        composition=', '.join(dict.fromkeys(compositions)),
        generators={name: one.get('method', '') for name, one in sorted(requests.items())},
        state=state or 'created',
        exit_status=exit_status,
        exit_message=exit_message or '',
        number_of_phases=number,
        created=created,
        modified=modified,
    )
