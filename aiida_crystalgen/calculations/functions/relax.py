"""Relaxation of a whole set of structures with a potential, in the process."""

from __future__ import annotations

import numpy as np
from aiida import orm
from aiida.engine import calcfunction

from aiida_crystalgen.calculations.functions.refusal import refusable
from aiida_crystalgen.data.convert import crystals_from_node, node_from_crystals
from aiida_crystalgen.data.structure_set import StructureSetData

__all__ = ('relax',)


@calcfunction
@refusable
def relax(
    structures: StructureSetData, potential: orm.Str, settings: orm.Dict
) -> dict[str, StructureSetData]:
    """Return the relaxed structures, one row per input row, and the frames that are asked for."""
    from aiida_crystalgen.science import relaxation
    from aiida_crystalgen.science.potentials.interface import load_potential
    from aiida_crystalgen.science.progress import announce

    relaxed, frames = relaxation.relax_with_frames(
        crystals_from_node(structures),
        load_potential(potential.value),
        relaxation.RelaxSettings.parse(settings.get_dict()),
        progress=announce,
    )
    relaxed = relaxed.with_columns(row=np.arange(len(relaxed)))
    results = {'relaxed': node_from_crystals(relaxed)}
    if frames is not None:
        results['trajectory'] = node_from_crystals(frames)
    return results
