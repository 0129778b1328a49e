"""Proposals that are crystals, without those that the generator rejected itself."""

from __future__ import annotations

import numpy as np
from aiida import orm
from aiida.engine import calcfunction

from aiida_crystalgen.calculations.functions.refusal import refusable
from aiida_crystalgen.data.convert import crystals_from_node, node_from_crystals
from aiida_crystalgen.data.structure_set import StructureSetData

__all__ = ('keep_valid',)


@calcfunction
@refusable
def keep_valid(proposals: StructureSetData) -> dict[str, orm.Data]:
    """Return the proposals without a reason of rejection, with their ``row`` among all."""
    crystals = crystals_from_node(proposals)
    rejected = crystals['rejection'] != ''
    rows = np.flatnonzero(~rejected)
    if len(rows) == 0:
        reasons, numbers = np.unique(crystals['rejection'], return_counts=True)
        raise ValueError(
            f'none of {len(crystals)} candidates could be made; of {numbers.max()} of them the '
            f'generator says: {reasons[numbers.argmax()]}'
        )
    return {'valid': node_from_crystals(crystals.select(rows).with_columns(row=rows))}
