"""``aiida-crystalgen search archive`` and ``cite``: a search for others, with its references."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from aiida_crystalgen.cli.profile import with_profile

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aiida_crystalgen.queries.citations import Publication

__all__ = ('archive', 'cite')


@click.command('archive')
@click.argument('identifier', metavar='SEARCH')
@click.option(
    '-o',
    '--output',
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help='A new file, as in silicon.aiida.',
)
@with_profile
def archive(identifier: str, output: Path) -> None:
    """Write SEARCH with its whole provenance to a file that others can import.

    The file holds all nodes from the imported crystals to the phases, the datasets, the group of
    the phases, codes and computers. It does not hold how to log in to the computers, files that
    have stayed on them, and the POTCARs of VASP.

    \b
    Example:
      aiida-crystalgen search archive 1512 -o silicon.aiida
      verdi archive import silicon.aiida    # elsewhere
    """
    from aiida_crystalgen.queries.archive import write_archive
    from aiida_crystalgen.queries.searches import find_search

    search = find_search(identifier)
    with _progress_bars():
        summary = write_archive(search, output)
    parts = (
        f'{summary.nodes} nodes',
        f'{summary.phases} phases',
        *(f"dataset '{label}'" for label in summary.datasets),
        f'{summary.size / 1e6:.1f} MB',
    )
    click.echo(f'Written to {output}: {", ".join(parts)}')
    click.echo(f'Elsewhere:  verdi archive import {output.name}')


@click.command('cite')
@click.argument('identifier', metavar='SEARCH')
@click.option(
    '--format',
    'style',
    type=click.Choice(['text', 'bibtex']),
    default='text',
    show_default=True,
    help='Of the list.',
)
@with_profile
def cite(identifier: str, style: str) -> None:
    """List what to cite with the results of SEARCH: the methods and codes that it used.

    \b
    Example:
      aiida-crystalgen search cite 1512
      aiida-crystalgen search cite 1512 --format bibtex > silicon.bib
    """
    from aiida_crystalgen.queries.citations import names_of_search, publications
    from aiida_crystalgen.queries.searches import find_search

    found = publications(names_of_search(find_search(identifier)))
    if style == 'bibtex':
        click.echo('\n\n'.join(one.bibtex for one in found))
    else:
        click.echo('\n'.join(_line(one) for one in found))


def _line(publication: Publication) -> str:
    """Return a reference with its DOI."""
    doi = f' doi:{publication.doi}' if publication.doi else ''
    return f'- {publication.text}{doi}'


@contextmanager
def _progress_bars() -> Iterator[None]:
    """Let AiiDA draw bars on standard error for the time being; a log gets a word instead.

    A profile must be in use already: opening its storage configures the loggers anew.
    """
    from aiida.common.log import LOG_LEVEL_REPORT
    from aiida.common.progress_reporter import set_progress_bar_tqdm, set_progress_reporter
    from aiida.tools.archive.create import EXPORT_LOGGER

    if sys.stderr.isatty():
        set_progress_bar_tqdm(leave=False)
    else:
        click.echo('archiving', err=True)
    level = EXPORT_LOGGER.level
    EXPORT_LOGGER.setLevel(LOG_LEVEL_REPORT + 1)  # its tables are about the rules of traversal
    try:
        yield
    finally:
        EXPORT_LOGGER.setLevel(level)
        set_progress_reporter(None)
