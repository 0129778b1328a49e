"""The supercells whose forces are the force constants."""

from __future__ import annotations

from aiida import orm
from aiida.engine import calcfunction

from aiida_crystalgen.calculations.functions.refusal import refusable
from aiida_crystalgen.data.convert import crystals_from_structures, node_from_crystals
from aiida_crystalgen.data.structure_set import StructureSetData

__all__ = ('displace',)


@calcfunction
@refusable
def displace(structure: orm.StructureData, settings: orm.Dict) -> dict[str, StructureSetData]:
    """Return ``supercells``: as it is in row 0, with one displaced atom in each other row.

    :param structure: a standard primitive cell, as `symmetrize` returns it.
    """
    from aiida_crystalgen.science.stability.phonons.settings import PhononSettings
    from aiida_crystalgen.science.stability.phonons.supercells import displaced_supercells

    supercells = displaced_supercells(
        crystals_from_structures([structure]), PhononSettings.parse(settings.get_dict())
    )
    return {'supercells': node_from_crystals(supercells)}
