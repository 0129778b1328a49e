"""What a first-principles engine says of single crystals, put together as one set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from aiida_crystalgen.science.crystals import Column, CrystalSet

__all__ = ('Evaluation', 'assemble_evaluations', 'element_order')


@dataclass(frozen=True)
class Evaluation:
    """Geometry at the end of a relaxation, with what was calculated there.

    :param lattice: lattice vectors as rows, in Å.
    :param fractional_coordinates: of all atoms.
    :param energy: of the cell, in eV.
    :param forces: on the atoms, in eV/Å.
    :param stress: dE/dε / V in GPa, so that a compressed crystal has a negative trace.
    """

    lattice: Float[np.ndarray, '3 3']
    fractional_coordinates: Float[np.ndarray, 'atoms 3']
    energy: float
    forces: Float[np.ndarray, 'atoms 3']
    stress: Float[np.ndarray, '3 3']


def element_order(atomic_numbers: Int[np.ndarray, ' atoms']) -> Int[np.ndarray, ' atoms']:
    """Return the atoms element by element, in the order in which the elements appear.

    Codes that take each run of equal atoms for a species of its own see one species an element.
    """
    _, first, element = np.unique(atomic_numbers, return_index=True, return_inverse=True)
    return np.argsort(first[element], kind='stable')


def assemble_evaluations(
    crystals: CrystalSet, evaluations: Mapping[int, Evaluation], **columns: Column | np.ndarray
) -> CrystalSet:
    """Return the crystals as they were evaluated, one row for each of the given ones.

    A crystal without evaluation keeps its geometry, with NaN for every number. Added or replaced
    are the columns ``row``, ``energy``, ``max_force``, ``stress``, ``pressure``, ``volume_change``
    (in % of the given volume), and of the atoms ``forces``; other columns are kept.

    :param evaluations: by row; atoms in the order of the set.
    :param columns: others to add, one value per crystal.
    """
    number = len(crystals)
    values: dict[str, Any] = {
        'lattices': crystals.lattices.copy(),
        'fractional_coordinates': crystals.fractional_coordinates.copy(),
    }
    energies, largest = np.full(number, np.nan), np.full(number, np.nan)
    stresses = np.full((number, 3, 3), np.nan)
    forces = np.full((len(crystals.atomic_numbers), 3), np.nan)
    bounds = crystals.offsets
    for row, evaluation in evaluations.items():
        atoms = slice(bounds[row], bounds[row + 1])
        values['lattices'][row] = evaluation.lattice
        values['fractional_coordinates'][atoms] = evaluation.fractional_coordinates
        energies[row] = evaluation.energy / crystals.counts[row]
        stresses[row] = evaluation.stress
        forces[atoms] = evaluation.forces
        largest[row] = np.linalg.norm(evaluation.forces, axis=1).max()
    evaluated = replace(crystals, **values)
    return replace(
        evaluated,
        atom_columns={**crystals.atom_columns, 'forces': Column(forces, 'eV/Å')},
    ).with_columns(
        row=np.arange(number),
        energy=Column(energies, 'eV/atom'),
        max_force=Column(largest, 'eV/Å'),
        stress=Column(stresses, 'GPa'),
        pressure=Column(-np.trace(stresses, axis1=1, axis2=2) / 3, 'GPa'),
        volume_change=Column(100 * (evaluated.volumes / crystals.volumes - 1), '%'),
        **columns,
    )
