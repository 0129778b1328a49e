"""Removal of duplicates from a set of structures."""

from __future__ import annotations

from aiida import orm
from aiida.engine import calcfunction

from aiida_crystalgen.calculations.functions.refusal import refusable
from aiida_crystalgen.data.convert import crystals_from_node, node_from_crystals
from aiida_crystalgen.data.structure_set import StructureSetData

__all__ = ('deduplicate',)


@calcfunction
@refusable
def deduplicate(structures: StructureSetData, settings: orm.Dict) -> dict[str, StructureSetData]:
    """Return the distinct structures that were not rejected, the lowest of each group, in order."""
    import numpy as np

    from aiida_crystalgen.science.screening.duplicates import DuplicateSettings, group_duplicates

    crystals = crystals_from_node(structures)
    rows = np.arange(len(crystals))
    if 'rejection' in crystals:
        rows = rows[crystals['rejection'] == '']
    if 'energy' in crystals:
        rows = rows[np.argsort(crystals['energy'][rows], kind='stable')]
    candidates = crystals.select(rows).with_columns(row=rows)
    groups = group_duplicates(candidates, DuplicateSettings.parse(settings.get_dict()))
    distinct = candidates.select(groups == np.arange(len(candidates)))
    return {'distinct': node_from_crystals(distinct.select(np.argsort(distinct['row'])))}
