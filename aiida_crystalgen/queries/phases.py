"""The phases that searches found."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from aiida import orm

from aiida_crystalgen.data.convert import crystals_from_structures
from aiida_crystalgen.queries.nodes import is_called
from aiida_crystalgen.queries.rounds import newest_records
from aiida_crystalgen.queries.searches import SEARCH, find_search
from aiida_crystalgen.science.crystals import Column, CrystalSet
from aiida_crystalgen.science.engines import engine_label
from aiida_crystalgen.science.records import PhaseRecord

if TYPE_CHECKING:
    import pandas as pd

__all__ = ('PhaseRow', 'PhaseTable', 'find_phase', 'phase_crystals', 'phases')


class PhaseRow(PhaseRecord):
    """A phase in one line: its record, and the nodes it belongs to.

    :param pk: of the record.
    :param uuid: of the record.
    """

    pk: int
    uuid: str
    structure_pk: int
    structure_uuid: str
    search_pk: int
    search_uuid: str
    created: datetime

    @property
    def engine_name(self) -> str:
        """What gave the energy, with its package and version."""
        return engine_label(self.engine)


@dataclass(frozen=True)
class PhaseTable:
    """Phases in order; a field of all of them is an attribute, as in ``table.uuid[0]``."""

    rows: tuple[PhaseRow, ...]

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[PhaseRow]:
        return iter(self.rows)

    def __getitem__(self, row: int) -> PhaseRow:
        return self.rows[row]

    def __getattr__(self, name: str) -> list[Any]:
        """Return a field of all rows.

        :raises AttributeError: if phases have no such field.
        """
        if name not in PhaseRow.model_fields:
            raise AttributeError(f"phases have no field '{name}'")
        return [getattr(row, name) for row in self.rows]

    def to_dataframe(self) -> pd.DataFrame:
        """Return the table for pandas, one column a field."""
        import pandas as pd

        columns = list(PhaseRow.model_fields)
        return pd.DataFrame([row.model_dump() for row in self.rows], columns=columns)


def phases(
    *,
    search: int | str | None = None,
    elements: Iterable[str] = (),
    hull_below: float | None = None,
    space_group: int | None = None,
    generator: str | None = None,
    new: bool | None = None,
) -> PhaseTable:
    """Return the phases that fulfil all conditions, search by search, the lowest of each first.

    :param search: PK, start of a UUID, or label of the search they come from.
    :param elements: symbols of elements that a phase has among its own.
    :param hull_below: largest energy above the hull of the references, in eV/atom.
    :param space_group: its number.
    :param generator: label of the generator that proposed them.
    :param new: whether they equal none of the references.
    :raises ValueError: if there is no such search.
    """
    filters: dict[str, Any] = {}
    if elements := sorted(elements):
        filters['attributes.elements'] = {'contains': elements}
    if hull_below is not None:
        filters['attributes.energy_above_hull'] = {'<=': hull_below}
    if space_group is not None:
        filters['attributes.space_group'] = space_group
    if generator is not None:
        filters['attributes.generator'] = generator
    rows = _rows(filters, None if search is None else find_search(search))
    if new is not None:
        rows = [row for row in rows if row.is_new == new]
    return PhaseTable(tuple(sorted(rows, key=lambda row: (-row.search_pk, int(row.label[1:])))))


def find_phase(identifier: str | int, search: int | str | None = None) -> PhaseRow:
    """Return one phase.

    :param identifier: its label, as in 'P3', or PK or start of the UUID of its record.
    :param search: that a label refers to; the newest successful one if None.
    :raises ValueError: if there is no such phase.
    """
    text = str(identifier)
    if text[:1] in {'P', 'p'} and text[1:].isdigit():
        return _labelled(f'P{int(text[1:])}', find_search(search))
    rows = _rows(is_called(text), None if search is None else find_search(search))
    if len(rows) == 1:
        return rows[0]
    problem = 'several phases have' if rows else 'there is no phase with'
    raise ValueError(
        f"{problem} the record '{text}'; name a phase as in P3, or by PK or UUID of its record, "
        'as `aiida-crystalgen phases list` shows them'
    )


def phase_crystals(rows: Sequence[PhaseRow]) -> CrystalSet:
    """Return the relaxed crystals of phases as a set, one row each, with columns that say all.

    ``label`` names them within their search; ``energy`` is in eV/atom; ``record``, ``structure``
    and ``search`` are UUIDs.
    """
    import numpy as np

    query = orm.QueryBuilder()
    wanted = {'id': {'in': [row.structure_pk for row in rows]}}
    query.append(orm.StructureData, filters=wanted, project=['id', '*'])
    nodes = dict(query.all())
    crystals = crystals_from_structures([nodes[row.structure_pk] for row in rows])
    hull = [np.nan if row.energy_above_hull is None else row.energy_above_hull for row in rows]
    columns = {
        'label': Column(np.array([row.label for row in rows])),
        'energy': Column(np.array([row.energy for row in rows]), 'eV/atom'),
        'energy_above_lowest': Column(
            np.array([row.energy_above_lowest for row in rows]), 'eV/atom'
        ),
        'energy_above_hull': Column(np.array(hull), 'eV/atom'),
        'space_group': Column(np.array([row.space_group for row in rows])),
        'engine': Column(np.array([row.engine_name for row in rows])),
        'stability': Column(np.array([row.stability or 'not measured' for row in rows])),
        'record': Column(np.array([row.uuid for row in rows])),
        'structure': Column(np.array([row.structure_uuid for row in rows])),
        'search': Column(np.array([row.search_uuid for row in rows])),
    }
    return replace(crystals, columns=columns)


def _labelled(label: str, search: int) -> PhaseRow:
    """Return the phase of this label in a search."""
    rows = _rows({'attributes.label': label}, search)
    if not rows:
        number = len(_rows({}, search))
        there = f'it found P1 to P{number}' if number else 'it found none'
        raise ValueError(f'search {search} has no phase {label}; {there}')
    return rows[0]


def _rows(filters: dict[str, Any], search: int | None) -> list[PhaseRow]:
    """Return the phases whose records fulfil the filters, in no order."""
    of_search = {'process_type': SEARCH, **({} if search is None else {'id': search})}
    found = _recorded_by(of_search, filters)
    running = newest_records(search)
    if running:
        found += [
            (*running[pk], *values)
            for pk, _, *values in _recorded_by({'id': {'in': list(running)}}, filters)
        ]
    return [_row(values) for values in found]


def _recorded_by(processes: dict[str, Any], filters: dict[str, Any]) -> list[tuple[Any, ...]]:
    """Return process, record and structure of each phase that some processes have returned."""
    edges = {'type': 'return', 'label': {'like': 'records\\_\\_%'}}
    query = orm.QueryBuilder()
    query.append(orm.WorkChainNode, filters=processes, project=['id', 'uuid'], tag='process')
    query.append(
        orm.Dict,
        with_incoming='process',
        edge_filters=edges,
        edge_project='label',
        filters=filters,
        project=['id', 'uuid', 'ctime', 'attributes'],
    )
    found = query.all()
    structures = orm.QueryBuilder()
    wanted = {'id': {'in': sorted({one[0] for one in found})}}
    structures.append(orm.WorkChainNode, filters=wanted, project='id', tag='process')
    structures.append(
        orm.StructureData,
        with_incoming='process',
        edge_filters=edges,
        edge_project='label',
        project=['id', 'uuid'],
    )
    nodes = {
        (pk, path.removesuffix('_structure')): (structure, uuid)
        for pk, structure, uuid, path in (structures.all() if found else [])
    }
    return [(*values, *nodes[values[0], path.removesuffix('_record')]) for *values, path in found]


def _row(values: tuple[Any, ...]) -> PhaseRow:
    """Return one answer of the database as a row."""
    search_pk, search_uuid, pk, uuid, created, record, structure_pk, structure_uuid = values
    facts = {name: value for name, value in record.items() if name in PhaseRecord.model_fields}
    return PhaseRow(
        **facts,
        pk=pk,
        uuid=uuid,
        structure_pk=structure_pk,
        structure_uuid=structure_uuid,
        search_pk=search_pk,
        search_uuid=search_uuid,
        created=created,
    )
