"""Screening of proposals."""

from __future__ import annotations

from aiida import orm
from aiida.engine import calcfunction

from aiida_crystalgen.calculations.functions.refusal import refusable
from aiida_crystalgen.data.convert import crystals_from_node, node_from_crystals
from aiida_crystalgen.data.structure_set import StructureSetData

__all__ = ('screen',)


@calcfunction
@refusable
def screen(
    references: StructureSetData,
    settings: orm.Dict,
    earlier: StructureSetData | None = None,
    **proposals: StructureSetData,
) -> dict[str, orm.Data]:
    """Return the accepted proposals, and the verdict on every proposal.

    :param earlier: what was accepted in the rounds before, and is not accepted again.
    :param proposals: of each generator, under its label.
    """
    from aiida_crystalgen.science.screening import selection

    screening = selection.screen(
        {name: crystals_from_node(node) for name, node in sorted(proposals.items())},
        crystals_from_node(references),
        selection.ScreeningSettings.parse(settings.get_dict(), 'screening'),
        earlier=None if earlier is None else crystals_from_node(earlier),
    )
    verdicts = orm.ArrayData()
    for name, values in screening.verdicts.items():
        verdicts.set_array(name, values)
    results: dict[str, orm.Data] = {'verdicts': verdicts}
    if len(screening.accepted):
        results['accepted'] = node_from_crystals(screening.accepted)
    return results
