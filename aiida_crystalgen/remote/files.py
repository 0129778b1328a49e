"""The files that a job reads and writes; imported by both sides, so that they cannot drift."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import numpy as np

from aiida_crystalgen.science.crystals import Column, CrystalSet

__all__ = (
    'CHECKPOINT',
    'CRYSTALS',
    'JOB',
    'PARTIAL',
    'PARTIAL_TRAINING',
    'PARTIAL_TRAJECTORY',
    'PROGRESS',
    'PROPOSALS',
    'RELAXED',
    'RESULT',
    'START',
    'TEMPLATES',
    'TRAJECTORY',
    'read_crystals',
    'replace_file',
    'write_crystals',
    'write_json',
)

JOB = 'job.json'
CRYSTALS = 'crystals.npz'
CHECKPOINT = 'checkpoint.safetensors'
START = 'start.safetensors'
TEMPLATES = 'templates.npz'
PROPOSALS = 'proposals.npz'
RELAXED = 'relaxed.npz'
TRAJECTORY = 'trajectory.npz'
# What a job that is cut short has done; the next one finds it under the same name.
PARTIAL = 'partial.npz'
PARTIAL_TRAJECTORY = 'partial_trajectory.npz'
PARTIAL_TRAINING = 'partial.safetensors'
PROGRESS = 'progress.json'
RESULT = 'result.json'

_COLUMN = 'column.'
_ATOM_COLUMN = 'atom_column.'
_ARRAYS = ('lattices', 'fractional_coordinates', 'atomic_numbers', 'counts')


def write_crystals(crystals: CrystalSet, file: IO[bytes] | Path) -> None:
    """Write a set of crystals as an npz archive that holds no pickle."""
    header = {
        'units': {name: column.unit for name, column in crystals.columns.items()},
        'atom_units': {name: column.unit for name, column in crystals.atom_columns.items()},
        'metadata': dict(crystals.metadata),
        'periodic': crystals.periodic,
    }
    arrays = {name: getattr(crystals, name) for name in _ARRAYS}
    columns = {_COLUMN + name: column.values for name, column in crystals.columns.items()}
    for name, column in crystals.atom_columns.items():
        columns[_ATOM_COLUMN + name] = column.values
    text = np.frombuffer(json.dumps(header).encode(), dtype=np.uint8)
    np.savez(file, allow_pickle=False, header=text, **arrays, **columns)


def read_crystals(path: Path) -> CrystalSet:
    """Return the set of crystals that `write_crystals` wrote.

    :raises ValueError: if the archive is cut off, or holds something else.
    """
    from zipfile import BadZipFile

    try:
        with path.open('rb') as file, np.load(file, allow_pickle=False) as archive:
            content = {name: archive[name] for name in archive.files}
        header = json.loads(content['header'].tobytes())
        return CrystalSet(
            **{name: content[name] for name in _ARRAYS},
            columns={
                name: Column(content[_COLUMN + name], unit)
                for name, unit in header['units'].items()
            },
            atom_columns={
                name: Column(content[_ATOM_COLUMN + name], unit)
                for name, unit in header['atom_units'].items()
            },
            metadata=header['metadata'],
            periodic=header['periodic'],
        )
    except (BadZipFile, EOFError, KeyError, OSError) as exception:
        raise ValueError(f'the file holds no readable set of crystals: {exception}') from exception


def write_json(content: dict[str, Any], path: Path) -> None:
    """Write the file whole or not at all, so that a reader never sees half of it."""
    text = json.dumps(content, allow_nan=False)
    replace_file(path, lambda unfinished: unfinished.write_text(text))


def replace_file(path: Path, write: Callable[[Path], object]) -> None:
    """Put what ``write`` writes to another path in the place of a file, once it is whole."""
    unfinished = path.with_name(f'unfinished-{path.name}')
    write(unfinished)
    unfinished.replace(path)
