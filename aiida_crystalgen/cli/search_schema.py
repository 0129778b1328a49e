"""``aiida-crystalgen search schema``: what a search file may hold, for editors."""

from __future__ import annotations

import json
from pathlib import Path

import click

__all__ = ('schema',)


@click.command('schema')
@click.option(
    '-o',
    '--output',
    type=click.Path(dir_okay=False, path_type=Path),
    help='File to write; the terminal otherwise.',
)
def schema(output: Path | None) -> None:
    """Print the JSON schema of search files.

    Editors that know it complete and explain the keys, and mark mistakes while you write, as with
    the first line `# yaml-language-server: $schema=search.schema.json` of a search file.

    \b
    Example:
      aiida-crystalgen search schema -o search.schema.json
    """
    from aiida_crystalgen.workflows.search_schema import search_schema

    text = json.dumps(search_schema(), indent=2, ensure_ascii=False)
    if output is None:
        click.echo(text)
    else:
        output.write_text(f'{text}\n', encoding='utf-8')
