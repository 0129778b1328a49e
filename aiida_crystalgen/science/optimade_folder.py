"""A folder of crystals that optimade-maker serves as an OPTIMADE interface."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import yaml

from aiida_crystalgen.science.crystals import Column, CrystalSet
from aiida_crystalgen.science.export import facts_of_crystal, write_cifs
from aiida_crystalgen.science.progress import Progress, silent

__all__ = ('write_optimade_folder',)

_CONFIGURATION_VERSION = '0.2.0'  # that optimade-maker 1.0 reads
_TYPES = {'b': 'boolean', 'i': 'integer', 'u': 'integer', 'f': 'float', 'U': 'string'}

_DESCRIPTIONS = {
    'emulated': 'Whether a stand-in for a program gave the energies or verdicts.',
    'energy': 'Energy per atom by the engine named in the property engine.',
    'energy_above_hull': 'Energy per atom above the convex hull of known crystals.',
    'energy_above_lowest': 'Energy per atom above the lowest crystal of the composition.',
    'engine': 'What gave the energies, with its package and version.',
    'generator': 'Generator that proposed the crystal.',
    'known': 'Known crystal that it is equal to, empty for a new one.',
    'label': 'Rank by energy within the search.',
    'record': 'UUID of its record in the provenance graph.',
    'search': 'UUID of the search in the provenance graph.',
    'space_group': 'Number of the space group.',
    'space_group_symbol': 'Hermann-Mauguin symbol of the space group.',
    'stability': 'Verdicts of phonons and elastic constants.',
    'structure': 'UUID of the crystal in the provenance graph.',
}


def write_optimade_folder(
    crystals: CrystalSet,
    folder: Path,
    description: str,
    *,
    identifier: str,
    progress: Progress = silent,
) -> None:
    """Write CIFs, their properties and ``optimade.yaml``, for ``optimake convert`` and ``serve``.

    :param folder: made if it does not exist.
    :param description: of the collection.
    :param identifier: column that names the entries, in letters, digits, '-' and '_'.
    :raises ValueError: if there are no crystals, or two have the same identifier.
    """
    names = [str(name) for name in crystals[identifier]]
    if not names or len({*names}) < len(names):
        raise ValueError(f"{len(names)} crystals have {len({*names})} different '{identifier}'")
    if wrong := [name for name in names if not re.fullmatch(r'[\w-]+', name)]:
        raise ValueError(f"'{wrong[0]}' cannot name an entry; use letters, digits, '-' and '_'")
    write_cifs(crystals, folder / 'structures', names=names, progress=progress)
    properties = {name: facts_of_crystal(crystals, row) for row, name in enumerate(names)}
    text = json.dumps(properties, indent=1, ensure_ascii=False, allow_nan=False)
    (folder / 'properties.json').write_text(f'{text}\n', encoding='utf-8')
    defined = [
        _definition(name, column)
        for name, column in crystals.columns.items()
        if column.values.ndim == 1
    ]
    entries = {
        'entry_type': 'structures',
        'entry_paths': [{'path': 'structures', 'matches': [f'{name}.cif' for name in names]}],
        'property_paths': [{'path': 'properties.json'}],
        'property_definitions': defined,
    }
    configuration = {
        'config_version': _CONFIGURATION_VERSION,
        'database_description': description,
        'entries': [entries],
    }
    with (folder / 'optimade.yaml').open('w', encoding='utf-8') as handle:
        yaml.safe_dump(configuration, handle, sort_keys=False, allow_unicode=True)


def _definition(name: str, column: Column) -> dict[str, Any]:
    """Return what OPTIMADE has to know of a property."""
    definition = {
        'name': name,
        'title': name.replace('_', ' '),
        'description': _DESCRIPTIONS.get(name, f'{name.replace("_", " ").capitalize()}.'),
        'type': _TYPES[column.values.dtype.kind],
    }
    return {**definition, 'unit': column.unit} if column.unit else definition
