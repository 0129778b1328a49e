"""From the outputs of a first-principles code for many structures to one set."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
from aiida import orm
from jaxtyping import Float

from aiida_crystalgen.calculations.functions.extract import row_label
from aiida_crystalgen.data.convert import crystals_from_node, node_from_crystals
from aiida_crystalgen.data.structure_set import StructureSetData
from aiida_crystalgen.science.crystals import CrystalSet
from aiida_crystalgen.science.evaluations import (
    Evaluation,
    assemble_evaluations,
    element_order,
)

__all__ = ('Numbers', 'collect_evaluations')


class Numbers(NamedTuple):
    """What a code says of one crystal, its atoms in the order of the code.

    :param energy: of the cell, in eV.
    :param forces: in eV/Å.
    :param stress: dE/dε / V in GPa.
    """

    energy: float
    forces: Float[np.ndarray, 'atoms 3']
    stress: Float[np.ndarray, '3 3']


def collect_evaluations(
    structures: StructureSetData,
    outcomes: orm.Dict,
    engine: orm.Dict,
    results: Mapping[str, Any],
    read: Callable[[Mapping[str, Any]], Numbers],
) -> dict[str, StructureSetData]:
    """Return one row for each of the structures, relaxed as far as the code came.

    :param structures: that were given to the code, which has its atoms grouped by element.
    :param outcomes: a list for each of the columns ``converged``, ``steps``, ``exit_status``,
        ``process`` and ``rejection``, with one value per row.
    :param engine: facts about the code and its settings, as ``metadata['engine']`` of the set.
    :param results: the outputs of row N under ``row_N_NAME``; ``row_N_structure`` where ions or
        cell moved.
    :param read: gives the numbers of a row from its outputs by their names.
    """
    crystals = crystals_from_node(structures)
    outputs: defaultdict[str, dict[str, Any]] = defaultdict(dict)
    for link, node in results.items():
        label, _, name = link.rpartition('_')
        outputs[label][name] = node
    evaluations = {
        row: _evaluation(crystals, row, outputs[row_label(row)], read)
        for row in range(len(crystals))
        if row_label(row) in outputs
    }
    columns = {name: np.array(values) for name, values in outcomes.get_dict().items()}
    relaxed = assemble_evaluations(crystals, evaluations, **columns)
    return {'relaxed': node_from_crystals(relaxed.with_metadata(engine=engine.get_dict()))}


def _evaluation(
    crystals: CrystalSet,
    row: int,
    outputs: Mapping[str, Any],
    read: Callable[[Mapping[str, Any]], Numbers],
) -> Evaluation:
    """Return what the code says of one crystal, its atoms in the order of the set."""
    atoms = crystals.atoms(row)
    lattice, coordinates = crystals.lattices[row], crystals.fractional_coordinates[atoms]
    back = np.argsort(element_order(crystals.atomic_numbers[atoms]))
    if 'structure' in outputs:
        lattice = np.array(outputs['structure'].cell)
        positions = np.array([site.position for site in outputs['structure'].sites])
        coordinates = (positions @ np.linalg.inv(lattice))[back]
    energy, forces, stress = read(outputs)
    return Evaluation(lattice, coordinates, energy, forces[back], stress)
