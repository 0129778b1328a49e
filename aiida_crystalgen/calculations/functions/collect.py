"""Single structures into one set."""

from __future__ import annotations

from aiida import orm
from aiida.engine import calcfunction

from aiida_crystalgen.calculations.functions.refusal import refusable
from aiida_crystalgen.data.convert import crystals_from_structures, node_from_crystals
from aiida_crystalgen.data.structure_set import StructureSetData
from aiida_crystalgen.science.clusters import in_boxes

__all__ = ('collect',)


@calcfunction
@refusable
def collect(source: orm.Dict, **structures: orm.StructureData) -> dict[str, StructureSetData]:
    """Return the structures as one set, in the alphabetical order of their labels.

    Clusters are put into boxes with vacuum where theirs have too little.

    :param source: what the set is to say about where it comes from.
    :param structures: labelled by the rows that they become, as in ``row_0012``.
    """
    crystals = crystals_from_structures([structures[label] for label in sorted(structures)])
    if not crystals.periodic:
        crystals = in_boxes(crystals)
    return {'structures': node_from_crystals(crystals.with_metadata(source=source.get_dict()))}
