"""The record of a phase: everything about it that people ask for, as JSON."""

from __future__ import annotations

from typing import Any

import numpy as np
from pydantic import Field

from aiida_crystalgen.science.characterization.diffraction import DiffractionPeak
from aiida_crystalgen.science.crystals import CrystalSet
from aiida_crystalgen.science.engines import is_emulated
from aiida_crystalgen.science.settings import Settings

__all__ = ('PhaseRecord', 'describe_phase', 'describe_phases')


class PhaseRecord(Settings):
    """A phase in numbers.

    Clusters have neither a space group, which is 0, nor a hull, a volume or a density.

    :param label: rank by energy within its search, as in 'P1'.
    :param formula: of the cell, as in 'Sn4Se4'.
    :param reduced_formula: without common divisor; of a cluster the whole formula.
    :param elements: symbols in alphabetical order.
    :param energy: in eV/atom, by ``engine``.
    :param energy_above_lowest: above the lowest crystal of the composition, in eV/atom.
    :param energy_above_hull: above the hull of the references, in eV/atom; None without a hull.
    :param volume_per_atom: in Å³; None for a cluster.
    :param density: in g/cm³; None for a cluster.
    :param shortest_distance: between two atoms, in Å; None for an atom alone.
    :param nearest_reference: label of the reference with the most similar RDF.
    :param reference_distance: Pearson distance of the two.
    :param known: label of the reference it is equal to, None for a new phase.
    :param generator: label of the generator that proposed it; empty if none did.
    :param proposal_row: row among the proposals of the generator, −1 if there are none.
    :param relaxed_row: row of the last relaxation.
    :param round: of the search, that this relaxation belongs to.
    :param proposal_round: of the search, that it was proposed in.
    :param copies: number of relaxations that ended in this phase.
    :param engine: name, package and version of what gave the energies, for DFT also functional and
        code; ``emulated`` is true if a stand-in for the program gave them.
    :param prototype: label of the structure type, as in 'A_cF8_227_a'.
    :param prototype_name: mineral or compound of this type that is most alike.
    :param diffraction: strongest X-ray peaks, the strongest first.
    :param phonons: verdict on the dynamical stability, with the engine of the forces.
    :param elasticity: verdict on the mechanical stability, with the engine of the stresses.
    :param versions: of the packages that characterized the phase.
    :param nodes: UUIDs of what the record was made from, by what they are.
    :param periodic: whether the phase is a crystal, not a cluster.
    :param point_group: Schoenflies symbol of the point group of a cluster, as in 'D5h'.
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
    volume_per_atom: float | None
    density: float | None
    shortest_distance: float | None
    nearest_reference: str
    reference_distance: float
    known: str | None
    generator: str
    proposal_row: int
    relaxed_row: int
    copies: int
    engine: dict[str, Any]
    round: int = 1
    proposal_round: int = 1
    prototype: str | None = None
    prototype_name: str | None = None
    diffraction: tuple[DiffractionPeak, ...] = ()
    phonons: dict[str, Any] | None = None
    elasticity: dict[str, Any] | None = None
    versions: dict[str, str] = Field(default_factory=dict)
    nodes: dict[str, str] = Field(default_factory=dict)
    periodic: bool = True
    point_group: str | None = None

    @property
    def symmetry_symbol(self) -> str:
        """Symbol of the space group, or of the point group of a cluster."""
        return self.space_group_symbol if self.point_group is None else self.point_group

    @property
    def symmetry(self) -> str:
        """Symbol of the space group with its number, as in 'Pnma (62)', or of the point group."""
        number = f' ({self.space_group})' if self.periodic else ''
        return f'{self.symmetry_symbol}{number}'

    @property
    def is_new(self) -> bool:
        """Whether none of the references is equal to the phase."""
        return self.known is None

    @property
    def is_emulated(self) -> bool:
        """Whether a stand-in for a program gave the energies, or those behind a verdict."""
        verdicts = [one or {} for one in (self.phonons, self.elasticity)]
        return any(
            is_emulated(one) for one in (self.engine, *(v.get('engine', {}) for v in verdicts))
        )

    @property
    def phonon_verdict(self) -> str | None:
        """'stable', 'acoustic noise' or 'imaginary'; None if phonons were not computed."""
        return None if self.phonons is None else str(self.phonons['verdict'])

    @property
    def is_mechanically_stable(self) -> bool | None:
        """Whether the elastic constants fulfil Born's conditions; None if not computed."""
        return None if self.elasticity is None else bool(self.elasticity['stable'])

    @property
    def stability(self) -> str:
        """What phonons and elastic constants say in words, empty if neither was measured."""
        words = []
        if self.phonon_verdict is not None:
            words.append(f'phonons {self.phonon_verdict}')
        if self.is_mechanically_stable is not None:
            words.append(f'elastically {"stable" if self.is_mechanically_stable else "unstable"}')
        return ', '.join(words)


def describe_phases(phases: CrystalSet, references: CrystalSet) -> list[PhaseRecord]:
    """Return the record of each phase, labelled P1, P2, … in their order.

    :param phases: as `find_phases` returns them.
    :param references: that they were compared with; their column ``label`` names them.
    """
    return [describe_phase(phases, row, references, f'P{row + 1}') for row in range(len(phases))]


def describe_phase(phases: CrystalSet, row: int, references: CrystalSet, label: str) -> PhaseRecord:
    """Return the record of one crystal.

    :param phases: as `find_phases` or `compare_phases` returns them.
    :param references: that they were compared with; their column ``label`` names them.
    :param label: that the record is to have.
    """
    # The model of a record is also what queries read, which need neither pymatgen nor spglib.
    from aiida_crystalgen.science.structures import to_structure
    from aiida_crystalgen.science.symmetry.analysis import space_group_symbol

    names = references['label'] if 'label' in references else np.arange(len(references)).astype(str)
    structure = to_structure(phases, row)
    formula = structure.composition.formula.replace(' ', '')
    hull = float(phases['energy_above_hull'][row])
    shortest = float(phases['shortest_distance'][row])
    periodic = phases.periodic
    known = int(phases['known'][row])
    space_group = int(phases['space_group'][row])
    return PhaseRecord(
        label=label,
        formula=formula,
        reduced_formula=structure.composition.reduced_formula if periodic else formula,
        elements=tuple(sorted(element.symbol for element in structure.composition.elements)),
        number_of_atoms=len(structure),
        space_group=space_group,
        space_group_symbol=space_group_symbol(space_group) if periodic else '–',
        energy=float(phases['energy'][row]),
        energy_above_lowest=float(phases['energy_above_lowest'][row]),
        energy_above_hull=None if np.isnan(hull) else hull,
        volume_per_atom=float(structure.volume / len(structure)) if periodic else None,
        density=float(structure.density) if periodic else None,
        shortest_distance=shortest if np.isfinite(shortest) else None,
        nearest_reference=str(names[phases['nearest_reference'][row]]),
        reference_distance=float(phases['reference_distance'][row]),
        known=None if known < 0 else str(names[known]),
        generator=str(_value(phases, 'generator', row, '')),
        proposal_row=int(_value(phases, 'proposal_row', row, -1)),
        round=int(_value(phases, 'round', row, 1)),
        proposal_round=int(_value(phases, 'proposal_round', row, 1)),
        relaxed_row=int(_value(phases, 'relaxed_row', row, row)),
        copies=int(_value(phases, 'copies', row, 1)),
        engine=dict(phases.metadata['engine']),
        periodic=periodic,
        point_group=None if periodic else str(phases['point_group'][row]),
    )


def _value(phases: CrystalSet, name: str, row: int, default: Any) -> Any:
    """Return what a column says of a phase, or the default without that column."""
    return phases[name][row] if name in phases else default
