"""A structure as the primitive cell of the standard setting of its space group."""

from __future__ import annotations

from aiida import orm
from aiida.engine import calcfunction

from aiida_crystalgen.calculations.functions.refusal import refusable
from aiida_crystalgen.data.convert import crystals_from_structures, structure_from_row

__all__ = ('symmetrize',)


@calcfunction
@refusable
def symmetrize(structure: orm.StructureData, tolerance: orm.Float) -> dict[str, orm.StructureData]:
    """Return the structure as ``symmetrized``, in a standard primitive cell that is exact.

    :param tolerance: of positions, in Å.
    """
    from aiida_crystalgen.science.symmetry.standard import standard_primitive

    crystals = standard_primitive(crystals_from_structures([structure]), tolerance.value)
    symmetrized = structure_from_row(crystals, 0)
    symmetrized.label = structure.label
    return {'symmetrized': symmetrized}
