"""Removal of duplicates from a set of structures."""

from __future__ import annotations

import numpy as np
from aiida import orm
from aiida.engine import calcfunction

from aiida_crystalgen.calculations.functions.refusal import refusable
from aiida_crystalgen.data.convert import crystals_from_node, node_from_crystals
from aiida_crystalgen.data.structure_set import StructureSetData
from aiida_crystalgen.science.crystals import CrystalSet

__all__ = ('deduplicate',)

_AS_LOW = 1e-3  # eV/atom: how well two relaxations to one crystal agree


@calcfunction
@refusable
def deduplicate(structures: StructureSetData, settings: orm.Dict) -> dict[str, StructureSetData]:
    """Return the distinct structures that were not rejected, one of each group, in order.

    It is the one of lowest energy or, of several as low, the one that moved least: a known crystal
    keeps its name where others relax to it.
    """
    from aiida_crystalgen.science.screening.duplicates import DuplicateSettings, group_duplicates

    crystals = crystals_from_node(structures)
    rows = np.arange(len(crystals))
    if 'rejection' in crystals:
        rows = rows[crystals['rejection'] == '']
    if 'energy' in crystals:
        rows = rows[np.argsort(crystals['energy'][rows], kind='stable')]
    candidates = crystals.select(rows).with_columns(row=rows)
    groups = group_duplicates(candidates, DuplicateSettings.parse(settings.get_dict()))
    distinct = candidates.select(_representatives(candidates, groups))
    return {'distinct': node_from_crystals(distinct.select(np.argsort(distinct['row'])))}


def _representatives(crystals: CrystalSet, groups: np.ndarray) -> np.ndarray:
    """Return the row that stands for each group.

    :param groups: row of the crystal of lowest energy in each crystal's group.
    """
    higher = np.zeros(len(crystals), dtype=bool)
    if 'energy' in crystals:
        higher = crystals['energy'] - crystals['energy'][groups] > _AS_LOW
    steps = crystals['steps'] if 'steps' in crystals else np.zeros(len(crystals))
    order = np.lexsort((steps, higher, groups))
    return order[np.unique(groups[order], return_index=True)[1]]
