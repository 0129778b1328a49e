"""The phases that are worth an expensive calculation."""

from __future__ import annotations

import numpy as np
from aiida import orm
from aiida.engine import calcfunction

from aiida_crystalgen.calculations.functions.refusal import refusable
from aiida_crystalgen.data.convert import crystals_from_node, node_from_crystals
from aiida_crystalgen.data.structure_set import StructureSetData
from aiida_crystalgen.science.crystals import CrystalSet

__all__ = ('shortlist',)


@calcfunction
@refusable
def shortlist(
    phases: StructureSetData, number: orm.Int, earlier: StructureSetData | None = None
) -> dict[str, StructureSetData]:
    """Return the first phases, at most so many; ``phase_row`` is the row among the phases.

    :param phases: the lowest first, as `find_phases` returns them.
    :param earlier: shortlists of the rounds before, which are not chosen again.
    """
    crystals = crystals_from_node(phases)
    before = _origins(crystals_from_node(earlier)) if earlier is not None else []
    left = [row for row, origin in enumerate(_origins(crystals)) if origin not in before]
    rows = np.array(left[: number.value], dtype=np.int64)
    if not len(rows):
        return {}
    chosen = crystals.select(rows).with_columns(phase_row=rows)
    return {'shortlist': node_from_crystals(chosen)}


def _origins(phases: CrystalSet) -> list[tuple[int, int]]:
    """Return the round that found each phase, and the row of its relaxation there."""
    return list(zip(phases['round'].tolist(), phases['relaxed_row'].tolist(), strict=True))
