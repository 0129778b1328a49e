"""What the questions to the graph share about single nodes."""

from __future__ import annotations

import re
from typing import Any, cast

import numpy as np
from aiida import orm

from aiida_crystalgen.data.structure_set import StructureSetData

__all__ = ('column', 'is_called', 'stored_pk')

_UUID = re.compile(r'[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}')
_START = re.compile(r'[0-9a-f]{8}[0-9a-f-]*')  # 8 characters tell nodes apart
_LARGEST_PK = 2**31 - 1  # PostgreSQL refuses to compare with a larger one


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
    conditions: list[dict[str, Any]] = list(others)
    if name.isdecimal() and int(name) <= _LARGEST_PK:
        conditions.append({'id': int(name)})
    uuid = name.lower()
    if _UUID.fullmatch(uuid):
        conditions.append({'uuid': uuid})
    elif _START.fullmatch(uuid):
        conditions.append({'uuid': {'like': f'{uuid}%'}})
    return {'or': conditions} if conditions else {'id': -1}


def stored_pk(node: orm.Node) -> int:
    """Return the PK of a node, which every stored one has."""
    return cast('int', node.pk)
