"""What each key of a protocol means, from the comments in its file and the settings it becomes."""

from __future__ import annotations

import inspect
import re
import types
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, Union, get_args, get_origin

import yaml
from pydantic import TypeAdapter
from pydantic.fields import FieldInfo

from aiida_crystalgen.science.settings import Settings
from aiida_crystalgen.workflows.protocol import protocol_path
from aiida_crystalgen.workflows.protocol_settings import Models, settings_models

__all__ = ('ProtocolKey', 'describe_fields', 'protocol_keys', 'schema_of_settings')

_COMMENT = re.compile(r'(?:^|\s)#\s?(.*)$')
_WORD = re.compile(r'^[a-z]+\b(?!/)')  # eV/atom keeps its small letter
_PARAMETER = re.compile(r':param (\w+): (.*?)(?=\n\s*:|\Z)', re.DOTALL)

# Those who know what their keys mean.
_FOREIGN = {
    'incar': 'a tag of VASP',
    'ladder': 'a tag of VASP',
    'options': "an option of AiiDA's jobs",
    'parameters': 'a namelist or a keyword of pw.x',
}


@dataclass(frozen=True)
class ProtocolKey:
    """One key of a protocol.

    :param path: dotted, from the top of the inputs.
    :param default: its value before any protocol changes it.
    :param meaning: what the settings say that it is, or whose key it is.
    :param comment: what stands beside it in the file: unit, source, reason.
    :param schema: JSON schema of its values.
    :param keys: those below it, none if its value is no mapping, or one of free keys.
    """

    path: str
    default: Any
    meaning: str
    comment: str
    schema: Mapping[str, Any]
    keys: tuple[ProtocolKey, ...]

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rpartition('.')[2]

    @property
    def description(self) -> str:
        """Meaning and comment as one text, without a comment that only repeats the meaning."""
        comment = '' if self.comment.lower() in self.meaning.lower() else self.comment
        sentences = [one.strip().rstrip('.:') for one in (self.meaning, comment) if one]
        return ' '.join(f'{_WORD.sub(_capital, one, count=1)}.' for one in sentences)

    def all_keys(self) -> Iterator[ProtocolKey]:
        """Yield this key and all below it."""
        yield self
        for key in self.keys:
            yield from key.all_keys()


@cache
def protocol_keys(name: str) -> tuple[ProtocolKey, ...]:
    """Return the keys of a protocol in the order of its file.

    :param name: of the protocol file, as in 'search' or 'train/rdf_vae'.
    """
    text = protocol_path(name).read_text(encoding='utf-8')
    root: Any = yaml.compose(text, Loader=yaml.SafeLoader)
    inputs = next(value for key, value in root.value if key.value == 'default_inputs')
    reader = _Reader(text.splitlines(), settings_models(name))
    return tuple(reader.keys(inputs, ''))


def describe_fields(model: type[Settings]) -> dict[str, str]:
    """Return what each field of some settings is, from their docstring and those they inherit."""
    documented = [inspect.getdoc(one) or '' for one in reversed(model.__mro__)]
    found = {key: ' '.join(text.split()) for doc in documented for key, text in _params(doc)}
    return {key: text for key, text in found.items() if key in model.model_fields}


def schema_of_settings(model: type[Settings]) -> dict[str, Any]:
    """Return the JSON schema of some settings, each field described."""
    meanings = describe_fields(model)
    properties = {}
    for name, field in model.model_fields.items():
        properties[name] = {'description': meanings.get(name, ''), **_schema_of_field(field)}
    required = [name for name, field in model.model_fields.items() if field.is_required()]
    return {
        'type': 'object',
        'description': _summary(model),
        'properties': properties,
        'additionalProperties': False,
        'required': required,
    }


class _Reader:
    """Reads the keys of one protocol file.

    :param lines: of the file.
    :param models: settings of the mapping at each path.
    """

    def __init__(self, lines: list[str], models: Mapping[str, Models]) -> None:
        self.lines = lines
        self.models = models

    def keys(self, node: yaml.MappingNode, path: str) -> Iterator[ProtocolKey]:
        """Yield the keys of a mapping."""
        for name, value in node.value:
            where = f'{path}.{name.value}' if path else name.value
            yield self._key(name, value, where)

    def _key(self, name: yaml.ScalarNode, value: yaml.Node, where: str) -> ProtocolKey:
        """Return a key and those below it."""
        default = yaml.safe_load(yaml.serialize(value, Dumper=yaml.SafeDumper))
        model, field = self._field(where)
        inner = self.models.get(where) or _models_in(field)
        below: tuple[ProtocolKey, ...] = ()
        if isinstance(value, yaml.MappingNode) and value.value and (inner or not value.flow_style):
            self.models = {**self.models, where: inner}
            below = tuple(self.keys(value, where))
        schema = _schema_of(default, field, inner, below)
        meaning = describe_fields(model).get(field[0], '') if model and field else ''
        if not meaning and inner:
            meaning = _summary(inner[0])
        for name_above in where.split('.')[:-1]:
            meaning = meaning or _FOREIGN.get(name_above, '')
        return ProtocolKey(where, default, meaning, self._comment(name), schema, below)

    def _field(self, path: str) -> tuple[type[Settings] | None, tuple[str, FieldInfo] | None]:
        """Return the settings that a key belongs to, and its name and field there.

        A key of a mapping without settings of its own, as ``volume.tolerance``, may be the field
        ``volume_tolerance`` of the settings around it.
        """
        parent, _, name = path.rpartition('.')
        candidates = [(self.models.get(parent, ()), name)]
        if not self.models.get(parent):
            candidates.append((self.models.get('', ()), path.replace('.', '_')))
        for models, field in candidates:
            for model in models:
                if field in model.model_fields:
                    return model, (field, model.model_fields[field])
        return None, None

    def _comment(self, key: yaml.ScalarNode) -> str:
        """Return the comment above, beside and below a key."""
        row, column = key.start_mark.line, key.start_mark.column
        above: list[str] = []
        while (line := self.lines[row - 1 - len(above)]).startswith(' ' * column + '#'):
            above.append(line.strip('# '))
        beside = _COMMENT.search(self.lines[row])
        texts = [*reversed(above)]
        if beside:
            place = beside.start(1)
            texts.append(beside[1])
            for line in self.lines[row + 1 :]:
                if not re.fullmatch(rf'\s{{{place - 2}}}#\s.*', line):
                    break
                texts.append(line.strip('# '))
        return ' '.join(texts).strip()


def _summary(model: type[Settings]) -> str:
    """Return the first line of the docstring of some settings."""
    return (inspect.getdoc(model) or '').partition('\n')[0]


def _capital(found: re.Match[str]) -> str:
    """Return a word with a capital."""
    return found[0].capitalize()


def _params(docstring: str) -> list[tuple[str, str]]:
    """Return the names and texts of the parameters that a docstring describes."""
    return _PARAMETER.findall(docstring)


def _models_in(field: tuple[str, FieldInfo] | None) -> Models:
    """Return the settings among the types of a field."""
    return () if field is None else _settings_types(field[1].annotation)


def _settings_types(annotation: Any) -> Models:
    """Return the settings in an annotation, as those in ``VerdictSettings | None``."""
    types_in = [annotation, *get_args(annotation)]
    return tuple(one for one in types_in if inspect.isclass(one) and issubclass(one, Settings))


def _schema_of_field(field: FieldInfo) -> dict[str, Any]:
    """Return the JSON schema of a field."""
    inner = _settings_types(field.annotation)
    if not inner:
        annotated: Any = Annotated[field.annotation, field]
        return TypeAdapter(annotated).json_schema()
    schema = schema_of_settings(inner[0])
    if get_origin(field.annotation) in {Union, types.UnionType}:
        return {'anyOf': [schema, {'type': 'null'}]}
    if get_origin(field.annotation) is tuple:
        return {'type': 'array', 'items': schema}
    return schema


def _schema_of(
    default: Any,
    field: tuple[str, FieldInfo] | None,
    inner: Models,
    below: tuple[ProtocolKey, ...],
) -> dict[str, Any]:
    """Return the JSON schema of the values of a key, a partial one of a mapping with known keys."""
    if below:
        properties = {key.name: {'description': key.description, **key.schema} for key in below}
        return {'type': 'object', 'properties': properties, 'additionalProperties': False}
    if field is not None:
        schema = _schema_of_field(field[1])
    elif inner:
        schema = schema_of_settings(inner[0])
        schema = {'type': 'array', 'items': schema} if isinstance(default, list) else schema
    else:
        return _schema_of_value(default)
    return schema if default is not None else _or_null(schema)


def _schema_of_value(default: Any) -> dict[str, Any]:
    """Return the JSON schema of values like this one."""
    kinds = {bool: 'boolean', int: 'number', float: 'number', str: 'string', list: 'array'}
    if default is None:
        return {}
    return {'type': kinds.get(type(default), 'object')}


def _or_null(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of the same values or nothing."""
    if {'type': 'null'} in schema.get('anyOf', []):
        return schema
    return {'anyOf': [schema, {'type': 'null'}]}
