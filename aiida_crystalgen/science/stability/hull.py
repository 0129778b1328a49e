"""Energies above the convex hull of known crystals, and above the lowest of a composition.

Every energy comes with its engine, ``metadata['engine']`` of its set; those of different engines
are never compared.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Bool, Float, Int
from pymatgen.core import Composition, Element

from aiida_crystalgen.science.composition import reduced_formulas
from aiida_crystalgen.science.crystals import CrystalSet
from aiida_crystalgen.science.engines import refuse_different_engines

if TYPE_CHECKING:
    from pymatgen.analysis.phase_diagram import PhaseDiagram

__all__ = (
    'energies_above_hull',
    'energies_above_lowest',
    'has_energy',
    'lowest_rows',
    'phase_diagram',
)


def energies_above_hull(
    crystals: CrystalSet, references: CrystalSet
) -> Float[np.ndarray, ' crystals']:
    """Return by how much each crystal lies above the hull of the references, in eV/atom.

    The references alone make the hull, so that a crystal more stable than they are lies below it:
    its value is negative, the energy that it gains over the phases it would decompose into. Where
    an element of the crystal has no reference of its own there is no hull, and the value is NaN, as
    it is for all clusters.

    :param crystals: with the column ``energy`` in eV/atom.
    :param references: with energies of the same engine; those that were rejected do not count.
    :raises ValueError: if the energies are those of different engines, or of an unknown one.
    """
    refuse_different_engines(crystals, references)
    if not crystals.periodic:
        return np.full(len(crystals), np.nan)
    lowest = references.select(lowest_rows(references))
    formulas, kinds = np.unique(reduced_formulas(crystals), return_inverse=True)
    compositions = [Composition(formula) for formula in formulas.tolist()]
    hull = np.full(len(formulas), np.nan)
    systems = np.array([one.chemical_system for one in compositions])
    for system in np.unique(systems):
        diagram = phase_diagram(lowest, system.split('-'))
        if diagram is not None:
            for kind in np.flatnonzero(systems == system):
                hull[kind] = diagram.get_hull_energy_per_atom(compositions[kind])
    return crystals['energy'] - hull[kinds]


def energies_above_lowest(
    crystals: CrystalSet, references: CrystalSet
) -> Float[np.ndarray, ' crystals']:
    """Return by how much each crystal lies above the lowest one of its composition, in eV/atom.

    The lowest is that of both sets together; those that were rejected do not count. Clusters have
    the same composition if they have equally many atoms of each element.

    :param crystals: with the column ``energy`` in eV/atom.
    :param references: with energies of the same engine.
    :raises ValueError: if the energies are those of different engines, or of an unknown one.
    """
    refuse_different_engines(crystals, references)
    known, own = _lowest_energies(references), _lowest_energies(crystals)
    lowest = [
        min(known.get(formula, np.inf), own.get(formula, np.inf))
        for formula in reduced_formulas(crystals).tolist()
    ]
    above = crystals['energy'] - np.array(lowest, dtype=np.float64)
    return np.where(np.isfinite(above), above, np.nan)


def has_energy(crystals: CrystalSet) -> Bool[np.ndarray, ' crystals']:
    """Return which crystals have an energy that is worth something."""
    finite = np.isfinite(crystals['energy'])
    return finite & (crystals['rejection'] == '') if 'rejection' in crystals else finite


def lowest_rows(crystals: CrystalSet) -> Int[np.ndarray, ' formulas']:
    """Return the row of lowest energy of each reduced formula, in the order of the formulas.

    Crystals that were rejected, or have no energy, do not count.
    """
    rows = np.flatnonzero(has_energy(crystals))
    rows = rows[np.argsort(crystals['energy'][rows], kind='stable')]
    formulas = reduced_formulas(crystals.select(rows))
    return rows[np.unique(formulas, return_index=True)[1]]


def phase_diagram(crystals: CrystalSet, symbols: Sequence[str]) -> PhaseDiagram | None:
    """Return pymatgen's phase diagram of some elements; None if one of them has no crystal.

    :param crystals: one of each composition, with the column ``energy`` in eV/atom. Those with
        other elements are left out. An entry of the diagram has the row as its ``attribute``.
    :param symbols: of the elements.
    """
    # It imports matplotlib.
    from pymatgen.analysis.phase_diagram import PDEntry, PhaseDiagram

    elements = [Element(symbol) for symbol in symbols]
    compositions = [Composition(formula) for formula in reduced_formulas(crystals).tolist()]
    entries = [
        PDEntry(composition, float(crystals['energy'][row]) * composition.num_atoms, attribute=row)
        for row, composition in enumerate(compositions)
        if set(composition.elements) <= set(elements)
    ]
    pure = {entry.elements[0] for entry in entries if len(entry.elements) == 1}
    return PhaseDiagram(entries, elements) if pure == set(elements) else None


def _lowest_energies(crystals: CrystalSet) -> dict[str, float]:
    """Return the lowest energy of each reduced formula, in eV/atom."""
    lowest = crystals.select(lowest_rows(crystals))
    return dict(zip(reduced_formulas(lowest).tolist(), lowest['energy'].tolist(), strict=True))
