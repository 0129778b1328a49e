"""Phases as structures of their own, each with its record."""

from __future__ import annotations

from aiida import orm
from aiida.engine import calcfunction

from aiida_crystalgen.calculations.functions.refusal import refusable
from aiida_crystalgen.calculations.outputs import attach_outputs
from aiida_crystalgen.data.convert import crystals_from_node, structure_from_row
from aiida_crystalgen.data.structure_set import StructureSetData

__all__ = ('record_phases',)


@calcfunction
@refusable
def record_phases(
    phases: StructureSetData, references: StructureSetData
) -> dict[str, orm.StructureData | orm.Dict]:
    """Return ``row_N_structure`` and ``row_N_record`` for row N of the phases."""
    from aiida_crystalgen.science.records import describe_phases

    crystals = crystals_from_node(phases)
    results: dict[str, orm.StructureData | orm.Dict] = {}
    for row, record in enumerate(describe_phases(crystals, crystals_from_node(references))):
        structure = structure_from_row(crystals, row)
        structure.label = f'{record.label} {record.formula} {record.symmetry_symbol}'
        results[f'row_{row}_structure'] = structure
        results[f'row_{row}_record'] = orm.Dict(record.model_dump(mode='json'))
    attach_outputs(results)
    return results
