"""Crystals into files that other programs read."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms

from aiida_crystalgen.science.crystals import CrystalSet
from aiida_crystalgen.science.progress import Progress, silent
from aiida_crystalgen.science.structures import to_structure

__all__ = ('write_cifs', 'write_extended_xyz')

# Texts that extended XYZ keeps as they are; others it would take for numbers or truth values.
_PLAIN = re.compile(r'(?!(?:t|f|true|false|nan|inf|infinity)$)[a-z][\w ()+*,.:-]*', re.IGNORECASE)


def write_extended_xyz(crystals: CrystalSet, path: Path, *, progress: Progress = silent) -> None:
    """Write the crystals as the frames of one extended XYZ file, with all their columns.

    ``energy`` is written in eV for the whole cell, as that format has it, everything else as it
    is, with its unit under ``units``. `sources.files.read_files` reads all of it back, positions
    to 1e-8 Å.
    """
    from ase.io import write

    units = {name: column.unit for name, column in crystals.columns.items() if column.unit}
    with path.open('w') as handle:
        for row in range(len(crystals)):
            atoms = _atoms(crystals, row)
            if units:
                atoms.info['units'] = units
            write(handle, atoms, format='extxyz')
            progress(row + 1, len(crystals), path.name)


def _atoms(crystals: CrystalSet, row: int) -> Atoms:
    """Return one crystal with its properties, its energy for the whole cell in eV."""
    atoms = crystals.atoms(row)
    info = {name: _information(crystals[name][row]) for name in crystals.columns}
    if 'energy' in info:
        info['energy'] = info['energy'] * crystals.counts[row]
    return Atoms(
        numbers=crystals.atomic_numbers[atoms],
        scaled_positions=crystals.fractional_coordinates[atoms],
        cell=crystals.lattices[row],
        pbc=True,
        info=info,
    )


def _information(value: np.generic | np.ndarray) -> Any:
    """Return a property in a form that comes back as the same value."""
    if isinstance(value, np.str_) and not _PLAIN.fullmatch(value):
        # ASE escapes quotes only, but its reader takes every backslash for an escape.
        return f'_JSON {json.dumps(str(value))}'.replace('\\', '\\\\')
    return value


def write_cifs(
    crystals: CrystalSet, folder: Path, *, progress: Progress = silent
) -> tuple[Path, ...]:
    """Write each crystal as a CIF, named by its row and label, and return the files.

    The cells are written as they are, without symmetry.

    :param folder: made if it does not exist.
    """
    from pymatgen.io.cif import CifWriter

    folder.mkdir(parents=True, exist_ok=True)
    digits = len(str(max(len(crystals) - 1, 0)))
    files = []
    for row in range(len(crystals)):
        label = str(crystals['label'][row]) if 'label' in crystals else ''
        word = re.sub(r'[^\w.+-]+', '_', label).strip('_')
        files.append(folder / f'{row:0{digits}d}{"_" * bool(word)}{word}.cif')
        CifWriter(to_structure(crystals, row)).write_file(files[-1])
        progress(row + 1, len(crystals), files[-1].name)
    return tuple(files)
