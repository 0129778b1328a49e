"""Energies of reference crystals that were computed before."""

from __future__ import annotations

from aiida.engine import calcfunction

from aiida_crystalgen.calculations.functions.refusal import refusable
from aiida_crystalgen.data.convert import crystals_from_node, node_from_crystals
from aiida_crystalgen.data.structure_set import StructureSetData

__all__ = ('recall_references',)


@calcfunction
@refusable
def recall_references(
    chosen: StructureSetData, entries: StructureSetData
) -> dict[str, StructureSetData]:
    """Return those of the chosen crystals that have an energy, and those that have none yet.

    :param entries: what became of crystals in an earlier work chain, by the same engine.
    """
    from aiida_crystalgen.science.stability.references import rows_of_origins

    wanted, earlier = crystals_from_node(chosen), crystals_from_node(entries)
    rows = rows_of_origins(wanted, earlier)
    parts = {'recalled': earlier.select(rows[rows >= 0]), 'missing': wanted.select(rows < 0)}
    return {name: node_from_crystals(part) for name, part in parts.items() if len(part)}
