"""The JSON schema of search files, from the protocols and the settings that their keys become."""

from __future__ import annotations

from typing import Any

from aiida_crystalgen.science.generators.interface import generator_names
from aiida_crystalgen.science.potentials.interface import potential_names
from aiida_crystalgen.workflows.protocol import available_protocols, has_protocols
from aiida_crystalgen.workflows.protocol_keys import (
    ProtocolKey,
    protocol_keys,
    schema_of_settings,
)

__all__ = ('search_schema',)


def search_schema() -> dict[str, Any]:
    """Return the JSON schema of a search file.

    It knows keys, kinds, ranges and names of what is installed. What depends on several keys, or on
    the database, `aiida-crystalgen search check` alone can tell.
    """
    properties = _object(protocol_keys('search'))['properties']
    properties['relax'] = _nested('relax', properties['relax'])
    properties['relax']['properties']['potential']['enum'] = potential_names()
    _complete_generators(properties['generators']['items'])
    own = _own_keys()
    return {
        '$schema': 'https://json-schema.org/draft/2020-12/schema',
        'title': 'Search file of aiida-crystalgen',
        'type': 'object',
        'properties': {**own, **properties},
        'additionalProperties': False,
        'required': ['composition', 'references'],
    }


def _object(keys: tuple[ProtocolKey, ...]) -> dict[str, Any]:
    """Return the schema of a mapping with these keys, none of which is required."""
    properties = {
        key.name: {**key.schema, 'description': key.description, 'default': key.default}
        for key in keys
    }
    return {'type': 'object', 'properties': properties, 'additionalProperties': False}


def _nested(protocol: str, key: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a key whose own keys are those of another protocol."""
    return {**key, **_object(protocol_keys(protocol))}


def _complete_generators(item: dict[str, Any]) -> None:
    """Name the methods there are in an entry of the list of generators, and their settings."""
    names = generator_names()
    item['properties']['method']['enum'] = names
    settings = {name: _settings(name) for name in names}
    item['allOf'] = [
        {
            'if': {'properties': {'method': {'const': name}}},
            'then': {'properties': properties},
        }
        for name, properties in settings.items()
        if properties
    ]


def _settings(method: str) -> dict[str, Any]:
    """Return the schemas of the settings that a method has."""
    protocols = {'settings': f'train/{method}', 'proposing': f'propose/{method}'}
    return {
        key: _object(protocol_keys(name)) for key, name in protocols.items() if has_protocols(name)
    }


def _own_keys() -> dict[str, dict[str, Any]]:
    """Return the schemas of the keys that are no numbers of the protocol."""
    from aiida_crystalgen.workflows.specification import ChemicalSystem

    formula = {'type': 'string', 'minLength': 1}
    dataset = {'description': 'Label, PK or UUID.', 'type': ['string', 'integer']}
    system = schema_of_settings(ChemicalSystem)
    named = {
        'type': 'object',
        'properties': {'dataset': dataset},
        'required': ['dataset'],
        'additionalProperties': False,
    }
    return {
        'composition': {
            'description': 'Formula unit, as in SnSe; or a chemical system, as in Li-Mn-Ge or '
            'Li-*, for generators that choose formulas themselves; or a list of them; or all '
            'formula units of a chemical system up to a size, as in {system: [Sn, Se], atoms: 6}.',
            'anyOf': [formula, {'type': 'array', 'items': formula, 'minItems': 1}, system],
        },
        'references': {
            'description': 'Label, PK or UUID of the dataset of known crystals, as in '
            '{dataset: snse-known}.',
            'anyOf': [dataset, named],
        },
        'training': {
            'description': 'Label, PK or UUID of the dataset that models learn from, as in '
            '{dataset: carbon-trajectories}; they learn from the references without it.',
            'anyOf': [dataset, named],
        },
        'protocol': {
            'description': 'Where the values of all keys come from that are not given.',
            'enum': list(available_protocols('search')),
        },
        'code': {
            'description': 'Label of the code whose executable is crystalgen-run; without one '
            "every step runs in the daemon's own process.",
            'type': 'string',
        },
        'label': {'description': 'What to call the search.', 'type': 'string'},
    }
