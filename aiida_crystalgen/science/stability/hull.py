"""Energies above the convex hull of known crystals, and above the lowest of a composition."""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Bool, Float
from pymatgen.core import Composition, Element

from aiida_crystalgen.science.composition import reduced_formulas
from aiida_crystalgen.science.crystals import CrystalSet

__all__ = ('energies_above_hull', 'energies_above_lowest')


def energies_above_hull(
    crystals: CrystalSet, references: CrystalSet
) -> Float[np.ndarray, ' crystals']:
    """Return by how much each crystal lies above the hull of the references, in eV/atom.

    The references alone make the hull, so that a crystal more stable than they are lies below it:
    its value is negative, the energy that it gains over the phases it would decompose into. Where
    an element of the crystal has no reference of its own there is no hull, and the value is NaN.

    :param crystals: with the column ``energy`` in eV/atom.
    :param references: with energies of the same engine; those that were rejected do not count.
    :raises ValueError: if the energies are those of different engines, or of an unknown one.
    """
    _refuse_different_engines(crystals, references)
    lowest = _lowest_energies(references)
    compositions = {formula: Composition(formula) for formula in lowest}
    formulas = reduced_formulas(crystals)
    result = np.full(len(crystals), np.nan)
    for formula in np.unique(formulas).tolist():
        wanted = Composition(formula)
        parts = {
            composition: lowest[name]
            for name, composition in compositions.items()
            if set(composition.elements) <= set(wanted.elements)
        }
        known = {composition.elements[0] for composition in parts if composition.is_element}
        if known == set(wanted.elements):
            rows = formulas == formula
            result[rows] = crystals['energy'][rows] - _hull_energy(wanted, parts)
    return result


def energies_above_lowest(
    crystals: CrystalSet, references: CrystalSet
) -> Float[np.ndarray, ' crystals']:
    """Return by how much each crystal lies above the lowest one of its composition, in eV/atom.

    The lowest is that of both sets together; those that were rejected do not count.

    :param crystals: with the column ``energy`` in eV/atom.
    :param references: with energies of the same engine.
    :raises ValueError: if the energies are those of different engines, or of an unknown one.
    """
    _refuse_different_engines(crystals, references)
    known, own = _lowest_energies(references), _lowest_energies(crystals)
    lowest = [
        min(known.get(formula, np.inf), own.get(formula, np.inf))
        for formula in reduced_formulas(crystals).tolist()
    ]
    above = crystals['energy'] - np.array(lowest, dtype=np.float64)
    return np.where(np.isfinite(above), above, np.nan)


def _refuse_different_engines(crystals: CrystalSet, references: CrystalSet) -> None:
    """Raise unless both sets have energies of one known engine."""
    ours, theirs = (one.metadata.get('engine') for one in (crystals, references))
    if ours is None or ours != theirs:
        raise ValueError(
            f'the crystals have energies of {_describe(ours)}, the references of '
            f'{_describe(theirs)}; such energies cannot be compared, relax both with one engine'
        )


def _describe(engine: Any) -> str:
    """Return the engine in words."""
    if engine is None:
        return 'an unknown engine'
    settings = ', '.join(f'{key} {value}' for key, value in engine.items() if key != 'name')
    return f"'{engine.get('name')}' ({settings})"


def _lowest_energies(crystals: CrystalSet) -> dict[str, float]:
    """Return the lowest energy of each reduced formula, in eV/atom."""
    counted = crystals.select(_counts(crystals))
    formulas, kinds = np.unique(reduced_formulas(counted), return_inverse=True)
    lowest = np.full(len(formulas), np.inf)
    np.minimum.at(lowest, kinds, counted['energy'])
    return dict(zip(formulas.tolist(), lowest.tolist(), strict=True))


def _counts(crystals: CrystalSet) -> Bool[np.ndarray, ' crystals']:
    """Return which crystals have an energy that is worth something."""
    finite = np.isfinite(crystals['energy'])
    return finite & (crystals['rejection'] == '') if 'rejection' in crystals else finite


def _hull_energy(composition: Composition, lowest: dict[Composition, float]) -> float:
    """Return the energy of the hull at a composition, in eV/atom.

    :param lowest: energies of its elements and of what they form, in eV/atom.
    """
    # It imports matplotlib.
    from pymatgen.analysis.phase_diagram import PDEntry, PhaseDiagram

    entries = [PDEntry(one, energy * one.num_atoms) for one, energy in lowest.items()]
    elements = [Element(symbol) for symbol in sorted(composition.as_dict())]
    return float(PhaseDiagram(entries, elements).get_hull_energy_per_atom(composition))
