"""What the questions to the graph share about single nodes."""

from __future__ import annotations

from typing import cast

import numpy as np
from aiida import orm

from aiida_crystalgen.data.structure_set import StructureSetData

__all__ = ('column', 'stored_pk')


def column(structures: StructureSetData, name: str) -> np.ndarray | None:
    """Return the values of a property of all crystals, or None where the set has no such one."""
    if name not in structures.properties:
        return None
    return structures.get_array(StructureSetData.COLUMN_PREFIX + name)


def stored_pk(node: orm.Node) -> int:
    """Return the PK of a node, which every stored one has."""
    return cast('int', node.pk)
