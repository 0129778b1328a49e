"""The command line: ``aiida-crystalgen``, which also hangs under ``verdi data crystalgen``."""

from __future__ import annotations

import importlib
from typing import Any

import click

from aiida_crystalgen import __version__
from aiida_crystalgen.cli.errors import sentences

__all__ = ('crystalgen',)

# Each command lives in the module of its name, which is imported when the command is called:
# the help of the whole tree must not wait for AiiDA.
COMMANDS = {
    'dataset': 'Import, make, list, show and export sets of known crystals.',
    'model': 'Train, list, show and evaluate generative models.',
    'phases': 'List, show, trace and export the phases that searches found.',
    'proposals': 'Propose crystals without a search; list, show, export and report proposals.',
    'search': 'Check, launch, watch and report searches for new crystals.',
    'setup': 'Create the computer and the code that are missing, and start the daemon.',
}


class CommandTree(click.Group):
    """Group that imports its commands late and reports expected errors as sentences."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Return the names of the commands."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Return the command called ``cmd_name``, or nothing if there is none."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f'aiida_crystalgen.cli.{cmd_name}')
        command: click.Command = getattr(module, cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands without importing any of them."""
        with formatter.section('Commands'):
            formatter.write_dl([(name, COMMANDS[name]) for name in self.list_commands(ctx)])

    def invoke(self, ctx: click.Context) -> Any:
        """Return what the command returns, its expected errors turned into sentences."""
        with sentences(debug=ctx.params['debug']):
            return super().invoke(ctx)


@click.group(cls=CommandTree, context_settings={'help_option_names': ['-h', '--help']})
@click.option('-p', '--profile', metavar='NAME', help='AiiDA profile; the default one otherwise.')
@click.option('--debug', is_flag=True, help='Show the traceback of an error.')
@click.version_option(__version__, package_name='aiida-crystalgen')
def crystalgen(profile: str | None, debug: bool) -> None:  # noqa: ARG001
    """Search for new crystals with generative models, with full provenance.

    A first search, step by step:

    \b
      aiida-crystalgen setup
      aiida-crystalgen dataset prototypes Si --label si-prototypes
      aiida-crystalgen search launch examples/silicon.yaml --watch
      aiida-crystalgen phases list
    """
    if profile is not None:
        from aiida import load_profile

        load_profile(profile, allow_switch=True)
