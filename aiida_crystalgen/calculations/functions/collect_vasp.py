"""The results of many VASP calculations as one set."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from aiida import orm
from aiida.engine import calcfunction

from aiida_crystalgen.calculations.evaluations import Numbers, collect_evaluations
from aiida_crystalgen.calculations.functions.refusal import refusable
from aiida_crystalgen.data.structure_set import StructureSetData

__all__ = ('collect_vasp',)

_GPA = 0.1  # of a kbar


@calcfunction
@refusable
def collect_vasp(
    structures: StructureSetData,
    outcomes: orm.Dict,
    engine: orm.Dict,
    **results: orm.Dict | orm.StructureData,
) -> dict[str, StructureSetData]:
    """Return one row for each of the structures, relaxed as far as VASP came.

    :param structures: that were given to VASP.
    :param outcomes: see `aiida_crystalgen.calculations.evaluations.collect_evaluations`.
    :param engine: facts about VASP and its settings, as ``metadata['engine']`` of the set.
    :param results: ``row_N_misc``, and ``row_N_structure`` where ions or cell moved.
    """
    return collect_evaluations(structures, outcomes, engine, results, _numbers)


def _numbers(outputs: Mapping[str, orm.Dict]) -> Numbers:
    """Return what VASP says of one crystal."""
    misc = outputs['misc'].get_dict()
    return Numbers(
        energy=float(misc['total_energies']['energy_extrapolated']),
        forces=np.array(misc['forces'], dtype=np.float64),
        # VASP gives the stress that the crystal exerts, positive where it is compressed.
        stress=-_GPA * np.array(misc['stress'], dtype=np.float64),
    )
