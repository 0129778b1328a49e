"""Search files: what a user asks for in YAML, every complaint with the line that it is about."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from aiida_crystalgen.science.settings import closest
from aiida_crystalgen.workflows.protocol import protocol_inputs

__all__ = ('SearchRequest', 'read_search_file')

_DATASETS = ('references', 'training')
_OWN = ('composition', *_DATASETS, 'protocol', 'code', 'label')
_QUOTED = re.compile(r"'([^']+)'")


@dataclass(frozen=True)
class SearchRequest:
    """What a user asks for.

    :param composition: formula unit, a list of them, or a chemical system as a mapping.
    :param references: label, PK or UUID of a dataset.
    :param training: the same, of what models learn from; they learn from the references if None.
    :param protocol: the default if None.
    :param code: label of the code, None to work in the daemon's own process.
    :param overrides: what differs from the protocol.
    :param path: of the search file, None without one.
    :param lines: number of the line of each key, by its dotted path, and of each value that is
        there only once.
    """

    composition: Any = None
    references: str | None = None
    training: str | None = None
    protocol: str | None = None
    code: str | None = None
    label: str = ''
    overrides: Mapping[str, Any] = field(default_factory=dict)
    path: Path | None = None
    lines: Mapping[str, int] = field(default_factory=dict)

    @contextmanager
    def complaints(self) -> Iterator[None]:
        """Say where in the file the cause of an error of the block is.

        :raises ValueError: as the block does, its message preceded by file and line.
        """
        try:
            yield
        except ValueError as exception:
            if self.path is None:
                raise
            raise ValueError(
                f'{self.path}{self._place(str(exception))}: {exception}'
            ) from exception

    def _place(self, message: str) -> str:
        """Return the line that a message is about, as text, or nothing if none is known."""
        for name in _QUOTED.findall(message):
            # Of a key that has no line of its own, such as a default, its parent may have one.
            while name:
                if name in self.lines:
                    return f', line {self.lines[name]}'
                name = name.rpartition('.')[0]  # noqa: PLW2901
        return ''


def read_search_file(path: Path) -> SearchRequest:
    """Return what a search file asks for.

    :raises ValueError: if it is no YAML, or a key is unknown or given twice.
    """
    text = path.read_text(encoding='utf-8')
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        content = yaml.safe_load(text)
    except yaml.MarkedYAMLError as exception:
        mark = exception.problem_mark or exception.context_mark
        line = f', line {mark.line + 1}' if mark else ''
        raise ValueError(f'{path}{line}: this is no YAML: {exception.problem}') from None
    if not isinstance(root, yaml.MappingNode):
        raise ValueError(f"{path}: a search file needs keys and values, as in 'composition: SnSe'")
    try:
        request = SearchRequest(path=path, lines=_lines(root))
    except ValueError as exception:
        raise ValueError(f'{path}: {exception}') from None
    with request.complaints():
        return _fill(request, content)


def _fill(request: SearchRequest, content: Mapping[str, Any]) -> SearchRequest:
    """Return the request with what the file says.

    :raises ValueError: if a key is unknown, or its value is of the wrong kind.
    """
    known = [*_OWN, *protocol_inputs('search')]
    for key in content:
        if key not in known:
            raise ValueError(f"unknown key '{key}'. {closest(str(key), known)}")
    own = {key: content[key] for key in _OWN if content.get(key) is not None}
    for key in _DATASETS:
        if key in own:
            own[key] = _dataset(key, own[key])
    for key, value in own.items():
        if not isinstance(value, str) and not (key == 'composition' and _is_several(value)):
            raise ValueError(
                f"'{key}' is {value!r}, which YAML takes for no text; put it in quotes"
            )
    overrides = {key: value for key, value in content.items() if key not in _OWN}
    return SearchRequest(**own, overrides=overrides, path=request.path, lines=request.lines)


def _is_several(composition: Any) -> bool:
    """Return whether a value may stand for several compositions."""
    return isinstance(composition, list | dict)


def _dataset(key: str, value: Any) -> Any:
    """Return the dataset that a file names at a key.

    :raises ValueError: if it names something else.
    """
    if isinstance(value, dict):
        if list(value) != ['dataset']:
            raise ValueError(
                f"'{key}' has the keys {', '.join(map(str, value))}; it needs one, 'dataset'. "
                '`aiida-crystalgen dataset import` and `aiida-crystalgen dataset prototypes` make '
                'datasets'
            )
        value = value['dataset']
    return str(value) if isinstance(value, int) else value


def _lines(root: yaml.Node) -> dict[str, int]:
    """Return the number of the line of each key, and of each value that is there only once.

    :raises ValueError: if a key is given twice.
    """
    keys: dict[str, int] = {}
    values = []
    for path, value, line in _walk(root, ''):
        if path in keys:
            raise ValueError(f"key '{path}' is given twice, in the lines {keys[path]} and {line}")
        keys[path] = line
        values.append((value, line))
    often = Counter(value for value, _ in values)
    return {**{value: line for value, line in values if often[value] == 1}, **keys}


def _walk(node: yaml.Node, path: str) -> Iterator[tuple[str, str, int]]:
    """Yield the dotted path, the text of the value, and the line of each key below a node."""
    if isinstance(node, yaml.MappingNode):
        below = [(str(key.value), key, value) for key, value in node.value]
    elif isinstance(node, yaml.SequenceNode):
        below = [(str(row), value, value) for row, value in enumerate(node.value)]
    else:
        below = []
    for name, key, value in below:
        where = f'{path}.{name}' if path else name
        text = value.value if isinstance(value, yaml.ScalarNode) else ''
        yield where, text, key.start_mark.line + 1
        yield from _walk(value, where)
