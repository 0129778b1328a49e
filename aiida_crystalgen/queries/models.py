"""The trained models that there are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from aiida import orm

from aiida_crystalgen.data.checkpoint import CheckpointData
from aiida_crystalgen.data.structure_set import StructureSetData
from aiida_crystalgen.queries.nodes import is_called
from aiida_crystalgen.queries.tables import Table

__all__ = ('ModelRow', 'find_model', 'models')


@dataclass(frozen=True)
class ModelRow:
    """A trained model in one line.

    :param summary: facts of its training that are single numbers or texts.
    :param process: PK of its training, None if it was imported.
    :param training: PK of the set it was trained on, None if it was imported.
    :param number_of_crystals: in that set.
    """

    pk: int
    uuid: str
    label: str
    method: str
    sha256: str
    number_of_weights: int
    settings: dict[str, Any]
    summary: dict[str, Any]
    created: datetime
    process: int | None
    training: int | None
    number_of_crystals: int | None


def models() -> Table[ModelRow]:
    """Return all models, the newest first."""
    return _rows({})


def find_model(identifier: str | int) -> ModelRow:
    """Return one model.

    :param identifier: PK, start of a UUID or of the SHA-256 of its file, or label.
    :raises ValueError: if there is no such model, or several.
    """
    text = str(identifier)
    start = {'attributes.sha256': {'like': f'{text}%'}}
    found = _rows(is_called(text, {'label': text}, start)) if text else Table((), ModelRow)
    if len(found) == 1:
        return found[0]
    if found:
        numbers = ', '.join(str(one.pk) for one in found)
        raise ValueError(f"'{text}' stands for the models {numbers}; choose one by its number")
    raise ValueError(f"there is no model '{text}'; `aiida-crystalgen model list` shows all")


def _rows(filters: dict[str, Any]) -> Table[ModelRow]:
    """Return the models that fulfil the filters, the newest first."""
    query = orm.QueryBuilder()
    query.append(
        CheckpointData,
        filters=filters,
        project=['id', 'uuid', 'label', 'ctime', 'attributes'],
        tag='model',
    )
    query.order_by({'model': [{'ctime': 'desc'}]})
    trainings = _trainings(filters)
    rows = [
        _row(*values, training=trainings.get(values[0], (None, None, None)))
        for values in query.all()
    ]
    return Table(rows, ModelRow)


def _trainings(filters: dict[str, Any]) -> dict[int, tuple[int, int, int]]:
    """Return training process, training set and its size, by the PK of the model."""
    query = orm.QueryBuilder()
    query.append(CheckpointData, filters=filters, project='id', tag='model')
    query.append(orm.CalculationNode, with_outgoing='model', project='id', tag='process')
    query.append(
        StructureSetData,
        with_outgoing='process',
        edge_filters={'label': 'training'},
        project=['id', 'attributes.number'],
    )
    return {model: (process, node, number) for model, process, node, number in query.all()}


def _row(
    pk: int,
    uuid: str,
    label: str,
    created: datetime,
    facts: dict[str, Any],
    *,
    training: tuple[int | None, int | None, int | None],
) -> ModelRow:
    """Return one answer of the database as a row."""
    process, node, number = training
    return ModelRow(
        pk=pk,
        uuid=uuid,
        label=label,
        method=facts['method'],
        sha256=facts['sha256'],
        number_of_weights=facts['number_of_weights'],
        settings=facts['settings'],
        summary=facts['summary'],
        created=created,
        process=process,
        training=node,
        number_of_crystals=number,
    )
