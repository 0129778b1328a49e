"""Crystals from files: CIF, POSCAR, extended XYZ, and structures that pymatgen wrote as JSON."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import warnings
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms
from pymatgen.core import Lattice, Structure

from aiida_crystalgen.science.crystals import CrystalSet
from aiida_crystalgen.science.progress import Progress, silent
from aiida_crystalgen.science.sources.acceptance import Found, accept
from aiida_crystalgen.science.sources.geometry import structure_from_json

__all__ = ('read_files',)

# What parsers of other packages raise over a file that is not what its name says.
_UNREADABLE = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    LookupError,
    MemoryError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
    Warning,
    zlib.error,
)
_LABELS = ('label', 'material_id', 'mp_id', 'id', 'name')


def read_files(
    paths: Sequence[Path], *, shortest_distance: float, progress: Progress = silent
) -> CrystalSet:
    """Return the crystals in files and folders, folders with all that is below them.

    A crystal is labelled by its file, and by its place in it where the file holds several. Frames
    of XYZ files that are periodic along no direction, as all without a cell, are clusters. Numbers
    and texts of extended XYZ become columns where all crystals have them; ``energy`` is then in
    eV/atom. ``metadata['source']`` holds the SHA-256 of each file, and why crystals were rejected.

    :param paths: files of known type, and folders, of which files of other types are left out.
    :param shortest_distance: crystals with atoms closer than this are rejected, in Å.
    :raises ValueError: if a path does not exist, nothing in the files can be used, or some of them
        are crystals and others clusters.
    """
    files = _find(paths)
    found: list[Found] = []
    hashes: dict[str, str] = {}
    rejected: dict[str, str] = {}
    for done, (name, path) in enumerate(files.items(), start=1):
        try:
            content = path.read_bytes()
            hashes[name] = hashlib.sha256(content).hexdigest()
            found.extend(_read(name, content))
        except _UNREADABLE as exception:
            rejected[name] = f'it cannot be read: {_first_line(exception)}'
        progress(done, len(files), name)
    return accept(
        found,
        rejected,
        shortest_distance=shortest_distance,
        source={'kind': 'files', 'files': hashes},
        units=_units(found),
    )


def _first_line(exception: Exception) -> str:
    """Return what an error says in one line, with its kind where it does not speak for itself."""
    lines = str(exception).strip().splitlines()
    kind = type(exception).__name__
    if not lines:
        return kind
    return lines[0] if isinstance(exception, ValueError) else f'{kind}: {lines[0]}'


def _find(paths: Sequence[Path]) -> dict[str, Path]:
    """Return all files, sorted, by their names relative to the folder that holds all of them.

    :raises ValueError: if a path does not exist.
    """
    files: set[Path] = set()
    roots: list[Path] = []
    for path in paths:
        if path.is_dir():
            roots.append(path.resolve())
            files.update(one.resolve() for one in path.rglob('*') if _is_wanted(one, path))
        elif path.is_file():
            roots.append(path.resolve().parent)
            files.add(path.resolve())
        else:
            raise ValueError(f'{path} is neither a file nor a folder')
    root = os.path.commonpath(roots) if roots else ''
    return {name: Path(root, name) for name in sorted(os.path.relpath(one, root) for one in files)}


def _is_wanted(path: Path, folder: Path) -> bool:
    """Return whether a path below a folder is a file of known type, and is not hidden."""
    hidden = any(part.startswith('.') for part in path.relative_to(folder).parts)
    return not hidden and path.is_file() and _reader(path.name) is not None


def _reader(name: str) -> Callable[[str], Iterator[tuple[Structure, dict[str, Any]]]] | None:
    """Return what reads a file of this name, or nothing if its type is not known."""
    base = Path(name).name.removesuffix('.gz')
    readers = {
        '.cif': _read_cif,
        '.vasp': _read_poscar,
        '.poscar': _read_poscar,
        '.xyz': _read_extended_xyz,
        '.extxyz': _read_extended_xyz,
        '.json': _read_json,
    }
    if base.upper().startswith(('POSCAR', 'CONTCAR')):
        return _read_poscar
    return readers.get(Path(base).suffix.lower())


def _read(name: str, content: bytes) -> list[Found]:
    """Return the structures in a file.

    :raises ValueError: if the type of the file is not known.
    """
    reader = _reader(name)
    if reader is None:
        raise ValueError('its type is not known; CIF, POSCAR, extended XYZ and pymatgen JSON are')
    text = (gzip.decompress(content) if name.endswith('.gz') else content).decode()
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        structures = list(reader(text))
    if not structures:
        raise ValueError('it holds no structures')
    several = len(structures) > 1
    return [
        Found(f'{name}[{place}]' if several else name, structure, properties)
        for place, (structure, properties) in enumerate(structures)
    ]


def _read_cif(text: str) -> Iterator[tuple[Structure, dict[str, Any]]]:
    """Yield the structures of a CIF.

    :raises ValueError: if the sites are not those of the formula that the file states.
    """
    from pymatgen.io.cif import CifParser

    parser = CifParser.from_str(text)
    structures = parser.parse_structures(primitive=False, on_error='raise')
    if len(structures) == 1:
        problem = parser.check(structures[0])
        if problem and not problem.startswith('Cannot determine'):
            raise ValueError(f'its sites contradict its formula: {problem}')
    for structure in structures:
        yield structure, {}


def _read_poscar(text: str) -> Iterator[tuple[Structure, dict[str, Any]]]:
    """Yield the structure of a POSCAR.

    :raises BadPoscarWarning: if the file does not name its elements.
    """
    from pymatgen.io.vasp.inputs import BadPoscarWarning, Poscar

    warnings.filterwarnings('error', 'Elements in POSCAR cannot be determined', BadPoscarWarning)
    yield Poscar.from_str(text, read_velocities=False).structure, {}


def _read_extended_xyz(text: str) -> Iterator[tuple[Structure, dict[str, Any]]]:
    """Yield the frames of an extended XYZ file, each with its properties."""
    from ase.io import read

    for atoms in read(io.StringIO(text), index=':', format='extxyz'):
        yield _structure(atoms), _properties(atoms)


def _structure(atoms: Atoms) -> Structure:
    """Return ASE's atoms as a structure, periodic along those lattice vectors that there are."""
    periodic = atoms.pbc & np.any(atoms.cell, axis=1)
    lattice = Lattice(atoms.cell.complete(), pbc=tuple(periodic.tolist()))
    return Structure(lattice, atoms.numbers.tolist(), atoms.get_scaled_positions(wrap=False))


def _properties(atoms: Atoms) -> dict[str, Any]:
    """Return the properties of a frame, the energy per atom and the label among them."""
    properties = dict(atoms.info)
    results = atoms.calc.results if atoms.calc is not None else {}
    if 'energy' in results:
        properties['energy'] = float(results['energy']) / len(atoms)
    elif 'energy_per_atom' in properties:
        properties['energy'] = properties.pop('energy_per_atom')
    label = next((properties[name] for name in _LABELS if name in properties), None)
    return properties if label is None else {**properties, 'label': label}


def _read_json(text: str) -> Iterator[tuple[Structure, dict[str, Any]]]:
    """Yield the structures, or entries with a structure and an energy, in pymatgen's JSON."""
    content = json.loads(text)
    for one in content if isinstance(content, list) else [content]:
        structure = structure_from_json(one.get('structure', one))
        properties: dict[str, Any] = {}
        if 'energy' in one:
            total = one['energy'] + (one.get('correction') or 0.0)
            properties['energy'] = total / len(structure)
        label = one.get('entry_id') or one.get('material_id')
        if label:
            properties['label'] = str(label)
        yield structure, properties


def _units(found: Sequence[Found]) -> dict[str, str]:
    """Return the units of the properties: those that the files state, and that of the energy."""
    stated: dict[str, str] = {}
    for one in found:
        units = one.properties.get('units')
        if isinstance(units, dict):
            stated.update({str(name): str(unit) for name, unit in units.items()})
    return {**stated, 'energy': 'eV/atom'}
