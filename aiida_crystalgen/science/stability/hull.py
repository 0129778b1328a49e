"""Energies above the convex hull of known crystals, by pymatgen's phase diagram."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float
from pymatgen.analysis.phase_diagram import PDEntry, PhaseDiagram
from pymatgen.core import Composition, Element

from aiida_crystalgen.science.composition import reduced_formulas
from aiida_crystalgen.science.crystals import CrystalSet

__all__ = ('energies_above_hull', 'energies_above_lowest')


def energies_above_hull(
    crystals: CrystalSet, references: CrystalSet
) -> Float[np.ndarray, ' crystals']:
    """Return by how much each crystal lies above the hull of the references, in eV/atom.

    A crystal below their hull has a negative value. Where the references do not hold all elements
    of a crystal there is no hull, and the value is NaN.

    :param crystals: with the column ``energy`` in eV/atom.
    :param references: likewise; those without an energy are left out.
    :raises ValueError: if the energies of the two sets are of different engines.
    """
    _refuse_mixture(crystals, references)
    entries = _entries(references)
    result = np.full(len(crystals), np.nan)
    diagrams: dict[frozenset[Element], PhaseDiagram | None] = {}
    for row, entry in _entries(crystals).items():
        elements = frozenset(entry.composition.elements)
        if elements not in diagrams:
            diagrams[elements] = _diagram(list(entries.values()), elements)
        diagram = diagrams[elements]
        if diagram is not None:
            hull = diagram.get_hull_energy_per_atom(entry.composition)
            result[row] = entry.energy_per_atom - hull
    return result


def energies_above_lowest(
    crystals: CrystalSet, references: CrystalSet
) -> Float[np.ndarray, ' crystals']:
    """Return by how much each crystal lies above the lowest of its composition, in eV/atom.

    The lowest may be a crystal of either set.

    :raises ValueError: if the energies of the two sets are of different engines.
    """
    _refuse_mixture(crystals, references)
    own, known = reduced_formulas(crystals), reduced_formulas(references)
    result = np.full(len(crystals), np.nan)
    for formula in np.unique(own):
        energies = (crystals['energy'][own == formula], references['energy'][known == formula])
        result[own == formula] = energies[0] - np.nanmin(np.concatenate(energies))
    return result


def _refuse_mixture(crystals: CrystalSet, references: CrystalSet) -> None:
    """Raise if the energies come from different engines."""
    engines = [dict(one.metadata.get('engine', {})) for one in (crystals, references)]
    if engines[0] != engines[1]:
        raise ValueError(
            f'energies of different engines cannot be compared: {engines[0]} for the crystals, '
            f'{engines[1]} for the references; relax the references with the first'
        )


def _entries(crystals: CrystalSet) -> dict[int, PDEntry]:
    """Return the rows that have an energy, as entries of a phase diagram."""
    bounds = crystals.offsets
    result = {}
    for row in np.flatnonzero(np.isfinite(crystals['energy'])):
        numbers = crystals.atomic_numbers[bounds[row] : bounds[row + 1]]
        kinds, amounts = np.unique(numbers, return_counts=True)
        pairs = zip(kinds, amounts, strict=True)
        composition = Composition({Element.from_Z(int(one)): int(many) for one, many in pairs})
        energy = float(crystals['energy'][row]) * int(crystals.counts[row])
        result[int(row)] = PDEntry(composition, energy)
    return result


def _diagram(entries: list[PDEntry], elements: frozenset[Element]) -> PhaseDiagram | None:
    """Return the phase diagram of a chemical system, None if an element has no entry."""
    inside = [entry for entry in entries if set(entry.composition.elements) <= elements]
    pure = {entry.composition.elements[0] for entry in inside if entry.is_element}
    return PhaseDiagram(inside, elements=sorted(elements)) if pure == elements else None
