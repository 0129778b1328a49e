"""All that stands behind a search, whatever depth it lies in."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from itertools import islice
from typing import Any

from aiida import orm
from aiida.tools.graph.graph_traversers import get_nodes_export

__all__ = ('graph_of_search', 'values_of_nodes')

_AT_ONCE = 10_000  # values that a query compares with, of which databases allow some ten thousand


def graph_of_search(search: int) -> frozenset[int]:
    """Return the PKs of a search, of what it called and created, and of all that led to it.

    :param search: its PK.
    """
    return frozenset(get_nodes_export(starting_pks=[search])['nodes'])


def values_of_nodes(
    graph: Collection[int], kind: type[orm.Node], project: Sequence[str]
) -> Iterator[list[Any]]:
    """Yield values of the nodes of a kind among these, in no order.

    :param graph: PKs.
    :param project: what to look up, as `QueryBuilder` names it.
    """
    remaining = iter(sorted(graph))
    while some := list(islice(remaining, _AT_ONCE)):
        query = orm.QueryBuilder()
        query.append(kind, filters={'id': {'in': some}}, project=list(project))
        yield from query.iterall()
