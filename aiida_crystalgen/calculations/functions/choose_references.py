"""The crystals that are to span a hull."""

from __future__ import annotations

from aiida import orm
from aiida.engine import calcfunction

from aiida_crystalgen.calculations.functions.refusal import refusable
from aiida_crystalgen.data.convert import crystals_from_node, node_from_crystals
from aiida_crystalgen.data.structure_set import StructureSetData

__all__ = ('choose_references',)


@calcfunction
@refusable
def choose_references(
    settings: orm.Dict,
    known: StructureSetData | None = None,
    screened: StructureSetData | None = None,
) -> dict[str, StructureSetData]:
    """Return the known crystals of a chemical system, with prototypes of what is missing.

    The prototypes alone, if there are any, are the output ``prototypes``.

    :param screened: to take in place of the prototypes.
    """
    from aiida_crystalgen.science.stability import references

    chosen = references.choose_references(
        None if known is None else crystals_from_node(known),
        references.ReferenceSettings.parse(settings.get_dict()),
        None if screened is None else crystals_from_node(screened),
    )
    nodes = {'chosen': node_from_crystals(chosen)}
    number = chosen.metadata['source']['known']
    if number < len(chosen):
        nodes['prototypes'] = node_from_crystals(chosen.select(range(number, len(chosen))))
    return nodes
