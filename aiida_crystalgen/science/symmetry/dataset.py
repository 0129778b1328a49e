"""What spglib knows of one crystal, whichever way this version of it has to say no."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import spglib

from aiida_crystalgen.science.crystals import CrystalSet

__all__ = ('ask_spglib', 'symmetry_dataset')

# Newer versions raise where others return None, and phonopy makes all that know both ways raise.
_REFUSALS: tuple[type[Exception], ...] = (
    (spglib.SpglibError,) if hasattr(spglib, 'SpglibError') else ()
)


def ask_spglib(question: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
    """Return the answer of a function of spglib, None where it finds none."""
    try:
        return question(*arguments, **options)
    except _REFUSALS:
        return None


def symmetry_dataset(crystals: CrystalSet, row: int, tolerance: float) -> Any:
    """Return spglib's dataset of one crystal, None where it finds no space group.

    :param tolerance: of positions, in Å.
    """
    atoms = crystals.atoms(row)
    cell = (
        crystals.lattices[row],
        crystals.fractional_coordinates[atoms],
        crystals.atomic_numbers[atoms],
    )
    return ask_spglib(spglib.get_symmetry_dataset, cell, symprec=tolerance)
