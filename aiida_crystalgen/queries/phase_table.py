"""Phases in a table that reads from the database what is asked of it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple, overload

from aiida import orm
from pydantic import BaseModel, ConfigDict, create_model

from aiida_crystalgen.science.engines import engine_label
from aiida_crystalgen.science.records import PhaseRecord

if TYPE_CHECKING:
    import pandas as pd

__all__ = ('PhasePlace', 'PhaseRow', 'PhaseTable')

_READ_AHEAD = (16, 1024)  # rows at first and at most
_NODES_AT_ONCE = 10_000  # that a query compares with, of which databases allow some ten thousand
_FEW = 4  # values of a record that are read faster one by one than all together
_OF_STRUCTURE = ('structure_pk', 'structure_uuid')
_OF_RECORD = {'uuid': 'uuid', 'created': 'ctime'}
# What a table for pandas leaves out unless asked, since it is no single value.
_NESTED = ('diffraction', 'phonons', 'elasticity', 'versions', 'nodes')


class PhaseRow(PhaseRecord):
    """A phase in one line: its record, and the nodes it belongs to.

    :param pk: of the record.
    :param uuid: of the record.
    :param created: when it was recorded.
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

    @property
    def is_stable(self) -> bool | None:
        """Whether phonons and elastic constants both say so, False as soon as one denies it.

        None if what was computed denies nothing, but not both were computed.
        """
        phonons = None if self.phonon_verdict is None else self.phonon_verdict != 'imaginary'
        verdicts = (phonons, self.is_mechanically_stable)
        if False in verdicts:
            return False
        return None if None in verdicts else True


class PhasePlace(NamedTuple):
    """Where the record of a phase is.

    :param process: PK of the process that returned it, a search or a round of it.
    :param path: label of the link, without what tells the record from the structure.
    """

    pk: int
    label: str
    search_pk: int
    process: int
    path: str


class PhaseTable:
    """Phases in order; a field of all of them is an attribute, as in ``table.uuid[0]``.

    The records are read when they are first asked for, so that a table of many phases costs little
    before.
    """

    def __init__(self, rows: Iterable[PhaseRow | PhasePlace] = ()) -> None:
        self._rows = list(rows)

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[PhaseRow]:
        start, (number, most) = 0, _READ_AHEAD
        while start < len(self):
            yield from self._read(start, number)
            start, number = start + number, min(2 * number, most)

    @overload
    def __getitem__(self, row: int) -> PhaseRow: ...

    @overload
    def __getitem__(self, row: slice) -> PhaseTable: ...

    def __getitem__(self, row: int | slice) -> PhaseRow | PhaseTable:
        if isinstance(row, slice):
            return PhaseTable(self._rows[row])
        place = range(len(self))[row]
        return self._read(place, 1)[0]

    def __add__(self, other: PhaseTable) -> PhaseTable:
        return PhaseTable([*self._rows, *other._rows])

    def __getattr__(self, name: str) -> list[Any]:
        """Return a field of all rows.

        :raises AttributeError: if phases have no such field.
        """
        if name not in PhaseRow.model_fields:
            raise AttributeError(f"phases have no field '{name}'")
        return self._columns((name,))[name]

    @property
    def rows(self) -> tuple[PhaseRow, ...]:
        """All phases with all that is recorded about them."""
        most = _READ_AHEAD[-1]
        starts = range(0, len(self), most)
        return tuple(row for start in starts for row in self._read(start, most))

    def sorted_by(self, name: str) -> PhaseTable:
        """Return the phases by the values of a field, the lowest first, unknown ones last.

        :raises AttributeError: if phases have no such field.
        """
        values = getattr(self, name)
        known = [row for row, value in enumerate(values) if value is not None]
        unknown = [row for row, value in enumerate(values) if value is None]
        order = [*sorted(known, key=values.__getitem__), *unknown]
        return PhaseTable(self._rows[row] for row in order)

    def to_dataframe(self, *columns: str) -> pd.DataFrame:
        """Return the table for pandas, one column a field.

        :param columns: names of the fields; without any, all but the nested ones, which are
            ``diffraction``, ``phonons``, ``elasticity``, ``versions`` and ``nodes``.
        :raises AttributeError: if phases have no such field.
        """
        import pandas as pd

        unknown = [name for name in columns if name not in PhaseRow.model_fields]
        if unknown:
            raise AttributeError(f"phases have no field '{unknown[0]}'")
        names = columns or tuple(one for one in PhaseRow.model_fields if one not in _NESTED)
        return pd.DataFrame(self._columns(names), columns=list(names))

    def _columns(self, names: tuple[str, ...]) -> dict[str, list[Any]]:
        """Return fields of all rows."""
        # Those of the rows that are there, and of the places for the others.
        if all(isinstance(row, PhaseRow) or _is_in_place(names) for row in self._rows):
            return {name: [getattr(row, name) for row in self._rows] for name in names}
        places = [row for row in self._rows if isinstance(row, PhasePlace)]
        if len(places) < len(self._rows):
            rows = self.rows
            return {name: [getattr(row, name) for row in rows] for name in names}
        return _fields(places, names)

    def _read(self, start: int, number: int) -> Sequence[PhaseRow]:
        """Return some rows, which are read unless they were."""
        wanted = self._rows[start : start + number]
        missing = [row for row in wanted if isinstance(row, PhasePlace)]
        if missing:
            names = tuple(PhaseRow.model_fields)
            values = zip(*_fields(missing, names).values(), strict=True)
            # Every field was validated when it was read.
            found = (
                PhaseRow.model_construct(**dict(zip(names, one, strict=True))) for one in values
            )
            wanted = [next(found) if isinstance(row, PhasePlace) else row for row in wanted]
            self._rows[start : start + number] = wanted
        return [row for row in wanted if isinstance(row, PhaseRow)]


def _is_in_place(names: Iterable[str]) -> bool:
    """Return whether these fields are known without any record."""
    return set(names) <= set(PhasePlace._fields)


def _fields(places: Sequence[PhasePlace], names: tuple[str, ...]) -> dict[str, list[Any]]:
    """Return fields of phases from the database."""
    found = _recorded([place.pk for place in places], names)
    if 'search_uuid' in names:
        uuids = _values({place.search_pk for place in places}, orm.WorkChainNode, ['uuid'])
        found['search_uuid'] = [uuids[place.search_pk][0] for place in places]
    if not set(names).isdisjoint(_OF_STRUCTURE):
        nodes = _structures(places)
        of_phases = [nodes[place.process, place.path] for place in places]
        found |= dict(zip(_OF_STRUCTURE, map(list, zip(*of_phases, strict=True)), strict=True))
    return {
        name: found[name] if name in found else [getattr(place, name) for place in places]
        for name in names
    }


def _recorded(pks: Sequence[int], names: tuple[str, ...]) -> dict[str, list[Any]]:
    """Return those of the fields that the nodes of the records have."""
    columns = {name: _OF_RECORD[name] for name in names if name in _OF_RECORD}
    inside = [name for name in names if name in PhaseRecord.model_fields and name != 'label']
    if not columns and not inside:
        return {}
    model = _record_with(tuple(inside))
    if len(inside) > _FEW:
        # As text, for AiiDA would look at each value of each record by itself.
        values = _values(pks, orm.Dict, [*columns.values(), {'attributes': {'cast': 't'}}])
        records = [model.model_validate_json(values[pk][-1]) for pk in pks]
    else:
        paths = [f'attributes.{name}' for name in inside]
        values = _values(pks, orm.Dict, [*columns.values(), *paths])
        optional = [not PhaseRecord.model_fields[name].is_required() for name in inside]
        records = [
            model.model_validate(
                {
                    name: value
                    for name, value, may_lack in zip(
                        inside, values[pk][len(columns) :], optional, strict=True
                    )
                    if value is not None or not may_lack
                }
            )
            for pk in pks
        ]
    found = {name: [record.__dict__[name] for record in records] for name in inside}
    return found | {name: [values[pk][at] for pk in pks] for at, name in enumerate(columns)}


@cache
def _record_with(names: tuple[str, ...]) -> type[BaseModel]:
    """Return the model of records of which only some fields count."""
    fields: dict[str, Any] = {
        name: (PhaseRecord.model_fields[name].annotation, PhaseRecord.model_fields[name])
        for name in names
    }
    return create_model('PartOfRecord', __config__=ConfigDict(extra='ignore'), **fields)


def _values(
    pks: Collection[int], kind: type[orm.Node], project: Sequence[Any]
) -> dict[int, list[Any]]:
    """Return values of nodes by their PK."""
    found: dict[int, list[Any]] = {}
    remaining = iter(pks)
    while project and (some := list(islice(remaining, _NODES_AT_ONCE))):
        query = orm.QueryBuilder()
        query.append(kind, filters={'id': {'in': some}}, project=['id', *project])
        found |= {pk: values for pk, *values in query.all()}
    return found


def _structures(places: Sequence[PhasePlace]) -> dict[tuple[int, str], tuple[int, str]]:
    """Return PK and UUID of the structures beside records, by process and path."""
    labels = {f'{place.path}_structure' for place in places}
    query = orm.QueryBuilder()
    wanted = {'id': {'in': sorted({place.process for place in places})}}
    query.append(orm.WorkChainNode, filters=wanted, project='id', tag='process')
    query.append(
        orm.StructureData,
        with_incoming='process',
        edge_filters={'type': 'return', 'label': {'in': sorted(labels)}},
        edge_project='label',
        project=['id', 'uuid'],
    )
    return {
        (process, path.removesuffix('_structure')): (pk, uuid)
        for process, pk, uuid, path in query.all()
    }
