"""Crystals into files that other programs read, with what is known of them in each one's way."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms

from aiida_crystalgen.science.clusters import in_boxes
from aiida_crystalgen.science.crystals import CrystalSet
from aiida_crystalgen.science.progress import Progress, silent
from aiida_crystalgen.science.structures import formulas, to_structure

__all__ = (
    'facts_of_crystal',
    'write_cifs',
    'write_csv',
    'write_extended_xyz',
    'write_json',
    'write_poscars',
)

# Texts that extended XYZ keeps as they are; others it would take for numbers or truth values.
_PLAIN = re.compile(r'(?!(?:t|f|true|false|nan|inf|infinity)$)[a-z][\w ()+*,.:-]*', re.IGNORECASE)
_EMULATED = 'EMULATED: a stand-in for the program gave these energies or verdicts'


def facts_of_crystal(crystals: CrystalSet, row: int) -> dict[str, Any]:
    """Return what the columns say of one crystal as JSON; None stands for numbers unknown.

    Columns with an array for each crystal are left out.
    """
    facts = {}
    for name, column in crystals.columns.items():
        if column.values.ndim == 1:
            value = column.values[row].item()
            unknown = isinstance(value, float) and not np.isfinite(value)
            facts[name] = None if unknown else value
    return facts


def write_extended_xyz(crystals: CrystalSet, path: Path, *, progress: Progress = silent) -> None:
    """Write the crystals as the frames of one extended XYZ file, with all their columns.

    ``energy`` is written in eV for the whole cell, as that format has it, everything else as it
    is, with its unit under ``units``. `sources.files.read_files` reads all of it back, positions
    to 1e-8 Å. Clusters are periodic along no direction.
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
        pbc=crystals.periodic,
        info=info,
    )


def _information(value: np.generic | np.ndarray) -> Any:
    """Return a property in a form that comes back as the same value."""
    if isinstance(value, np.str_) and not _PLAIN.fullmatch(value):
        # ASE escapes quotes only, but its reader takes every backslash for an escape.
        return f'_JSON {json.dumps(str(value))}'.replace('\\', '\\\\')
    return value


def write_cifs(
    crystals: CrystalSet,
    folder: Path,
    *,
    names: Sequence[str] | None = None,
    progress: Progress = silent,
) -> tuple[Path, ...]:
    """Write each crystal as a CIF with its properties as items `_crystalgen_…`; return the files.

    The cells are written as they are, in P1, so that nothing is moved to make it symmetric.

    :param folder: made if it does not exist.
    :param names: of the files; row and label if None.
    :raises ValueError: for clusters, which no CIF can describe.
    """
    from pymatgen.io.cif import CifWriter

    if not crystals.periodic:
        raise ValueError(
            'a CIF describes a crystal, but these are clusters; write them to a file .extxyz'
        )

    files = _files(crystals, folder, '.cif', names)
    for row, file in enumerate(files):
        mark = f'# {_EMULATED}\n' if _is_emulated(crystals, row) else ''
        items = ''.join(f'{item}\n' for item in _cif_items(crystals, row))
        file.write_text(f'{mark}{CifWriter(to_structure(crystals, row))}{items}', 'ascii')
        progress(row + 1, len(files), file.name)
    return files


def _cif_items(crystals: CrystalSet, row: int) -> Iterator[str]:
    """Yield the properties of a crystal as items of a CIF, with their unit in the name."""
    for name, value in facts_of_crystal(crystals, row).items():
        unit = crystals.columns[name].unit.replace('/', '_per_').replace('Å', 'angstrom')
        unit = unit.replace('³', '3')
        key = '_'.join(filter(None, ('_crystalgen', name, unit)))
        yield f'{key}   {_cif_value(value)}'


def _cif_value(value: Any) -> str:
    """Return a value as CIF 1.1 writes it, which knows ASCII only and '?' for the unknown."""
    if value is None:
        return '?'
    if isinstance(value, bool):
        return 'yes' if value else 'no'
    if not isinstance(value, str):
        return f'{value:.10g}' if isinstance(value, float) else str(value)
    text = value.encode('ascii', 'backslashreplace').decode()
    quotes = [quote for quote in '\'"' if quote not in text]
    if quotes and '\n' not in text:
        return f'{quotes[0]}{text}{quotes[0]}'
    return f'\n;{text}\n;'


def write_poscars(
    crystals: CrystalSet, folder: Path, *, progress: Progress = silent
) -> tuple[Path, ...]:
    """Write each crystal as a POSCAR with its properties in the first line, and return the files.

    The atoms of an element stand together. Clusters are repeated, as a POSCAR cannot say that they
    are not, in boxes with vacuum; the first line says so.

    :param folder: made if it does not exist.
    """
    from pymatgen.io.vasp.inputs import Poscar

    mark_of_clusters = []
    if not crystals.periodic:
        crystals = replace(in_boxes(crystals), periodic=True)
        mark_of_clusters = ['cluster in a box']

    names = formulas(crystals)
    files = _files(crystals, folder, '.vasp', None)
    for row, file in enumerate(files):
        facts = facts_of_crystal(crystals, row)
        units = {name: crystals.columns[name].unit for name in facts}
        parts = [f'{name} {value} {units[name]}'.strip() for name, value in facts.items()]
        mark = ['EMULATED'] if _is_emulated(crystals, row) else []
        poscar = Poscar(
            to_structure(crystals, row),
            comment='; '.join([*mark, *mark_of_clusters, str(names[row]), *parts]).replace(
                '\n', ' '
            ),
            sort_structure=True,
        )
        file.write_text(poscar.get_str(significant_figures=16))
        progress(row + 1, len(files), file.name)
    return files


def write_csv(crystals: CrystalSet, path: Path, *, progress: Progress = silent) -> None:
    """Write a table with a line for each crystal: formula, atoms, volume and all properties.

    Units are in the headings; unknown numbers are left empty. Clusters have no volume.
    """
    rows = [_table_row(crystals, row) for row in range(len(crystals))]
    with path.open('w', newline='', encoding='utf-8') as handle:
        if rows:
            writer = csv.DictWriter(handle, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
    progress(len(rows), len(rows), path.name)


def _table_row(crystals: CrystalSet, row: int) -> dict[str, Any]:
    """Return one crystal under headings with units."""
    units = {name: column.unit for name, column in crystals.columns.items()}
    return {
        'formula': formulas(crystals.select([row]))[0],
        'atoms': int(crystals.counts[row]),
        **({'volume (Å³)': float(crystals.volumes[row])} if crystals.periodic else {}),
        **{
            f'{name} ({units[name]})' if units[name] else name: value
            for name, value in facts_of_crystal(crystals, row).items()
        },
    }


def write_json(crystals: CrystalSet, path: Path, *, progress: Progress = silent) -> None:
    """Write a list of objects with the properties of each crystal, units, and pymatgen's structure.

    `pymatgen.core.Structure.from_dict` makes a structure of the key ``structure``, of a cluster one
    that is periodic along no direction.
    """
    units = {name: column.unit for name, column in crystals.columns.items() if column.unit}
    objects = []
    for row in range(len(crystals)):
        structure = to_structure(crystals, row).as_dict()
        facts = facts_of_crystal(crystals, row)
        objects.append({**facts, 'units': units, 'structure': structure})
        progress(row + 1, len(crystals), path.name)
    text = json.dumps(objects, indent=1, ensure_ascii=False, allow_nan=False)
    path.write_text(f'{text}\n', encoding='utf-8')


def _files(
    crystals: CrystalSet, folder: Path, suffix: str, names: Sequence[str] | None
) -> tuple[Path, ...]:
    """Return a file for each crystal in a folder, which is made.

    :param names: without the suffix; row and label if None.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if names is None:
        digits = len(str(max(len(crystals) - 1, 0)))
        labels = crystals['label'] if 'label' in crystals else [''] * len(crystals)
        words = [re.sub(r'[^\w.+-]+', '_', str(label)).strip('_') for label in labels]
        names = [f'{row:0{digits}d}{"_" * bool(word)}{word}' for row, word in enumerate(words)]
    return tuple(folder / f'{name}{suffix}' for name in names)


def _is_emulated(crystals: CrystalSet, row: int) -> bool:
    """Return whether a stand-in for a program gave numbers of a crystal."""
    return 'emulated' in crystals and bool(crystals['emulated'][row])
