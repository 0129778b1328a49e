"""Reference crystals with energies of one engine."""

from __future__ import annotations

from aiida.engine import calcfunction

from aiida_crystalgen.calculations.functions.refusal import refusable
from aiida_crystalgen.data.convert import crystals_from_node, node_from_crystals
from aiida_crystalgen.data.structure_set import StructureSetData

__all__ = ('collect_references',)


@calcfunction
@refusable
def collect_references(
    chosen: StructureSetData,
    missing: StructureSetData | None = None,
    relaxed: StructureSetData | None = None,
    **recalled: StructureSetData,
) -> dict[str, StructureSetData]:
    """Return the chosen crystals as the engine left them, one row each.

    :param missing: those that were given to the engine.
    :param relaxed: what it made of them.
    :param recalled: what earlier work chains made of the others, by the same engine.
    """
    from aiida_crystalgen.science.stability import references

    parts = [crystals_from_node(recalled[name]) for name in sorted(recalled)]
    if missing is not None and relaxed is not None:
        finished, started = crystals_from_node(relaxed), crystals_from_node(missing)
        parts.append(finished.with_columns(origin=started['origin'][finished['row']]))
    entries = references.collect_references(crystals_from_node(chosen), parts)
    return {'entries': node_from_crystals(entries)}
