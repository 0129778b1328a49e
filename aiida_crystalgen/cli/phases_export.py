"""``aiida-crystalgen phases export``: phases as files of other programs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from aiida_crystalgen.cli.profile import with_profile

if TYPE_CHECKING:
    from aiida_crystalgen.queries.phases import PhaseRow
    from aiida_crystalgen.science.crystals import CrystalSet

__all__ = ('export',)

# What a format makes: a file with one of these endings, or a folder if there are none.
_ENDINGS = {
    'cif': (),
    'csv': ('.csv',),
    'extxyz': ('.extxyz', '.xyz'),
    'json': ('.json',),
    'optimade': (),
    'poscar': (),
}


@click.command('export')
@click.argument('phase', nargs=-1)
@click.option('--search', help='PK, start of the UUID, or label of their search.')
@click.option(
    '--format',
    'form',
    type=click.Choice(sorted(_ENDINGS)),
    help='What the ending of the output says if not given; for a folder, cif.',
)
@click.option(
    '-o',
    '--output',
    required=True,
    type=click.Path(path_type=Path),
    help='A file .extxyz, .csv or .json for all of them, or a folder for a CIF or POSCAR each.',
)
@with_profile
def export(phase: tuple[str, ...], search: str | None, form: str | None, output: Path) -> None:
    """Write phases to files, all of a search if no PHASE is named.

    Each crystal comes with its label, energy, space group, engine, and the UUIDs of its record, its
    structure and its search; numbers of an emulated program are marked EMULATED. The folder of the
    format optimade is what optimade-maker serves as a database. Clusters go to .extxyz, .csv, .json
    or POSCARs; the formats cif and optimade are for crystals.

    \b
    Example:
      aiida-crystalgen phases export -o phases.extxyz
      aiida-crystalgen phases export P1 P3 --search 1512 --format poscar -o poscars
      aiida-crystalgen phases export --format optimade -o database
    """
    from aiida_crystalgen.cli.progress import shown
    from aiida_crystalgen.queries.phases import find_phase
    from aiida_crystalgen.queries.phases import phases as all_phases
    from aiida_crystalgen.queries.searches import find_search

    chosen = _format(form, output)
    rows = [find_phase(one, search) for one in phase] or all_phases(search=find_search(search)).rows
    if not rows:
        raise ValueError(f'search {find_search(search)} found no phases')
    with shown('writing') as progress:
        _writer(chosen, rows)(_crystals(rows), output, progress=progress)
    click.echo(f'Written to {output}: {", ".join(row.label for row in rows)}')


def _format(form: str | None, output: Path) -> str:
    """Return the format that a user wants.

    :raises ValueError: if the output cannot be of that format.
    """
    ending = output.suffix.lower()
    if form is None:
        found = [name for name, endings in _ENDINGS.items() if ending in endings]
        if ending and not found:
            known = ', '.join(one for endings in _ENDINGS.values() for one in endings)
            raise ValueError(f'{output} is neither a folder nor a file {known}')
        return found[0] if found else 'cif'
    if _ENDINGS[form] and ending not in _ENDINGS[form]:
        raise ValueError(f'{output} is no file {" or ".join(_ENDINGS[form])}, as {form} needs it')
    if not _ENDINGS[form] and output.is_file():
        raise ValueError(f'{output} is a file, but {form} needs a folder')
    return form


def _writer(form: str, rows: Sequence[PhaseRow]) -> Callable[..., object]:
    """Return the function that writes crystals in a format."""
    from functools import partial

    from aiida_crystalgen.science import export as formats
    from aiida_crystalgen.science.optimade_folder import write_optimade_folder

    writers: dict[str, Callable[..., object]] = {
        'cif': formats.write_cifs,
        'csv': formats.write_csv,
        'extxyz': formats.write_extended_xyz,
        'json': formats.write_json,
        'optimade': partial(
            write_optimade_folder, description=_description(rows), identifier='record'
        ),
        'poscar': formats.write_poscars,
    }
    return writers[form]


def _description(rows: Sequence[PhaseRow]) -> str:
    """Return what a collection of phases is."""
    from aiida_crystalgen import __version__

    formulas = ', '.join(sorted({row.reduced_formula for row in rows}))
    engines = ', '.join(sorted({row.engine_name for row in rows}))
    found = ', '.join(sorted({row.search_uuid for row in rows}))
    return (
        f'{len(rows)} phases of {formulas}, found with aiida-crystalgen {__version__} in the '
        f'search {found}; energies by {engines}'
    )


def _crystals(rows: Sequence[PhaseRow]) -> CrystalSet:
    """Return the crystals of phases with all that an export says of them."""
    import numpy as np

    from aiida_crystalgen.queries.phases import phase_crystals

    crystals = phase_crystals(rows)
    if crystals.periodic:
        symbols = np.array([row.space_group_symbol for row in rows])
        crystals = crystals.with_columns(space_group_symbol=symbols)
    return crystals.with_columns(
        emulated=np.array([row.is_emulated for row in rows]),
        known=np.array([row.known or '' for row in rows]),
        generator=np.array([row.generator for row in rows]),
    )
