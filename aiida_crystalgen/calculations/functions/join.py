"""Several sets of structures into one."""

from __future__ import annotations

from aiida.engine import calcfunction

from aiida_crystalgen.calculations.functions.refusal import refusable
from aiida_crystalgen.data.convert import crystals_from_node, node_from_crystals
from aiida_crystalgen.data.structure_set import StructureSetData
from aiida_crystalgen.science.crystals import concatenate

__all__ = ('join',)


@calcfunction
@refusable
def join(**sets: StructureSetData) -> dict[str, StructureSetData]:
    """Return all structures of the sets, in the alphabetical order of their labels."""
    crystals = concatenate([crystals_from_node(sets[label]) for label in sorted(sets)])
    return {'structures': node_from_crystals(crystals)}
