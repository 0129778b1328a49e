"""Crystals from files: CIF, POSCAR, extended XYZ, and structures that pymatgen wrote as JSON."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms
from pymatgen.core import Lattice, Structure

from aiida_crystalgen.science.crystals import CrystalSet
from aiida_crystalgen.science.progress import Progress, silent
from aiida_crystalgen.science.sources.acceptance import Found, accept

__all__ = ('read_files',)

# What parsers of other packages raise over a file that is not what its name says.
_UNREADABLE = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    LookupError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
    Warning,
)
_LABELS = ('label', 'material_id', 'mp_id', 'id', 'name')


def read_files(
    paths: Sequence[Path], *, shortest_distance: float, progress: Progress = silent
) -> CrystalSet:
    """Return the crystals in files and folders, folders with all that is below them.

    A crystal is labelled by its file, and by its place in it where the file holds several. Numbers
    and texts of extended XYZ become columns where all crystals have them; ``energy`` is then in
    eV/atom. ``metadata['source']`` holds the SHA-256 of each file, and why crystals were rejected.

    :param paths: files of known type, and folders, of which files of other types are left out.
    :param shortest_distance: crystals with atoms closer than this are rejected, in Å.
    :raises ValueError: if a path does not exist, or nothing in the files can be used.
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
    """Return what an error says in one line."""
    lines = str(exception).strip().splitlines()
    return f'{type(exception).__name__}: {lines[0]}' if lines else type(exception).__name__


def _find(paths: Sequence[Path]) -> dict[str, Path]:
    """Return all files, sorted, by their names relative to the folder that holds all of them.

    :raises ValueError: if a path does not exist.
    """
    files = set()
    roots = []
    for path in paths:
        if path.is_dir():
            roots.append(path.resolve())
            inside = (one for one in path.rglob('*') if one.is_file() and _reader(one.name))
            files.update(one.resolve() for one in inside)
        elif path.is_file():
            roots.append(path.resolve().parent)
            files.add(path.resolve())
        else:
            raise ValueError(f'{path} is neither a file nor a folder')
    root = os.path.commonpath(roots) if roots else ''
    return {name: Path(root, name) for name in sorted(os.path.relpath(one, root) for one in files)}


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
    """Return ASE's atoms as a structure.

    :raises ValueError: if they have no cell.
    """
    if atoms.cell.rank < 3:
        raise ValueError(f'its cell has {atoms.cell.rank} of 3 lattice vectors')
    lattice = Lattice(np.asarray(atoms.cell), pbc=tuple(bool(one) for one in atoms.pbc))
    return Structure(lattice, atoms.numbers.tolist(), atoms.get_scaled_positions(wrap=False))


def _properties(atoms: Atoms) -> dict[str, Any]:
    """Return the properties of a frame, the energy per atom and the label among them."""
    properties = {name: value for name, value in atoms.info.items() if not isinstance(value, dict)}
    results = atoms.calc.results if atoms.calc is not None else {}
    if 'energy' in results:
        properties['energy'] = float(results['energy']) / len(atoms)
    elif 'energy_per_atom' in properties:
        properties['energy'] = properties.pop('energy_per_atom')
    label = next((properties[name] for name in _LABELS if name in properties), None)
    return properties if label is None else {**properties, 'label': label}


def _read_json(text: str) -> Iterator[tuple[Structure, dict[str, Any]]]:
    """Yield the structures, or entries with a structure and an energy, in pymatgen's JSON.

    Only geometry and energy are read: pymatgen's own decoder would import any module that the file
    names.
    """
    content = json.loads(text)
    for one in content if isinstance(content, list) else [content]:
        structure = one.get('structure', one)
        lattice = Lattice(
            structure['lattice']['matrix'],
            pbc=tuple(structure['lattice'].get('pbc', (True, True, True))),
        )
        species = [
            {kind['element']: kind['occu'] for kind in site['species']}
            for site in structure['sites']
        ]
        positions = [site['abc'] for site in structure['sites']]
        properties = {}
        if 'energy' in one:
            energy = one['energy'] + (one.get('correction') or 0.0)
            properties['energy'] = energy / len(species)
        label = one.get('entry_id') or one.get('material_id')
        yield (
            Structure(lattice, species, positions),
            {**properties, 'label': str(label)} if label else properties,
        )


def _units(found: Sequence[Found]) -> dict[str, str]:
    """Return the units of the properties: those that the files state, and that of the energy."""
    stated: dict[str, str] = {}
    for one in found:
        stated.update(one.properties.get('units', {}))
    return {**stated, 'energy': 'eV/atom'}
