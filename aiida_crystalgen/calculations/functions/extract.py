"""One crystal of a set as a structure of its own."""

from __future__ import annotations

import numpy as np
from aiida import orm
from aiida.engine import calcfunction

from aiida_crystalgen.calculations.functions.refusal import refusable
from aiida_crystalgen.data.convert import crystals_from_node, structure_from_row
from aiida_crystalgen.data.structure_set import StructureSetData
from aiida_crystalgen.science.evaluations import element_order

__all__ = ('extract', 'row_label')


def row_label(row: int) -> str:
    """Return what the link to the structure of a row is called."""
    return f'row_{row:04d}'


@calcfunction
@refusable
def extract(structures: StructureSetData, row: orm.Int) -> dict[str, orm.StructureData]:
    """Return the crystal of one row under a label that names the row.

    Its atoms are grouped by element, see `aiida_crystalgen.science.evaluations.element_order`. The
    structure bears the label of its row, where there is a column of labels.
    """
    crystals = crystals_from_node(structures)
    if not 0 <= row.value < len(crystals):
        raise ValueError(f'there is no row {row.value} in a set of {len(crystals)} structures')
    crystal = crystals.select(np.array([row.value])).without_columns()
    order = element_order(crystal.atomic_numbers)
    grouped = type(crystal)(
        lattices=crystal.lattices,
        fractional_coordinates=crystal.fractional_coordinates[order],
        atomic_numbers=crystal.atomic_numbers[order],
        counts=crystal.counts,
        periodic=crystal.periodic,
    )
    structure = structure_from_row(grouped, 0)
    if 'label' in crystals:
        structure.label = str(crystals['label'][row.value])
    return {row_label(row.value): structure}
