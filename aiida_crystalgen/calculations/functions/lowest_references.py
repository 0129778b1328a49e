"""The references that are worth an expensive calculation."""

from __future__ import annotations

from aiida import orm
from aiida.engine import calcfunction

from aiida_crystalgen.calculations.functions.refusal import refusable
from aiida_crystalgen.data.convert import crystals_from_node, node_from_crystals
from aiida_crystalgen.data.structure_set import StructureSetData

__all__ = ('lowest_references',)


@calcfunction
@refusable
def lowest_references(references: StructureSetData, number: orm.Int) -> dict[str, StructureSetData]:
    """Return the lowest references of each composition, at most so many, as ``lowest``.

    :param references: with energies.
    """
    from aiida_crystalgen.science.shortlist import lowest_of_each

    crystals = crystals_from_node(references)
    return {'lowest': node_from_crystals(crystals.select(lowest_of_each(crystals, number.value)))}
