"""The results of many Quantum ESPRESSO calculations as one set."""

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
    :param outcomes: a list for each of the columns ``converged``, ``steps``, ``exit_status``,
        ``process`` and ``rejection``, with one value per row.
    :param engine: facts about pw.x and its settings, as ``metadata['engine']`` of the set.
    :param results: ``row_N_parameters`` and ``row_N_trajectory``, and ``row_N_structure`` where
        ions or cell moved.
    """
    crystals = crystals_from_node(structures)
    evaluations = {}
    for row in range(len(crystals)):
        label = row_label(row)
        if f'{label}_parameters' in results:
            atoms = crystals.atoms(row)
            evaluations[row] = _evaluation(
                results[f'{label}_parameters'].get_dict(),
                results[f'{label}_trajectory'],
                results.get(f'{label}_structure'),
                given=(crystals.lattices[row], crystals.fractional_coordinates[atoms]),
                order=element_order(crystals.atomic_numbers[atoms]),
            )
    columns = {name: np.array(values) for name, values in outcomes.get_dict().items()}
    relaxed = assemble_evaluations(crystals, evaluations, **columns)
    facts = engine.get_dict()
    return {'relaxed': node_from_crystals(relaxed.with_metadata(engine=facts))}


def _evaluation(
    parameters: dict[str, float],
    trajectory: orm.ArrayData,
    structure: orm.StructureData | None,
    *,
    given: tuple[np.ndarray, np.ndarray],
    order: np.ndarray,
) -> Evaluation:
    """Return what pw.x says of one crystal, its atoms in the order of the set.

    :param parameters: with the energy in eV.
    :param trajectory: with forces in eV/Å and stress in GPa, those of the last geometry last.
    :param given: lattice and fractional coordinates before, which hold if nothing moved.
    :param order: of the atoms in the files of pw.x.
    """
    back = np.argsort(order)
    lattice, coordinates = given
    if structure is not None:
        lattice = np.array(structure.cell)
        positions = np.array([site.position for site in structure.sites])
        coordinates = (positions @ np.linalg.inv(lattice))[back]
    return Evaluation(
        lattice=lattice,
        fractional_coordinates=coordinates,
        energy=float(parameters['energy']),
        forces=np.array(trajectory.get_array('forces')[-1], dtype=np.float64)[back],
        # pw.x gives the stress that the crystal exerts, positive where it is compressed.
        stress=-np.array(trajectory.get_array('stress')[-1], dtype=np.float64),
    )
