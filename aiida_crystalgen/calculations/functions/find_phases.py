"""From relaxed structures to phases."""

from __future__ import annotations

from aiida import orm
from aiida.engine import calcfunction

from aiida_crystalgen.calculations.functions.refusal import refusable
from aiida_crystalgen.data.convert import crystals_from_node, node_from_crystals
from aiida_crystalgen.data.structure_set import StructureSetData

__all__ = ('find_phases',)


@calcfunction
@refusable
def find_phases(
    relaxed: StructureSetData,
    references: StructureSetData,
    settings: orm.Dict,
    round_number: orm.Int,
    earlier: StructureSetData | None = None,
) -> dict[str, StructureSetData]:
    """Return the distinct physical structures within the energy window, the lowest first.

    :param round_number: of the round that relaxed the structures.
    :param earlier: phases of the rounds before, which are returned as well.
    """
    from aiida_crystalgen.science import phases

    found = phases.find_phases(
        crystals_from_node(relaxed),
        crystals_from_node(references),
        phases.PhaseSettings.parse(settings.get_dict(), 'phases'),
        round_number=round_number.value,
        earlier=None if earlier is None else crystals_from_node(earlier),
    )
    return {'phases': node_from_crystals(found)} if len(found) else {}
