"""``aiida-crystalgen proposals``: what generators propose, with and without a search."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from aiida_crystalgen.cli.assignments import parse_assignments, settings_option
from aiida_crystalgen.cli.profile import with_profile

__all__ = ('proposals',)

_rows = click.option(
    '--rows',
    type=click.IntRange(min=1),
    default=20,
    show_default=True,
    help='Most crystals to show.',
)


@click.group('proposals')
def proposals() -> None:
    """Propose crystals without a search; list, show, export and report proposals.

    \b
    Example:
      aiida-crystalgen proposals make Li-Mn-Ge --method site_network --candidates 50
      aiida-crystalgen proposals list
    """


@proposals.command('make')
@click.argument('composition')
@click.option('--method', required=True, help='Of generation, as in site_network.')
@click.option(
    '--model',
    help='PK, UUID or label; without it the one that comes with the method, if there is one.',
)
@click.option('--templates', help='Dataset whose structures the method puts elements into.')
@click.option(
    '--candidates',
    type=click.IntRange(min=1),
    default=50,
    show_default=True,
    help='Most crystals to propose.',
)
@click.option(
    '--formula-units', type=int, multiple=True, help='Per cell; may be repeated; 4 without.'
)
@click.option('--space-group', type=int, multiple=True, help='Number; may be repeated.')
@click.option('--protocol', help='Of a search, for all other numbers; its default otherwise.')
@settings_option
@click.option('--seed', type=click.IntRange(min=0), default=0, show_default=True)
@click.option('--code', help='Whose executable is crystalgen-run; without it, propose right here.')
@_rows
@with_profile
def make(composition: str, code: str | None, rows: int, **choices: Any) -> None:
    """Propose crystals of a COMPOSITION: a formula, as SnSe, or a chemical system, as Li-Mn-Ge.

    In a chemical system, for methods that take one, a star stands for any other element: Ge-* asks
    for binary compounds of germanium. Nothing is relaxed; a search does that.

    \b
    Example:
      aiida-crystalgen proposals make Li-Mn-Ge --method site_network --candidates 50
      aiida-crystalgen proposals make SnSe --method random_symmetric --space-group 62
      aiida-crystalgen proposals make Cu-Si-K --method score_langevin --set sampling.levels=100
    """
    from aiida_crystalgen.cli.proposals_table import proposals_table
    from aiida_crystalgen.cli.running import run_or_submit
    from aiida_crystalgen.data.convert import crystals_from_node

    node = run_or_submit(_builder(composition, code, choices), 'proposing').outputs.proposals
    click.echo(proposals_table(crystals_from_node(node), rows))
    click.echo(f'\nProposals {node.pk}.   aiida-crystalgen proposals show {node.pk}')


@proposals.command('list')
@with_profile
def list_proposals() -> None:
    """List the sets of proposals, the newest first, those of searches among them.

    \b
    Example:
      aiida-crystalgen proposals list
    """
    from aiida_crystalgen.cli.tables import age, format_number, format_table
    from aiida_crystalgen.queries import proposals as all_proposals

    found = all_proposals()
    if not found:
        click.echo('No proposals yet. Make some with `aiida-crystalgen proposals make`.')
        return
    rows = [
        (
            str(row.pk),
            row.composition,
            row.method,
            format_number(row.number),
            '–' if row.model is None else str(row.model),
            f'{age(row.created)} ago',
        )
        for row in found
    ]
    headings = ('pk', 'composition', 'method', 'crystals', 'model', 'made')
    click.echo(format_table(headings, rows, right='pk,crystals,model'))


@proposals.command('show')
@click.argument('identifier', metavar='PROPOSALS')
@_rows
@with_profile
def show(identifier: str, rows: int) -> None:
    """Show the first proposals of a set; those of site_network are ranked, the most likely first.

    PROPOSALS is a PK, or the start of a UUID.

    \b
    Example:
      aiida-crystalgen proposals show 42 --rows 50
    """
    from aiida_crystalgen.cli.proposals_table import proposals_table
    from aiida_crystalgen.cli.tables import format_facts

    row = _find(identifier)
    facts = {
        'proposals': f'{row.pk}  {row.uuid}',
        'asked for': row.composition,
        'method': row.method,
        'model': '–' if row.model is None else str(row.model),
        'proposed by': f'process {row.process}',
    }
    click.echo(f'{format_facts(facts)}\n\n{proposals_table(_crystals(row.pk), rows)}')


@proposals.command('export')
@click.argument('identifier', metavar='PROPOSALS')
@click.option(
    '-o',
    '--output',
    required=True,
    type=click.Path(path_type=Path),
    help='A file .extxyz for all of them, or a folder for a CIF each.',
)
@with_profile
def export(identifier: str, output: Path) -> None:
    """Write the crystals of a set of proposals to files.

    \b
    Example:
      aiida-crystalgen proposals export 42 -o li-mn-ge.extxyz
    """
    from aiida_crystalgen.cli.written_crystals import write_crystals

    crystals = _crystals(_find(identifier).pk)
    write_crystals(crystals, output)
    click.echo(f'{len(crystals)} crystals written to {output}')


@proposals.command('report')
@click.argument('identifier', metavar='PROPOSALS')
@click.option(
    '-o',
    '--output',
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help='A file .html.',
)
@with_profile
def report(identifier: str, output: Path) -> None:
    """Write a page about proposals: how they are ranked, and what the model has learned.

    Those that were asked for in space groups are shown with the groups that they have, those that
    were made from noise on their way, and those that were evaluated with what was measured.

    \b
    Example:
      aiida-crystalgen proposals report 42 -o li-mn-ge.html
    """
    from aiida_crystalgen.queries.proposal_report import proposal_report
    from aiida_crystalgen.report.page import write

    write(proposal_report(_find(identifier).pk), output)
    click.echo(f'Report:  {output}')


def _builder(composition: str, code: str | None, choices: dict[str, Any]) -> Any:
    """Return the builder of proposing, every input checked.

    :param choices: options of `make`.
    :raises ValueError: for the first value that does not fit.
    """
    from aiida_crystalgen.cli.search_inputs import load_code
    from aiida_crystalgen.data.shipped import SHIPPED
    from aiida_crystalgen.science.generators.interface import ShipsCheckpoint, load_generator
    from aiida_crystalgen.workflows.propose import ProposeWorkChain

    generator: dict[str, Any] = {'method': choices['method']}
    if choices['model'] is not None:
        generator['checkpoint'] = choices['model']
    elif isinstance(load_generator(choices['method']), ShipsCheckpoint):
        generator['checkpoint'] = SHIPPED
    if choices['templates'] is not None:
        generator['templates'] = choices['templates']
    if choices['assignments']:
        generator['proposing'] = parse_assignments(choices['assignments'])
    overrides = {name: choices[name] for name in ('candidates', 'seed')}
    for option, key in (('formula_units', 'formula_units'), ('space_group', 'space_groups')):
        if choices[option]:
            overrides[key] = list(choices[option])
    return ProposeWorkChain.get_builder_from_protocol(
        composition,
        generator,
        protocol=choices['protocol'],
        code=None if code is None else load_code(code),
        overrides=overrides,
    )


def _find(identifier: str) -> Any:
    """Return the facts of a set of proposals."""
    from aiida_crystalgen.queries.proposals import find_proposals

    return find_proposals(identifier)


def _crystals(pk: int) -> Any:
    """Return the crystals of a set of proposals."""
    from aiida import orm

    from aiida_crystalgen.data.convert import crystals_from_node

    node: Any = orm.load_node(pk)
    return crystals_from_node(node)
