"""Protocols and search files, key by key."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

from aiida_crystalgen.workflows.protocol import available_protocols, protocol_inputs, protocol_path
from aiida_crystalgen.workflows.protocol_keys import ProtocolKey, protocol_keys
from aiida_crystalgen.workflows.search_schema import search_schema
from generated.markdown import code, definition, prose, table

__all__ = ('PROTOCOLS', 'protocols', 'search_file')

_KINDS = {
    'object': 'mapping',
    'integer': 'whole number',
    'string': 'text',
    'boolean': 'true or false',
}
PROTOCOLS = (
    'search',
    'relax',
    'verify',
    'relax_vasp',
    'relax_quantumespresso',
    'phonon',
    'elastic',
    'references',
    'characterization',
    'trajectories',
    'train/rdf_vae',
    'propose/rdf_vae',
    'train/acsf_cvae',
    'propose/acsf_cvae',
    'train/site_network',
    'propose/site_network',
    'train/score_langevin',
    'propose/score_langevin',
    'evaluate',
)


def protocols() -> Iterator[str]:
    """Yield every protocol with all of its keys."""
    for name in PROTOCOLS:
        yield f'## {name}\n'
        yield f'{prose(_preamble(name))}\n'
        rows = [(f'`{key}`', text) for key, text in available_protocols(name).items()]
        yield from table(('protocol', ''), rows)
        for key in protocol_keys(name):
            yield from _definitions(key)
        yield from _differences(name)


def _preamble(name: str) -> str:
    """Return the comment at the head of a protocol file."""
    lines = protocol_path(name).read_text(encoding='utf-8').splitlines()
    head = itertools.takewhile(lambda line: line.startswith('#'), lines)
    return ' '.join(line.strip('# ') for line in head)


def _definitions(key: ProtocolKey) -> Iterator[str]:
    """Yield what a key and each of those below it is."""
    default = '' if key.keys else code(key.default)
    facts = f'{default} {prose(key.comment)}'.strip()
    yield from definition(key.path, [facts], prose(key.meaning))
    for below in key.keys:
        yield from _definitions(below)


def _differences(name: str) -> Iterator[str]:
    """Yield what the protocols change of the defaults."""
    default = _flat(protocol_inputs(name, 'balanced'))
    others = {one: _flat(protocol_inputs(name, one)) for one in available_protocols(name)}
    changed = [key for key in default if any(one[key] != default[key] for one in others.values())]
    rows = [(f'`{key}`', *(code(one[key]) for one in others.values())) for key in changed]
    if rows:
        yield 'Where they differ:\n'
        yield from table(('key', *others), rows)


def _flat(values: Any, path: str = '') -> dict[str, Any]:
    """Return the values of a nested mapping by their dotted paths."""
    if not (isinstance(values, dict) and values):
        return {path: values}
    below = ((f'{path}.{key}' if path else str(key), one) for key, one in values.items())
    return {name: one for where, value in below for name, one in _flat(value, where).items()}


def search_file() -> Iterator[str]:
    """Yield the keys of a search file."""
    yield from _properties(search_schema(), '')


def _properties(schema: dict[str, Any], path: str) -> Iterator[str]:
    """Yield what each key of an object, and of those inside it, is."""
    for name, one in schema.get('properties', {}).items():
        where = f'{path}{name}'
        has_default = one.get('default') is not None and not _objects(one)
        default = f'default {code(one["default"])}' if has_default else ''
        text = one.get('description', '')
        yield from definition(where, [_values(one), default], prose(text[:1].upper() + text[1:]))
        for inner in _objects(one):
            yield from _properties(inner, f'{where}.')


def _objects(schema: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the objects with known keys that a value may be, or be a list of."""
    choices = [*schema.get('anyOf', [schema]), schema.get('items', {})]
    return [one for one in choices if one.get('properties')]


def _values(schema: dict[str, Any]) -> str:
    """Return in words what a value may be."""
    if 'enum' in schema:
        return ', '.join(f'`{one}`' for one in schema['enum'])
    if 'anyOf' in schema:
        return ' or '.join(dict.fromkeys(_values(one) for one in schema['anyOf']))
    kind = schema.get('type', 'any')
    if kind == 'array':
        items = schema.get('items', {})
        return f'list of {_values(items)}' if items else 'list'
    names = {
        'object': 'mapping',
        'integer': 'whole number',
        'string': 'text',
        'boolean': 'yes or no',
    }
    words = [names.get(one, one) for one in (kind if isinstance(kind, list) else [kind])]
    signs = {'minimum': '≥', 'exclusiveMinimum': '>', 'maximum': '≤', 'exclusiveMaximum': '<'}
    limits = [f'{sign} {schema[key]}' for key, sign in signs.items() if schema.get(key, 1e9) < 1e9]
    return ', '.join([' or '.join(words), *limits])
