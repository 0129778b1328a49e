"""The convex hull of a chemical system as points and tie lines, for drawing and for tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from jaxtyping import Float, Int
from pymatgen.core import Element

from aiida_crystalgen.science.composition import element_symbols, has_only, reduced_formulas
from aiida_crystalgen.science.crystals import CrystalSet
from aiida_crystalgen.science.engines import refuse_different_engines
from aiida_crystalgen.science.stability.hull import (
    energies_above_hull,
    has_energy,
    lowest_rows,
    phase_diagram,
)

__all__ = ('HullDiagram', 'HullPoints', 'hull_diagram')


@dataclass(frozen=True)
class HullPoints:
    """Crystals in the space of composition and energy.

    :param labels: what each is called.
    :param formulas: reduced ones.
    :param fractions: of the atoms that are of each element.
    :param formation_energies: relative to the lowest reference of each element, in eV/atom.
    :param above_hull: in eV/atom, negative below the hull of the references.
    """

    labels: tuple[str, ...]
    formulas: tuple[str, ...]
    fractions: Float[np.ndarray, 'crystals elements']
    formation_energies: Float[np.ndarray, ' crystals']
    above_hull: Float[np.ndarray, ' crystals']


@dataclass(frozen=True)
class HullDiagram:
    """The hull of known crystals, and where others lie.

    :param elements: symbols in alphabetical order.
    :param references: the known crystals.
    :param phases: other crystals of the system.
    :param tie_lines: pairs of rows of the references that coexist on the hull.
    :param engine: that gave all energies.
    """

    elements: tuple[str, ...]
    references: HullPoints
    phases: HullPoints
    tie_lines: Int[np.ndarray, 'lines 2']
    engine: Mapping[str, Any]


def hull_diagram(phases: CrystalSet, references: CrystalSet) -> HullDiagram:
    """Return the hull of the references in the chemical system of the phases, with these on it.

    The column ``label`` names the crystals, their formula where there is none.

    :param phases: with the column ``energy`` in eV/atom; those that were rejected or have no energy
        are left out.
    :param references: the same; those with other elements are left out as well.
    :raises ValueError: if the energies are those of different engines, or an element has no
        reference of its own.
    """
    refuse_different_engines(phases, references)
    elements = element_symbols(phases)
    known = references.select(has_only(references, elements) & has_energy(references))
    lowest = lowest_rows(known)
    diagram = phase_diagram(known.select(lowest), elements)
    if diagram is None:
        raise ValueError(
            f'there is no hull of {"-".join(elements)}: an element of it has no reference of its '
            'own; add its crystal to the references'
        )
    ends = np.array([diagram.el_refs[Element(symbol)].energy_per_atom for symbol in elements])
    rows = lowest[[entry.attribute for entry in diagram.qhull_entries]]
    pairs = sorted({tuple(sorted(pair)) for one in diagram.facets for pair in combinations(one, 2)})
    return HullDiagram(
        elements=tuple(elements),
        references=_points(known, known, ends),
        phases=_points(phases.select(has_energy(phases)), known, ends),
        tie_lines=rows[np.array(pairs, dtype=np.int64).reshape(-1, 2)],
        engine=dict(references.metadata['engine']),
    )


def _points(
    crystals: CrystalSet, references: CrystalSet, ends: Float[np.ndarray, ' elements']
) -> HullPoints:
    """Return the crystals as points.

    :param references: of which each element of the system is one.
    :param ends: energy of each element of the system in eV/atom.
    """
    fractions = _fractions(crystals, element_symbols(references))
    formulas = tuple(reduced_formulas(crystals).tolist())
    return HullPoints(
        labels=tuple(crystals['label'].tolist()) if 'label' in crystals else formulas,
        formulas=formulas,
        fractions=fractions,
        formation_energies=crystals['energy'] - fractions @ ends,
        above_hull=energies_above_hull(crystals, references),
    )


def _fractions(
    crystals: CrystalSet, elements: Sequence[str]
) -> Float[np.ndarray, 'crystals elements']:
    """Return the fraction of the atoms of each crystal that are of each element."""
    amounts = np.zeros((len(crystals), len(elements)))
    for column, symbol in enumerate(elements):
        atoms = crystals.crystal_of_atom[crystals.atomic_numbers == Element(symbol).Z]
        amounts[:, column] = np.bincount(atoms, minlength=len(crystals))
    return amounts / crystals.counts[:, None]
