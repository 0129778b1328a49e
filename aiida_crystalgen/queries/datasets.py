"""Which datasets there are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from aiida import orm

from aiida_crystalgen.data.groups import DatasetGroup, load_dataset
from aiida_crystalgen.data.structure_set import StructureSetData
from aiida_crystalgen.queries.tables import Table

__all__ = ('DatasetRow', 'datasets', 'load_dataset')


@dataclass(frozen=True)
class DatasetRow:
    """What is worth knowing about a dataset before it is opened.

    :param number: of crystals.
    :param formulas: the different reduced formulas, some of them if there are very many.
    :param properties: unit of each property.
    :param source: kind of place it comes from: 'files', 'group', 'optimade', …
    :param engine: name of what computed its energies, empty where there are none or it is unknown.
    """

    label: str
    pk: int
    uuid: str
    number: int
    formulas: tuple[str, ...]
    properties: dict[str, str]
    source: str
    engine: str
    created: datetime
    description: str


def datasets() -> Table[DatasetRow]:
    """Return all datasets in alphabetical order."""
    query = orm.QueryBuilder()
    query.append(DatasetGroup, project=['label', 'description'], tag='dataset')
    query.append(
        StructureSetData,
        with_group='dataset',
        project=[
            'id',
            'uuid',
            'ctime',
            'attributes.number',
            'attributes.formulas',
            'attributes.properties',
            'attributes.metadata.source.kind',
            'attributes.metadata.engine.name',
        ],
    )
    rows = [_row(*values) for values in query.all()]
    return Table(sorted(rows, key=lambda row: row.label), DatasetRow)


def _row(
    label: str, description: str, pk: int, uuid: str, created: datetime, *facts: Any
) -> DatasetRow:
    """Return one answer of the database as a row."""
    number, formulas, properties, source, engine = facts
    return DatasetRow(
        label=label,
        pk=pk,
        uuid=uuid,
        number=number,
        formulas=tuple(formulas),
        properties=properties,
        source=source or '',
        engine=engine or '',
        created=created,
        description=description,
    )
