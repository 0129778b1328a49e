"""The record of a phase: everything about it that people ask for, as JSON."""

from __future__ import annotations

from typing import Any

import numpy as np

from aiida_crystalgen.science.crystals import CrystalSet
from aiida_crystalgen.science.settings import Settings
from aiida_crystalgen.science.structures import to_structure
from aiida_crystalgen.science.symmetry.analysis import space_group_symbol

__all__ = ('PhaseRecord', 'describe_phases')


class PhaseRecord(Settings):
    """A phase in numbers.

    :param label: rank by energy within its search, as in 'P1'.
    :param formula: of the cell, as in 'Sn4Se4'.
    :param elements: symbols in alphabetical order.
    :param energy: in eV/atom, by ``engine``.
    :param energy_above_lowest: above the lowest crystal of the composition, in eV/atom.
    :param energy_above_hull: above the hull of the references, in eV/atom; None without a hull.
    :param volume_per_atom: in Å³.
    :param density: in g/cm³.
    :param shortest_distance: between two atoms, in Å.
    :param nearest_reference: label of the reference with the most similar RDF.
    :param reference_distance: Pearson distance of the two.
    :param known: label of the reference it is equal to, None for a new phase.
    :param generator: label of the generator that proposed it.
    :param proposal_row: row among the proposals of the generator.
    :param relaxed_row: row of the relaxation.
    :param copies: number of relaxations that ended in this phase.
    :param engine: name, package and version of what gave the energies.
    """

    label: str
    formula: str
    reduced_formula: str
    elements: tuple[str, ...]
    number_of_atoms: int
    space_group: int
    space_group_symbol: str
    energy: float
    energy_above_lowest: float
    energy_above_hull: float | None
    volume_per_atom: float
    density: float
    shortest_distance: float
    nearest_reference: str
    reference_distance: float
    known: str | None
    generator: str
    proposal_row: int
    relaxed_row: int
    copies: int
    engine: dict[str, Any]

    @property
    def is_new(self) -> bool:
        """Whether none of the references is equal to the phase."""
        return self.known is None


def describe_phases(phases: CrystalSet, references: CrystalSet) -> list[PhaseRecord]:
    """Return the record of each phase, labelled P1, P2, … in their order.

    :param phases: as `find_phases` returns them.
    :param references: that they were compared with; their column ``label`` names them.
    """
    names = references['label'] if 'label' in references else np.arange(len(references)).astype(str)
    return [_describe(phases, row, names) for row in range(len(phases))]


def _describe(phases: CrystalSet, row: int, names: np.ndarray) -> PhaseRecord:
    """Return the record of one phase."""
    structure = to_structure(phases, row)
    hull = float(phases['energy_above_hull'][row])
    known = int(phases['known'][row])
    space_group = int(phases['space_group'][row])
    return PhaseRecord(
        label=f'P{row + 1}',
        formula=structure.composition.formula.replace(' ', ''),
        reduced_formula=structure.composition.reduced_formula,
        elements=tuple(sorted(element.symbol for element in structure.composition.elements)),
        number_of_atoms=len(structure),
        space_group=space_group,
        space_group_symbol=space_group_symbol(space_group),
        energy=float(phases['energy'][row]),
        energy_above_lowest=float(phases['energy_above_lowest'][row]),
        energy_above_hull=None if np.isnan(hull) else hull,
        volume_per_atom=float(structure.volume / len(structure)),
        density=float(structure.density),
        shortest_distance=float(phases['shortest_distance'][row]),
        nearest_reference=str(names[phases['nearest_reference'][row]]),
        reference_distance=float(phases['reference_distance'][row]),
        known=None if known < 0 else str(names[known]),
        generator=str(phases['generator'][row]),
        proposal_row=int(phases['proposal_row'][row]),
        relaxed_row=int(phases['relaxed_row'][row]),
        copies=int(phases['copies'][row]),
        engine=dict(phases.metadata['engine']),
    )
