"""Growth of the training set by what a search has found."""

from __future__ import annotations

from aiida import orm
from aiida.engine import calcfunction

from aiida_crystalgen.calculations.functions.refusal import refusable
from aiida_crystalgen.data.convert import crystals_from_node, node_from_crystals
from aiida_crystalgen.data.structure_set import StructureSetData

__all__ = ('grow',)


@calcfunction
@refusable
def grow(
    structures: StructureSetData, phases: StructureSetData, settings: orm.Dict
) -> dict[str, StructureSetData]:
    """Return the training set of the next round: known structures and the low new phases."""
    from aiida_crystalgen.science import growth

    grown = growth.grow(
        crystals_from_node(structures),
        crystals_from_node(phases),
        growth.GrowthSettings.parse(settings.get_dict(), 'growth'),
    )
    return {'training': node_from_crystals(grown)}
