"""The whole command line."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

import click

from aiida_crystalgen.cli import crystalgen
from generated.markdown import prose, table

__all__ = ('commands',)


def commands() -> Iterator[str]:
    """Yield the whole command line."""
    yield from _command(crystalgen, 'aiida-crystalgen', 2)


def _command(command: click.Command, path: str, level: int) -> Iterator[str]:
    """Yield a command and those below it."""
    context = click.Context(command, info_name=path)
    yield f'{"#" * level} {path}\n'
    yield from _help(command.help or '')
    usage = ' '.join([path, *command.collect_usage_pieces(context)])
    yield f'```text\n{usage}\n```'
    records = [
        (f'`{record[0]}`', prose(record[1]))
        for parameter in command.get_params(context)
        if (record := parameter.get_help_record(context))
    ]
    yield from table(('option', ''), records)
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            yield from _command(below, f'{path} {name}', min(level + 1, 4))


def _help(text: str) -> Iterator[str]:
    """Yield the paragraphs of a help text, examples as console blocks."""
    for paragraph in inspect.cleandoc(text).split('\n\n'):
        if not paragraph.startswith('\b'):
            yield f'{prose(paragraph)}\n'
            continue
        lines = paragraph.splitlines()[1:]
        commands = [line.strip() for line in lines if line.startswith(' ')]
        joined = '\n'.join(
            f'    {one}' if before.endswith('\\') else f'$ {one}'
            for before, one in zip(['', *commands], commands, strict=False)
        )
        yield f'```console\n{joined}\n```\n'
