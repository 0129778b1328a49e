"""The results of many VASP calculations as one set."""

from __future__ import annotations

from typing import Any

import numpy as np
from aiida import orm
from aiida.engine import calcfunction

from aiida_crystalgen.calculations.functions.extract import row_label
from aiida_crystalgen.calculations.functions.refusal import refusable
from aiida_crystalgen.data.convert import crystals_from_node, node_from_crystals
from aiida_crystalgen.data.structure_set import StructureSetData
from aiida_crystalgen.science.evaluations import (
    Evaluation,
    assemble_evaluations,
    element_order,
)

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
    :param outcomes: a list for each of the columns ``converged``, ``steps``, ``exit_status``,
        ``process`` and ``rejection``, with one value per row.
    :param engine: facts about VASP and its settings, as ``metadata['engine']`` of the set.
    :param results: ``row_N_misc``, and ``row_N_structure`` where ions or cell moved.
    """
    crystals = crystals_from_node(structures)
    evaluations = {}
    for row in range(len(crystals)):
        label = row_label(row)
        if f'{label}_misc' in results:
            atoms = crystals.atoms(row)
            given = (crystals.lattices[row], crystals.fractional_coordinates[atoms])
            order = element_order(crystals.atomic_numbers[atoms])
            evaluations[row] = _evaluation(
                results[f'{label}_misc'].get_dict(),
                results.get(f'{label}_structure'),
                given=given,
                order=order,
            )
    columns = {name: np.array(values) for name, values in outcomes.get_dict().items()}
    relaxed = assemble_evaluations(crystals, evaluations, **columns)
    facts = engine.get_dict()
    return {'relaxed': node_from_crystals(relaxed.with_metadata(engine=facts))}


def _evaluation(
    misc: dict[str, Any],
    structure: orm.Dict | orm.StructureData | None,
    *,
    given: tuple[np.ndarray, np.ndarray],
    order: np.ndarray,
) -> Evaluation:
    """Return what VASP says of one crystal, its atoms in the order of the set.

    :param given: lattice and fractional coordinates before, which hold if nothing moved.
    :param order: of the atoms in VASP's files.
    """
    back = np.argsort(order)
    lattice, coordinates = given
    if isinstance(structure, orm.StructureData):
        lattice = np.array(structure.cell)
        positions = np.array([site.position for site in structure.sites])
        coordinates = (positions @ np.linalg.inv(lattice))[back]
    return Evaluation(
        lattice=lattice,
        fractional_coordinates=coordinates,
        energy=float(misc['total_energies']['energy_extrapolated']),
        forces=np.array(misc['forces'], dtype=np.float64)[back],
        # VASP gives the stress that the crystal exerts, positive where it is compressed.
        stress=-_GPA * np.array(misc['stress'], dtype=np.float64),
    )
