"""``aiida-crystalgen search``: searches from their first check to their report."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from aiida_crystalgen.cli.archive import archive, cite
from aiida_crystalgen.cli.profile import with_profile
from aiida_crystalgen.cli.search_schema import schema

if TYPE_CHECKING:
    from aiida_crystalgen.cli.search_file import SearchRequest

__all__ = ('search',)


@click.group('search')
def search() -> None:
    """Check, launch, watch and report searches for new crystals.

    \b
    Example:
      aiida-crystalgen search check search.yaml
      aiida-crystalgen search launch search.yaml --watch
    """


search.add_command(schema)
search.add_command(archive)
search.add_command(cite)


def _what_to_search(command: Any) -> Any:
    """Return the command with the argument and the options that say what to search for."""
    decorators = (
        click.argument(
            'file', required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path)
        ),
        click.option('--composition', help='Formula unit, as in SnSe.'),
        click.option('--references', metavar='DATASET', help='Known crystals.'),
        click.option('--training', metavar='DATASET', help='What to learn from, if not from them.'),
        click.option('--protocol', help='fast, balanced, stringent or lee-chang-2021.'),
        click.option('--code', help='Whose executable is crystalgen-run.'),
        click.option('--seed', type=click.IntRange(min=0), help='Of all random numbers.'),
        click.option('--label', help='What to call the search.'),
    )
    for decorator in reversed(decorators):
        command = decorator(command)
    return command


def _request(file: Path | None, options: dict[str, Any]) -> SearchRequest:
    """Return what the user asks for; an option stands in place of the same key in the file."""
    from aiida_crystalgen.cli.search_file import SearchRequest, read_search_file

    if file is None and options['composition'] is None:
        raise click.UsageError('Give a search file, or --composition and --references.')
    request = SearchRequest() if file is None else read_search_file(file)
    given = {name: value for name, value in options.items() if value is not None}
    if 'seed' in given:
        given['overrides'] = {**request.overrides, 'seed': given.pop('seed')}
    return replace(request, **given)


@search.command('check')
@_what_to_search
@with_profile
def check(file: Path | None, **options: Any) -> None:
    """Say what a search would do, and submit nothing.

    \b
    Example:
      aiida-crystalgen search check search.yaml
      aiida-crystalgen search check --composition SnSe --references snse-known
    """
    from aiida_crystalgen.cli.search_inputs import build_search, describe_search

    click.echo(describe_search(build_search(_request(file, options))))
    click.echo('ok')


@search.command('launch')
@_what_to_search
@click.option('--watch', 'and_watch', is_flag=True, help='Follow it to its end, then report.')
@with_profile
def launch(file: Path | None, and_watch: bool, **options: Any) -> None:
    """Submit a search to the daemon.

    \b
    Example:
      aiida-crystalgen search launch search.yaml --watch
      aiida-crystalgen search launch --composition SnSe --references snse-known --protocol fast
    """
    from aiida.engine import submit

    from aiida_crystalgen.cli.daemon import require_daemon
    from aiida_crystalgen.cli.search_inputs import build_search
    from aiida_crystalgen.queries.nodes import stored_pk

    builder = build_search(_request(file, options))
    require_daemon()
    pk = stored_pk(submit(builder))
    click.echo(f'Submitted SearchWorkChain<{pk}>.   aiida-crystalgen search watch {pk}')
    if and_watch:
        _watch(pk, seconds=1.0)


@search.command('list')
@click.option('--limit', type=click.IntRange(min=1), default=20, show_default=True)
@with_profile
def list_searches(limit: int) -> None:
    """List the searches, the newest first.

    \b
    Example:
      aiida-crystalgen search list
    """
    from aiida_crystalgen.cli.search_status import describe_end
    from aiida_crystalgen.cli.tables import age, format_table
    from aiida_crystalgen.queries.searches import searches

    found = searches()
    if not found:
        click.echo('No searches yet. Launch one with `aiida-crystalgen search launch FILE`.')
        return
    rows = [
        (
            str(row.pk),
            row.label,
            row.composition,
            ', '.join(row.generators),
            f'{age(row.created)} ago',
            describe_end(row) or 'running',
        )
        for row in found[:limit]
    ]
    headings = ('pk', 'label', 'composition', 'generators', 'made', 'state')
    click.echo(format_table(headings, rows, right='pk'))
    if len(found) > limit:
        click.echo(f'{len(found) - limit} older ones are not shown; see --limit.')


@search.command('status')
@click.argument('identifier', metavar='SEARCH')
@with_profile
def status(identifier: str) -> None:
    """Say where a search is: stage, children, progress, yields, best phases.

    SEARCH is a PK, the start of a UUID, or a label.

    \b
    Example:
      aiida-crystalgen search status 1512
    """
    from aiida_crystalgen.cli.daemon import look_for_dead_workers
    from aiida_crystalgen.cli.search_status import describe_status
    from aiida_crystalgen.queries.status import search_status

    look_for_dead_workers()
    click.echo(describe_status(search_status(identifier)))


@search.command('watch')
@click.argument('identifier', metavar='SEARCH')
@click.option('--seconds', type=click.FloatRange(min=0.1), default=2.0, show_default=True)
@with_profile
def watch(identifier: str, seconds: float) -> None:
    """Follow a search to its end, then print its phases and write its report.

    Interrupting the command leaves the search alone.

    \b
    Example:
      aiida-crystalgen search watch 1512
    """
    from aiida_crystalgen.queries.searches import find_search

    _watch(find_search(identifier), seconds)


def _watch(pk: int, seconds: float) -> None:
    """Follow a search to its end, then print its phases and write its report.

    :raises ValueError: if the search failed.
    """
    from aiida_crystalgen.cli.tables import phases_table
    from aiida_crystalgen.cli.watch import watch_search

    try:
        ended = watch_search(pk, seconds)
    except KeyboardInterrupt:
        click.echo(f'\nThe search goes on.   aiida-crystalgen search watch {pk}')
        return
    if not ended.search.is_successful:
        raise ValueError(
            f'Search {pk} has not succeeded. `verdi process report {pk}` says what happened, '
            f'`aiida-crystalgen search report {pk}` shows how far it came.'
        )
    click.echo(f'\n{phases_table(ended.best.rows)}')
    click.echo(f'Report:  {_write_report(pk, None)}')
    click.echo('Next:    aiida-crystalgen phases trace P1')


@search.command('stop')
@click.argument('identifier', metavar='SEARCH')
@with_profile
def stop(identifier: str) -> None:
    """Let a search end after the stage that is running, with the phases found by then.

    `aiida-crystalgen search continue` goes on from there; `verdi process kill` ends it at once.

    \b
    Example:
      aiida-crystalgen search stop 1512
    """
    from aiida_crystalgen.queries.searches import load_search
    from aiida_crystalgen.queries.status import search_status
    from aiida_crystalgen.workflows.control import request_stop

    current = search_status(identifier)
    pk = current.search.pk
    if current.search.has_ended:
        raise ValueError(f'search {pk} has ended already')
    request_stop(load_search(pk))
    click.echo(f'Search {pk} ends after its running stage: {current.stage}.')


@search.command('continue')
@click.argument('identifier', metavar='SEARCH')
@click.option('--rounds', type=click.IntRange(min=1), help='More rounds; as many as before else.')
@click.option('--hours', type=click.FloatRange(min=0, min_open=True), help='At most so long.')
@click.option('--watch', 'and_watch', is_flag=True, help='Follow it to its end, then report.')
@with_profile
def continue_(identifier: str, and_watch: bool, **limits: float | None) -> None:
    """Submit a search that goes on where SEARCH has ended.

    It inherits the references, the models, the phases, and what was tried already.

    \b
    Example:
      aiida-crystalgen search continue 1512 --rounds 3
    """
    from aiida.engine import submit

    from aiida_crystalgen.cli.daemon import require_daemon
    from aiida_crystalgen.queries.nodes import stored_pk
    from aiida_crystalgen.queries.searches import load_search
    from aiida_crystalgen.workflows.continuation import continue_search

    before = load_search(identifier)
    given = {name: limit for name, limit in limits.items() if limit is not None}
    builder = continue_search(before, given)
    require_daemon()
    pk = stored_pk(submit(builder))
    click.echo(f'Submitted SearchWorkChain<{pk}>, which continues search {before.pk}.')
    if and_watch:
        _watch(pk, seconds=1.0)


@search.command('report')
@click.argument('identifier', metavar='SEARCH')
@click.option(
    '-o',
    '--output',
    type=click.Path(dir_okay=False, path_type=Path),
    help='HTML file; in the folder of AiiDA otherwise.',
)
@click.option('--compare', help='PK, start of the UUID, or label of a search to show beside it.')
@with_profile
def report(identifier: str, output: Path | None, compare: str | None) -> None:
    """Write a page with the figures, numbers and crystals of a search.

    \b
    Example:
      aiida-crystalgen search report 1512 -o silicon.html
      aiida-crystalgen search report 1512 --compare 1833
    """
    from aiida_crystalgen.queries.searches import find_search

    click.echo(f'Report:  {_write_report(find_search(identifier), output, compare)}')


def _write_report(pk: int, path: Path | None, compare: str | None = None) -> Path:
    """Write the report of a search, and return where it is."""
    from aiida.manage import get_config

    from aiida_crystalgen.queries.search_report import search_report
    from aiida_crystalgen.report.page import write

    if path is None:
        path = Path(get_config().dirpath) / 'reports' / f'search-{pk}.html'
    write(search_report(pk, compare=compare), path)
    return path


@search.command('groups')
@click.argument('composition')
@click.option(
    '--cell',
    type=click.Choice(['conventional', 'primitive']),
    default='conventional',
    show_default=True,
    help='In which the atoms are counted.',
)
def groups(composition: str, cell: Literal['conventional', 'primitive']) -> None:
    """List the space groups that can hold COMPOSITION in one cell, and those that cannot.

    \b
    Example:
      aiida-crystalgen search groups Sn4Se4
    """
    from aiida_crystalgen.cli.space_groups import atoms_in_cell, format_ranges
    from aiida_crystalgen.science.symmetry.compatibility import compatible_space_groups

    possible = compatible_space_groups(atoms_in_cell(composition), cell)
    others = sorted(set(range(1, 231)) - set(possible))
    click.echo(f'{composition} in the {cell} cell')
    click.echo(f'possible     {len(possible):3d}   {format_ranges(possible)}')
    click.echo(f'impossible   {len(others):3d}   {format_ranges(others)}')
