"""The phases that are worth an expensive calculation."""

from __future__ import annotations

import numpy as np
from aiida import orm
from aiida.engine import calcfunction

from aiida_crystalgen.calculations.functions.refusal import refusable
from aiida_crystalgen.data.convert import crystals_from_node, node_from_crystals
from aiida_crystalgen.data.structure_set import StructureSetData

__all__ = ('shortlist',)


@calcfunction
@refusable
def shortlist(phases: StructureSetData, number: orm.Int) -> dict[str, StructureSetData]:
    """Return the first phases, at most so many; row i is row i of the phases.

    :param phases: the lowest first, as `find_phases` returns them.
    """
    crystals = crystals_from_node(phases)
    chosen = crystals.select(np.arange(min(number.value, len(crystals))))
    return {'shortlist': node_from_crystals(chosen)}
