"""Protocols: every tunable number of a work chain, in YAML files."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from functools import cache
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import yaml

from aiida_crystalgen.science.settings import closest

__all__ = ('available_protocols', 'has_protocols', 'protocol_inputs', 'protocol_path')


def protocol_path(name: str) -> Path:
    """Return where a protocol file is, or would be.

    Those of a generator from another package lie beside the module of its class: that of its
    training under its name, that of its proposing as ``<name>_propose.yaml``.
    """
    own = Path(__file__).parent / 'protocols' / f'{name}.yaml'
    kind, _, method = name.partition('/')
    found = entry_points(group='aiida_crystalgen.generators', name=method)
    file_name = {'train': f'{method}.yaml', 'propose': f'{method}_propose.yaml'}.get(kind)
    if file_name is None or own.is_file() or not found:
        return own
    module = find_spec(next(iter(found)).module)
    origin = None if module is None else module.origin
    return own if origin is None else Path(origin).with_name(file_name)


@cache
def _read(name: str) -> dict[str, Any]:
    """Return the content of a protocol file."""
    return yaml.safe_load(protocol_path(name).read_text(encoding='utf-8'))


def has_protocols(name: str) -> bool:
    """Return whether there is a protocol file of this name, as there is for all that can learn."""
    return protocol_path(name).is_file()


def available_protocols(name: str) -> dict[str, str]:
    """Return the protocols in the file ``name``, each with its description."""
    return {key: one['description'] for key, one in _read(name)['protocols'].items()}


def protocol_inputs(
    name: str,
    protocol: str | None = None,
    overrides: Mapping[str, Any] | None = None,
    where: str = '',
) -> dict[str, Any]:
    """Return the inputs that a protocol gives, changed by ``overrides``.

    :param name: of the protocol file, as in 'search' or 'train/rdf_vae'.
    :param protocol: the default of the file if None.
    :param where: dotted path of the overrides in what the user wrote, for messages.
    :raises ValueError: if there is no such protocol, or an override names an unknown key.
    """
    content = _read(name)
    chosen = protocol or content['default_protocol']
    if chosen not in content['protocols']:
        known = list(content['protocols'])
        raise ValueError(f"unknown protocol '{chosen}' of {name}. {closest(chosen, known)}")
    differences = {
        key: value for key, value in content['protocols'][chosen].items() if key != 'description'
    }
    inputs = _merge(content['default_inputs'], differences, where)
    # Callers may change what they get; the files are read once.
    return deepcopy(_merge(inputs, overrides or {}, where))


def _merge(inputs: Mapping[str, Any], overrides: Mapping[str, Any], path: str) -> dict[str, Any]:
    """Return the inputs with those of ``overrides`` in place of theirs, to any depth.

    A mapping that is empty in the inputs takes any keys: these are chosen by the user.

    :param path: dotted path of the inputs, for messages.
    :raises ValueError: if an override names a key that the inputs have not.
    """
    result = dict(inputs)
    for key, value in overrides.items():
        where = f'{path}.{key}' if path else str(key)
        if inputs and key not in inputs:
            raise ValueError(f"unknown key '{where}'. {closest(str(key), list(inputs))}")
        old = inputs.get(key)
        if isinstance(old, Mapping) and old:
            if not isinstance(value, Mapping):
                raise ValueError(f"'{where}' is {value!r}; it must be a mapping of keys to values")
            result[key] = _merge(old, value, where)
        else:
            result[key] = value
    return result
