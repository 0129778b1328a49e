"""The results of many Quantum ESPRESSO calculations as one set."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from aiida import orm
from aiida.engine import calcfunction

from aiida_crystalgen.calculations.evaluations import Numbers, collect_evaluations
from aiida_crystalgen.calculations.functions.refusal import refusable
from aiida_crystalgen.data.structure_set import StructureSetData

__all__ = ('collect_quantumespresso',)


@calcfunction
@refusable
def collect_quantumespresso(
    structures: StructureSetData,
    outcomes: orm.Dict,
    engine: orm.Dict,
    **results: Any,
) -> dict[str, StructureSetData]:
    """Return one row for each of the structures, relaxed as far as Quantum ESPRESSO came.

    :param structures: that were given to pw.x.
    :param outcomes: see `aiida_crystalgen.calculations.evaluations.collect_evaluations`.
    :param engine: facts about pw.x and its settings, as ``metadata['engine']`` of the set.
    :param results: ``row_N_parameters`` with the energy in eV, ``row_N_trajectory`` with forces in
        eV/Å and stress in GPa, and ``row_N_structure`` where ions or cell moved.
    """
    return collect_evaluations(structures, outcomes, engine, results, _numbers)


def _numbers(outputs: Mapping[str, Any]) -> Numbers:
    """Return what pw.x says of one crystal."""
    # The last geometry comes last.
    last = {name: outputs['trajectory'].get_array(name)[-1] for name in ('forces', 'stress')}
    return Numbers(
        energy=float(outputs['parameters']['energy']),
        forces=np.array(last['forces'], dtype=np.float64),
        # pw.x gives the stress that the crystal exerts, positive where it is compressed.
        stress=-np.array(last['stress'], dtype=np.float64),
    )
