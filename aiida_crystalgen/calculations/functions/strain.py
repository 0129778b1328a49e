"""The strained copies of a structure."""

from __future__ import annotations

from aiida import orm
from aiida.engine import calcfunction

from aiida_crystalgen.calculations.functions.refusal import refusable
from aiida_crystalgen.data.convert import crystals_from_structures, node_from_crystals
from aiida_crystalgen.data.structure_set import StructureSetData

__all__ = ('strain',)


@calcfunction
@refusable
def strain(structure: orm.StructureData, settings: orm.Dict) -> dict[str, StructureSetData]:
    """Return the structure as ``strained``: as it is in row 0, under one strain in each other."""
    from aiida_crystalgen.science.stability.elasticity import ElasticSettings, strained_crystals

    strained = strained_crystals(
        crystals_from_structures([structure]), ElasticSettings.parse(settings.get_dict())
    )
    return {'strained': node_from_crystals(strained)}
