"""Sphinx extension that writes the reference from what the package says about itself.

A line ``% generated: NAME`` in a page stands for Markdown that one of the functions here makes.
"""

from __future__ import annotations

import pkgutil
import re
from collections.abc import Callable, Iterator

from sphinx.application import Sphinx

from aiida_crystalgen import queries
from generated.commands import commands
from generated.formulas import add_formulas
from generated.processes import processes
from generated.protocols import protocols, search_file

_PLACE = re.compile(r'^% generated: (\w+)$', re.MULTILINE)


def setup(app: Sphinx) -> dict[str, bool]:
    """Let Sphinx call this extension for every page that it reads."""
    add_formulas(app)
    app.connect('source-read', _fill)
    return {'parallel_read_safe': True}


def _fill(_: Sphinx, __: str, source: list[str]) -> None:
    """Put what is generated in its place."""
    source[0] = _PLACE.sub(lambda found: '\n'.join(_PAGES[found[1]]()), source[0])


def _queries() -> Iterator[str]:
    """Yield the API of the questions to the database, module by module."""
    for module in pkgutil.iter_modules(queries.__path__):
        name = f'{queries.__name__}.{module.name}'
        yield f'## {module.name}\n'
        yield f'```{{eval-rst}}\n.. automodule:: {name}\n   :members:\n```\n'


_PAGES: dict[str, Callable[[], Iterator[str]]] = {
    'commands': commands,
    'processes': processes,
    'protocols': protocols,
    'queries': _queries,
    'search_file': search_file,
}
