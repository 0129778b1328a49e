"""What the questions to the graph share about single nodes."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
from aiida import orm

from aiida_crystalgen.data.structure_set import StructureSetData

__all__ = ('column', 'is_called', 'stored_pk')

_CHARACTERS = 8  # of a UUID, which tell nodes apart


def column(structures: StructureSetData, name: str) -> np.ndarray | None:
    """Return the values of a property of all crystals, or None where the set has no such one."""
    if name not in structures.properties:
        return None
    return structures.get_array(StructureSetData.COLUMN_PREFIX + name)


def is_called(name: str, *others: dict[str, Any]) -> dict[str, Any]:
    """Return the filter of a query for nodes with this PK or UUID.

    :param name: the first eight characters of a UUID are enough; they may all be digits.
    :param others: conditions that are enough as well.
    """
    conditions: list[dict[str, Any]] = [{'uuid': name}, *others]
    if name.isdigit():
        conditions.append({'id': int(name)})
    if len(name) >= _CHARACTERS:
        conditions.append({'uuid': {'like': f'{name}%'}})
    return {'or': conditions}


def stored_pk(node: orm.Node) -> int:
    """Return the PK of a node, which every stored one has."""
    return cast('int', node.pk)
