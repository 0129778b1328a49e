"""What the structure viewer of the page is given: atoms, their colours and their radii."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from ase.data import chemical_symbols, covalent_radii
from ase.data.colors import jmol_colors

from aiida_crystalgen.report.contents import Phase

__all__ = ('viewer_data',)


def viewer_data(phases: Sequence[Phase]) -> dict[str, Any]:
    """Return the JSON that draws the phases, with the elements that occur in them.

    Lengths are in Å, coordinates fractional; radii are covalent (Cordero et al.,
    10.1039/b801115j) and colours those of Jmol.
    """
    numbers = sorted({int(number) for one in phases for number in one.crystal.atomic_numbers})
    return {
        'elements': {str(number): _element(number) for number in numbers},
        'phases': [_structure(phase) for phase in phases],
    }


def _element(number: int) -> dict[str, Any]:
    """Return how atoms of an element look."""
    red, green, blue = (round(255 * float(part)) for part in jmol_colors[number])
    return {
        'symbol': chemical_symbols[number],
        'radius': round(float(covalent_radii[number]), 3),
        'colour': [red, green, blue],
    }


def _structure(phase: Phase) -> dict[str, Any]:
    """Return the cell and the atoms of a phase."""
    crystal = phase.crystal
    return {
        'label': phase.label,
        'lattice': np.round(crystal.lattices[0], 5).tolist(),
        'numbers': crystal.atomic_numbers.tolist(),
        'coordinates': np.round(crystal.fractional_coordinates % 1.0, 5).tolist(),
    }
