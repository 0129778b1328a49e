"""Validators of inputs that must be crystals, for what can be said of crystals only."""

from __future__ import annotations

from typing import Any

from aiida import orm

from aiida_crystalgen.data.structure_set import StructureSetData

__all__ = ('are_crystals', 'is_crystal')


def are_crystals(node: StructureSetData, _: Any) -> str | None:
    """Return why the set does not hold crystals, or nothing."""
    if not node.number:
        return 'the set has no structures.'
    return None if node.periodic else 'the set holds clusters; only crystals can be verified.'


def is_crystal(node: orm.StructureData, _: Any) -> str | None:
    """Return why the structure is no crystal, or nothing."""
    if all(node.pbc):
        return None
    return (
        f'the structure is periodic along {sum(node.pbc)} of 3 directions; phonons and elastic '
        'constants are those of crystals.'
    )
