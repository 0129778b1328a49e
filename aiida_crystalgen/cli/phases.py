"""``aiida-crystalgen phases``: what searches found, and where it came from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from aiida_crystalgen.cli.phases_export import export
from aiida_crystalgen.cli.phases_plot import plot
from aiida_crystalgen.cli.profile import with_profile

if TYPE_CHECKING:
    from aiida_crystalgen.queries.phases import PhaseRow

__all__ = ('phases',)

_SORTED_BY = {
    'energy': 'energy_above_lowest',
    'hull': 'energy_above_hull',
    'space-group': 'space_group',
    'atoms': 'number_of_atoms',
    'distance': 'reference_distance',
    'volume': 'volume_per_atom',
}

_DATES = ('%Y-%m-%d', '%Y-%m-%dT%H:%M', '%Y-%m-%d %H:%M')

_search = click.option('--search', help='PK, start of the UUID, or label of their search.')


@click.group('phases')
def phases() -> None:
    """List, show, trace and export the phases that searches found.

    A phase is named by its label, as P3 of the newest successful search or of that named by
    --search, or by PK or UUID of its record.

    \b
    Example:
      aiida-crystalgen phases list --new --hull-below 0.1
      aiida-crystalgen phases trace P3
    """


@phases.command('list')
@_search
@click.option('--elements', help='That a phase must have, as in Sn,Se.')
@click.option('--chemical-system', help='That it consists of and of no others, as in Sn-Se.')
@click.option('--composition', help='Its formula, as in SnSe.')
@click.option('--hull-below', type=float, help='Largest energy above the hull, in eV/atom.')
@click.option(
    '--stable/--unstable',
    default=None,
    help='By phonons and elastic constants: both computed and good, or one of them bad.',
)
@click.option('--space-group', type=click.IntRange(1, 230), help='Its number.')
@click.option('--generator', help='Label of the generator that proposed it.')
@click.option('--engine', help='Name of what gave its energy, as in 7net-0.')
@click.option('--emulated/--real', default=None, help='Whether a stand-in for a program did.')
@click.option('--new/--known', default=None, help='Whether it equals none of the references.')
@click.option('--since', type=click.DateTime(_DATES), help='First day or time of its recording.')
@click.option('--until', type=click.DateTime(_DATES), help='First day or time that is too late.')
@click.option(
    '--sort', type=click.Choice(sorted(_SORTED_BY)), help='By search and energy if not given.'
)
@click.option('--limit', type=click.IntRange(min=1), default=1000, show_default=True)
@with_profile
def list_phases(sort: str | None, limit: int, **conditions: Any) -> None:
    """List phases.

    Energies are in eV/atom: above the lowest crystal of the composition that the search knew, and
    above the convex hull of its references.

    \b
    Example:
      aiida-crystalgen phases list --elements Sn,Se --new --sort hull
      aiida-crystalgen phases list --stable --real --since 2026-01-31
    """
    from aiida_crystalgen import queries
    from aiida_crystalgen.cli.tables import phases_table

    table = queries.phases(**conditions)
    if sort is not None:
        table = table.sorted_by(_SORTED_BY[sort])
    if not len(table):
        click.echo('No phases. `aiida-crystalgen search list` shows the searches there are.')
        return
    click.echo(phases_table(table[:limit].rows))
    if len(table) > limit:
        click.echo(f'{len(table) - limit} more are not shown; see --limit.')


@phases.command('show')
@click.argument('phase')
@_search
@with_profile
def show(phase: str, search: str | None) -> None:
    """Show everything that is recorded about PHASE.

    \b
    Example:
      aiida-crystalgen phases show P3
    """
    from aiida_crystalgen.cli.tables import format_facts
    from aiida_crystalgen.queries.phases import find_phase

    row = find_phase(phase, search)
    facts = {
        'phase': f'{row.label} of search {row.search_pk}',
        'formula': row.formula,
        'space group' if row.periodic else 'point group': row.symmetry,
        'atoms': str(row.number_of_atoms),
        'energy': f'{row.energy:.4f} eV/atom by {row.engine_name}',
        'above lowest': f'{row.energy_above_lowest:.4f} eV/atom',
        **(_crystal_facts(row) if row.periodic else {}),
        'distance': _with_unit(row.shortest_distance, '.3f', 'Å between the nearest atoms'),
        'stability': row.stability or 'not measured',
        'known as': 'new' if row.known is None else row.known,
        'resembles': f'{row.nearest_reference} (RDF distance {row.reference_distance:.3f})',
        'origin': f'{row.generator}, row {row.proposal_row}; relaxed row {row.relaxed_row}',
        'copies': f'{row.copies} of the relaxations ended here',
        'record': f'{row.pk}  {row.uuid}',
        'structure': f'{row.structure_pk}  {row.structure_uuid}',
        'search': f'{row.search_pk}  {row.search_uuid}',
    }
    click.echo(format_facts(facts))


def _crystal_facts(row: PhaseRow) -> dict[str, str]:
    """Return what is recorded about crystals, but not about clusters."""
    return {
        'above hull': _with_unit(row.energy_above_hull, '.4f', 'eV/atom'),
        'volume': _with_unit(row.volume_per_atom, '.3f', 'Å³/atom'),
        'density': _with_unit(row.density, '.3f', 'g/cm³'),
        'prototype': row.prototype_name or row.prototype or 'unknown',
    }


def _with_unit(value: float | None, form: str, unit: str) -> str:
    """Return a number with its unit, or that there is none."""
    return 'unknown' if value is None else f'{value:{form}} {unit}'


@phases.command('trace')
@click.argument('phase')
@_search
@click.option('--all', 'all_structures', is_flag=True, help='Name every training structure.')
@with_profile
def trace(phase: str, search: str | None, all_structures: bool) -> None:
    """Show the way from PHASE back to the crystals that its model was trained on.

    \b
    Example:
      aiida-crystalgen phases trace P3 --all
    """
    from aiida_crystalgen.cli.trace import describe_lineage
    from aiida_crystalgen.queries import lineage

    click.echo(describe_lineage(lineage(phase, search), all_structures=all_structures))


phases.add_command(export)
phases.add_command(plot)
