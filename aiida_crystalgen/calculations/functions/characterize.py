"""From a relaxed structure and verdicts on it to its record."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from aiida import orm
from aiida.engine import calcfunction

from aiida_crystalgen.calculations.functions.refusal import refusable
from aiida_crystalgen.data.convert import crystals_from_node
from aiida_crystalgen.data.structure_set import StructureSetData

if TYPE_CHECKING:
    from aiida_crystalgen.science.characterization.diffraction import DiffractionPeak

__all__ = ('characterize',)


@calcfunction
@refusable
def characterize(
    phases: StructureSetData,
    row: orm.Int,
    references: StructureSetData,
    settings: orm.Dict,
    known: StructureSetData | None = None,
    **verdicts: orm.Dict,
) -> dict[str, orm.Data]:
    """Return the ``record`` of one structure, and its X-ray ``diffraction`` pattern.

    :param phases: relaxed structures, of which the one of this row is characterized.
    :param references: known structures with energies of the same engine.
    :param known: structures by any engine that are no discovery either.
    :param verdicts: on the stability, called ``phonons`` and ``elasticity``.
    """
    from aiida_crystalgen.science.characterization import phase

    record, pattern = phase.characterize(
        crystals_from_node(phases),
        row.value,
        references=crystals_from_node(references),
        known=None if known is None else crystals_from_node(known),
        settings=phase.CharacterizationSettings.parse(settings.get_dict(), 'characterization'),
        verdicts={name: node.get_dict() for name, node in verdicts.items()},
    )
    sources = {'phases': phases, 'references': references, 'known': known, **verdicts}
    nodes = {name: node.uuid for name, node in sources.items() if node is not None}
    content = record.model_copy(update={'nodes': nodes}).model_dump(mode='json')
    return {'record': orm.Dict(content), 'diffraction': _curve(pattern)}


def _curve(pattern: Sequence[DiffractionPeak]) -> orm.XyData:
    """Return a diffraction pattern as a node that `verdi data core.xy` can export."""
    curve = orm.XyData()
    angles = np.array([peak.two_theta for peak in pattern], dtype=np.float64)
    heights = np.array([peak.intensity for peak in pattern], dtype=np.float64)
    curve.set_x(angles, 'two_theta', 'degrees')
    curve.set_y(heights, 'intensity', '%')
    return curve
