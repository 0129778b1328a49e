"""Ports and exit codes of the processes."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from importlib.metadata import entry_points
from typing import Any

from aiida.engine import Process
from plumpy.ports import PortNamespace

from generated.markdown import prose, table

__all__ = ('processes',)

_OF_ALL = {'metadata', 'monitors', 'remote_folder', 'retrieved', 'remote_stash'}


def processes() -> Iterator[str]:
    """Yield the ports and exit codes of every process."""
    for group in ('aiida.workflows', 'aiida.calculations'):
        for entry in sorted(entry_points(group=group), key=lambda one: one.name):
            if entry.name.startswith('crystalgen.'):
                yield from _process(entry.name, entry.load())


def _process(name: str, process: type[Process]) -> Iterator[str]:
    """Yield one process."""
    yield f'## {name}\n\n`{process.__module__}.{process.__name__}`\n'
    yield prose(inspect.getdoc(process) or '')
    spec = process.spec()
    for title, namespace in (('inputs', spec.inputs), ('outputs', spec.outputs)):
        yield f'\n### {name}: {title}\n'
        rows = list(_ports(namespace, ''))
        yield from table(('port', 'type', '', 'what it is'), rows)
    yield f'\n### {name}: exit codes\n'
    rows = [
        (str(code.status), f'`{label}`', prose(code.message))
        for label, code in sorted(spec.exit_codes.items(), key=lambda one: one[1].status)
        if label not in Process.spec().exit_codes
    ]
    yield from table(('status', 'label', 'message'), rows)


def _ports(namespace: PortNamespace, path: str) -> Iterator[tuple[str, ...]]:
    """Yield a row for each port, but for those that every process of AiiDA has."""
    for name, port in namespace.items():
        where = f'{path}{name}'
        if name in _OF_ALL:
            continue
        needed = 'required' if port.required else ''
        if isinstance(port, PortNamespace):
            if port.dynamic or port.help:
                yield f'`{where}`', 'namespace', needed, prose(port.help or '')
            yield from _ports(port, f'{where}.')
        else:
            yield f'`{where}`', _types(port.valid_type), needed, prose(port.help or '')


def _types(valid: Any) -> str:
    """Return the names of the node types that a port takes."""
    kinds = valid if isinstance(valid, tuple) else (valid,)
    return ', '.join(f'`{one.__name__}`' for one in kinds if one not in {None, type(None)})
