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
    """Return the relaxed structures, one row per input row."""
    from aiida_crystalgen.science import relaxation
    from aiida_crystalgen.science.potentials.interface import load_potential
    from aiida_crystalgen.science.progress import silent

    relaxed = relaxation.relax(
        crystals_from_node(structures),
        load_potential(potential.value),
        relaxation.RelaxSettings.parse(settings.get_dict()),
        progress=silent,
    )
    relaxed = relaxed.with_columns(row=np.arange(len(relaxed)))
    return {'relaxed': node_from_crystals(relaxed)}
