"""Structures of lower symmetry, along the imaginary modes of another."""

from __future__ import annotations

from aiida import orm
from aiida.engine import calcfunction

from aiida_crystalgen.calculations.functions.refusal import refusable
from aiida_crystalgen.data.convert import crystals_from_structures, node_from_crystals
from aiida_crystalgen.data.structure_set import StructureSetData

__all__ = ('follow_modes',)


@calcfunction
@refusable
def follow_modes(
    structure: orm.StructureData,
    force_constants: orm.ArrayData,
    phonons: orm.Dict,
    settings: orm.Dict,
) -> dict[str, StructureSetData]:
    """Return ``displaced``: one row for the softest mode of each imaginary point.

    :param structure: whose phonons they are, in a standard primitive cell.
    :param force_constants: as the calcfunction `phonons` returns them.
    :param phonons: the verdict that it returns.
    """
    from aiida_crystalgen.science.stability.phonons.analysis import PhononSummary
    from aiida_crystalgen.science.stability.phonons.force_constants import harmonic_crystal
    from aiida_crystalgen.science.stability.phonons.modes import displaced_crystals
    from aiida_crystalgen.science.stability.phonons.settings import PhononSettings

    harmonic = harmonic_crystal(
        crystals_from_structures([structure]),
        force_constants.get_array('supercell_matrix'),
        force_constants.get_array('force_constants'),
    )
    displaced = displaced_crystals(
        harmonic,
        PhononSummary.parse(phonons.get_dict()),
        PhononSettings.parse(settings.get_dict()).following,
    )
    return {'displaced': node_from_crystals(displaced)}
