"""A search with all that stands behind it, as a file that another profile imports."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from aiida import orm
from aiida.tools.archive import create_archive
from aiida.tools.archive.exceptions import ExportValidationError

from aiida_crystalgen.data.groups import DatasetGroup, PhaseGroup
from aiida_crystalgen.queries.graph import graph_of_search
from aiida_crystalgen.queries.searches import searches

__all__ = ('ArchiveSummary', 'groups_within', 'write_archive')


@dataclass(frozen=True)
class ArchiveSummary:
    """What an archive holds.

    :param nodes: number of nodes.
    :param datasets: labels of the datasets.
    :param phases: number of phases.
    :param size: of the file, in bytes.
    """

    nodes: int
    datasets: tuple[str, ...]
    phases: int
    size: int


def write_archive(search: int, path: Path) -> ArchiveSummary:
    """Write an archive of a search, and return what is in it.

    It holds the graph of the search, with its codes and computers but not the way to log in to
    them, its datasets, and the group of its phases; `verdi archive import` reads it. AiiDA's
    progress reporter shows how far it is.

    :param search: its PK.
    :param path: of the file, which must not exist yet.
    :raises ValueError: if the search or one of its processes has not ended, or the file cannot be
        written there.
    """
    (row,) = searches(search)
    if not row.has_ended:
        raise ValueError(
            f'search {search} has not ended, and only what has ended can be archived; follow it '
            f'with `aiida-crystalgen search watch {search}`'
        )
    if path.exists():
        raise ValueError(f'there is a file {path} already; remove it, or choose another name')
    if not path.parent.is_dir():
        raise ValueError(f'there is no folder {path.parent}; make it first')
    graph = graph_of_search(search)
    groups = groups_within(graph)
    try:
        create_archive([orm.load_node(search), *groups], filename=path)
    except ExportValidationError as exception:
        raise ValueError(
            f'search {search} cannot be archived, because one of its processes has not ended: '
            f'{exception}'
        ) from exception
    return ArchiveSummary(
        nodes=len(graph),
        datasets=tuple(sorted(one.label for one in groups if isinstance(one, DatasetGroup))),
        phases=row.number_of_phases,
        size=path.stat().st_size,
    )


def groups_within(graph: Collection[int]) -> tuple[orm.Group, ...]:
    """Return the datasets and groups of phases whose members are all among these nodes.

    A group that holds more, as a choice of phases from several searches, would take all of those
    searches along.

    :param graph: PKs.
    """
    members: dict[int, set[int]] = defaultdict(set)
    groups: dict[int, orm.Group] = {}
    for kind in (DatasetGroup, PhaseGroup):
        query = orm.QueryBuilder()
        query.append(kind, project='*', tag='group')
        groups |= {group.pk: group for group in query.all(flat=True)}
        query.append(orm.Node, with_group='group', project='id')
        for group, member in query.iterall():
            members[group.pk].add(member)
    inside = set(graph)
    return tuple(groups[pk] for pk, nodes in members.items() if nodes <= inside)
