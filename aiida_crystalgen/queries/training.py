"""What a model learnt from, back to where those crystals were imported from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aiida import orm

from aiida_crystalgen.data.groups import DatasetGroup
from aiida_crystalgen.data.structure_set import StructureSetData
from aiida_crystalgen.queries.nodes import column, stored_pk

__all__ = ('Preparation', 'TrainingSet', 'TrainingStructure', 'training_set')


@dataclass(frozen=True)
class TrainingStructure:
    """A crystal that a model learnt from.

    :param row: in the training set.
    :param label: name of the crystal; that of its file where it came from one.
    :param uuid: of the structure node that it was imported from, empty if it was none.
    """

    row: int
    label: str
    uuid: str


@dataclass(frozen=True)
class Preparation:
    """What was done to a set of crystals before the training.

    :param process: PK of the process.
    :param name: of the process, as in 'relax'.
    :param before: number of crystals that went in.
    :param after: number of crystals that came out.
    :param potential: name of the potential of a relaxation, empty otherwise.
    """

    process: int
    name: str
    before: int
    after: int
    potential: str


@dataclass(frozen=True)
class TrainingSet:
    """What a model learnt from.

    :param pk: of the node that the training read.
    :param structures: every crystal of that node.
    :param preparations: that made it of what was imported, the last one first.
    :param dataset: label of the dataset that it is, or was made of; empty if none has a name.
    :param origin_pk: PK of the set that was imported.
    :param source: facts about where that one comes from; ``kind`` above all.
    """

    pk: int
    uuid: str
    structures: tuple[TrainingStructure, ...]
    preparations: tuple[Preparation, ...]
    dataset: str
    origin_pk: int
    source: Mapping[str, Any]


def training_set(node: StructureSetData) -> TrainingSet:
    """Return what a set of crystals consists of, and where it comes from."""
    preparations = []
    origin = node
    dataset = _dataset_label(node)
    # A set that was made of another set by a process is a later stage of the same dataset.
    while (before := _made_of(origin)) is not None:
        process, earlier = before
        preparations.append(_preparation(process, earlier, origin))
        origin = earlier
        dataset = dataset or _dataset_label(origin)
    return TrainingSet(
        pk=stored_pk(node),
        uuid=node.uuid,
        structures=_structures(node),
        preparations=tuple(preparations),
        dataset=dataset,
        origin_pk=stored_pk(origin),
        source=origin.facts.get('source', {}),
    )


def _made_of(node: StructureSetData) -> tuple[orm.ProcessNode, StructureSetData] | None:
    """Return the process that made a set of another one, and that one."""
    query = orm.QueryBuilder()
    query.append(StructureSetData, filters={'id': node.pk}, tag='set')
    query.append(orm.CalculationNode, with_outgoing='set', project='*', tag='process')
    query.append(
        StructureSetData,
        with_outgoing='process',
        edge_filters={'label': 'structures'},
        project='*',
    )
    found = query.first()
    return None if found is None else (found[0], found[1])


def _preparation(
    process: orm.ProcessNode, before: StructureSetData, after: StructureSetData
) -> Preparation:
    """Return what a process has done to a set."""
    potential = process.inputs.potential.value if 'potential' in process.inputs else ''
    return Preparation(
        process=stored_pk(process),
        name=str(process.process_label),
        before=before.number,
        after=after.number,
        potential=potential,
    )


def _structures(node: StructureSetData) -> tuple[TrainingStructure, ...]:
    """Return the crystals of a set by name."""
    labels = column(node, 'label')
    uuids = column(node, 'uuid')
    return tuple(
        TrainingStructure(
            row=row,
            label=f'row {row}' if labels is None else str(labels[row]),
            uuid='' if uuids is None else str(uuids[row]),
        )
        for row in range(node.number)
    )


def _dataset_label(node: StructureSetData) -> str:
    """Return the label of the dataset that a set is; empty if it is none."""
    query = orm.QueryBuilder()
    query.append(StructureSetData, filters={'id': node.pk}, tag='set')
    query.append(DatasetGroup, with_node='set', project='label')
    found = query.first(flat=True)
    return '' if found is None else str(found)
