"""``aiida-crystalgen dataset``: sets of known crystals."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from aiida_crystalgen.cli.profile import with_profile

if TYPE_CHECKING:
    from aiida_crystalgen.data.structure_set import StructureSetData

__all__ = ('dataset',)

_REJECTIONS_SHOWN = 10

_label = click.option('--label', help='What to call the dataset; must not be taken yet.')
_description = click.option('--description', default='', help='What it is, for those who find it.')


@click.group('dataset')
def dataset() -> None:
    """Import, make, list, show and export sets of known crystals.

    A dataset is named by its label, its PK or its UUID.

    \b
    Example:
      aiida-crystalgen dataset import cifs/ --label snse-known
      aiida-crystalgen dataset show snse-known
    """


@dataset.command('import')
@click.argument('paths', nargs=-1, type=click.Path(path_type=Path))
@click.option('--group', help='Label of an AiiDA group of StructureData.')
@click.option('--optimade', metavar='URL', help='Base URL of a database; needs --filter.')
@click.option('--filter', 'query', metavar='TEXT', help='OPTIMADE filter.')
@click.option('--materials-project', metavar='TEXT', help='Formula, or system with subsystems.')
@_label
@_description
@click.option('--engine', metavar='NAME', help='What computed the energies in the files.')
@click.option(
    '--shortest-distance',
    type=click.FloatRange(min=0),
    default=0.5,
    show_default=True,
    help='Reject crystals with atoms closer than this, in Å.',
)
@click.option(
    '--limit',
    type=click.IntRange(min=1),
    default=1000,
    show_default=True,
    help='Most structures to ask a database for.',
)
@click.option(
    '--timeout',
    type=click.FloatRange(min=0, min_open=True),
    default=60.0,
    show_default=True,
    help='Longest wait for an answer of a database, in s.',
)
@with_profile
def import_dataset(label: str | None, description: str, **source: Any) -> None:
    """Import crystals from PATHS, an AiiDA group, or a database on the web.

    PATHS are CIF, POSCAR, extended XYZ or pymatgen JSON files, and folders with such files. What
    cannot be used is left out, and the reason is told and recorded.

    \b
    Example:
      aiida-crystalgen dataset import cifs/ relaxed.extxyz --label snse-known
      aiida-crystalgen dataset import --materials-project Sn-Se
      aiida-crystalgen dataset import --optimade https://alexandria.icams.rub.de/pbe \\
          --filter 'elements HAS ONLY "Si"' --label si-alexandria
    """
    from aiida_crystalgen.cli.dataset_tables import first_formulas, rejections
    from aiida_crystalgen.data.groups import add_dataset, refuse_taken_label

    kind, name = _source(source)
    label = label or name
    if label is None:
        raise ValueError('the dataset needs a --label')
    refuse_taken_label(label)
    node = add_dataset(_structures(kind, source), label, description)
    for line in rejections(node, _REJECTIONS_SHOWN):
        click.echo(line)
    kind = 'crystals' if node.periodic else 'clusters'
    click.echo(f"Dataset '{label}': {node.number} {kind} of {first_formulas(node.formulas)}.")
    click.echo(f'Next:  aiida-crystalgen dataset show {label}')


def _source(source: dict[str, Any]) -> tuple[str, str | None]:
    """Return which kind of source is asked for, and a label for what comes from it.

    :raises ValueError: unless it is one.
    """
    names = {
        'paths': None if not source['paths'] else source['paths'][0].resolve().stem,
        'group': source['group'],
        'optimade': None,
        'materials_project': source['materials_project'],
    }
    given = [kind for kind in names if source[kind]]
    if len(given) != 1:
        raise ValueError(
            'name one source: paths of files, --group, --optimade, or --materials-project'
        )
    return given[0], names[given[0]]


def _structures(kind: str, source: dict[str, Any]) -> StructureSetData:
    """Return the crystals of a source as a node that is not a dataset yet."""
    from aiida_crystalgen.cli import dataset_sources

    common = {'shortest_distance': source['shortest_distance']}
    asking = {**common, 'limit': source['limit'], 'timeout': source['timeout']}
    if kind == 'paths':
        return dataset_sources.from_files(source['paths'], engine=source['engine'], **common)
    if kind == 'group':
        return dataset_sources.from_group(source['group'], **common)
    if kind == 'optimade':
        return dataset_sources.from_optimade(source['optimade'], source['query'], **asking)
    return dataset_sources.from_materials_project(source['materials_project'], **asking)


@dataset.command('prototypes')
@click.argument('composition')
@_label
@_description
@click.option(
    '--volume-per-atom',
    type=click.FloatRange(min=0, min_open=True),
    help='To start from, in Å³; estimated if not given.',
)
@click.option(
    '--maximum-atoms',
    type=click.IntRange(min=1),
    default=40,
    show_default=True,
    help='Leave out prototypes with larger primitive cells.',
)
@click.option('--potential', help='To relax with; that of the protocol otherwise.')
@click.option('--protocol', help='Of the relaxation; its default otherwise.')
@click.option('--code', help='Whose executable is crystalgen-run; without it, relax right here.')
@with_profile
def prototypes(composition: str, label: str | None, description: str, **settings: Any) -> None:
    """Make COMPOSITION in all known prototypes, relaxed with a potential.

    The prototypes are those of the AFLOW library: 55 of one element, 51 of two in equal amounts.
    Duplicates after the relaxation are left out. Nothing is downloaded. Of a chemical system, as
    Li-Mn-Ge, all elements are made: what a hull needs at least.

    \b
    Example:
      aiida-crystalgen dataset prototypes Si --label si-prototypes
      aiida-crystalgen dataset prototypes SnSe --volume-per-atom 28.6 --code crystalgen@localhost
      aiida-crystalgen dataset prototypes Li-Mn-Ge --code crystalgen@localhost
    """
    from aiida_crystalgen.cli.dataset_sources import relaxed_prototypes, unrelaxed_prototypes
    from aiida_crystalgen.cli.search_inputs import load_code
    from aiida_crystalgen.data.groups import add_dataset, refuse_taken_label

    label = label or f'{composition}-prototypes'
    refuse_taken_label(label)
    code = None if settings['code'] is None else load_code(settings['code'])
    crystals = unrelaxed_prototypes(
        composition,
        volume_per_atom=settings['volume_per_atom'],
        maximum_atoms=settings['maximum_atoms'],
    )
    relaxed, distinct = relaxed_prototypes(
        crystals, potential=settings['potential'], protocol=settings['protocol'], code=code
    )
    rejected = int((relaxed['rejection'] != '').sum())
    click.echo(f'{len(relaxed) - rejected} usable, {rejected} rejected as unphysical')
    add_dataset(distinct, label, description)
    click.echo(f"Dataset '{label}': {distinct.number} distinct crystals.")
    click.echo(f'Next:  aiida-crystalgen dataset show {label}')


@dataset.command('trajectories')
@click.argument('composition')
@_label
@_description
@click.option('--candidates', type=click.IntRange(min=1), help='Random crystals to relax.')
@click.option(
    '--formula-units',
    type=click.IntRange(min=1),
    multiple=True,
    help='Per cell; may be given several times.',
)
@click.option('--clusters', is_flag=True, help='Relax random clusters in place of crystals.')
@click.option(
    '--volume-per-atom',
    type=click.FloatRange(min=0, min_open=True),
    help='Of the random crystals, in Å³; estimated if not given.',
)
@click.option('--frames', type=click.IntRange(min=1), help='Most crystals of one trajectory.')
@click.option(
    '--window',
    type=click.FloatRange(min=0, min_open=True),
    help='Highest energy above the lowest, in eV/atom.',
)
@click.option('--seed', type=click.IntRange(min=0), help='Of the random crystals.')
@click.option('--potential', help='To relax with; that of the protocol otherwise.')
@click.option('--protocol', help='Of all numbers that are not given here; its default otherwise.')
@click.option('--code', help='Whose executable is crystalgen-run; without it, work right here.')
@with_profile
def trajectories(composition: str, label: str | None, description: str, **choices: Any) -> None:
    """Make a training set of COMPOSITION: random crystals on their way to relaxed ones.

    Each random crystal is relaxed with a potential, and some crystals on the way are kept with
    their energies, so that the set holds good crystals and bad ones. Those of one way have the same
    value in the column 'trajectory', and are almost copies: keep them together when the set is
    split for a validation.

    \b
    Example:
      aiida-crystalgen dataset trajectories C --candidates 500 --formula-units 6 --formula-units 8
      aiida-crystalgen dataset trajectories Si --potential stillinger-weber --protocol fast
    """
    from aiida_crystalgen.cli.dataset_trajectories import learn_from_trajectories
    from aiida_crystalgen.data.groups import add_dataset, refuse_taken_label

    label = label or f'{composition}-trajectories'
    refuse_taken_label(label)
    training = learn_from_trajectories(composition, **choices)
    add_dataset(training, label, description)
    number = training.facts['source']['trajectories']
    click.echo(f"Dataset '{label}': {training.number} crystals of {number} trajectories.")
    click.echo(f'Next:  aiida-crystalgen dataset show {label}')


@dataset.command('energies')
@click.argument('identifier', metavar='DATASET')
@_label
@_description
@click.option('--potential', help='To evaluate with; that of the protocol otherwise.')
@click.option('--protocol', help='Of the relaxation, but nothing is moved; its default otherwise.')
@click.option('--code', help='Whose executable is crystalgen-run; without it, evaluate right here.')
@with_profile
def energies(identifier: str, label: str | None, description: str, **settings: Any) -> None:
    """Make a dataset of the same crystals with energies and forces of a potential.

    Nothing is moved: every crystal is evaluated once. What is unphysical stays in the set, and its
    column 'rejection' tells why.

    \b
    Example:
      aiida-crystalgen dataset energies snse-known --potential 7net-0
    """
    from aiida_crystalgen.cli.dataset_sources import with_energies
    from aiida_crystalgen.cli.search_inputs import load_code
    from aiida_crystalgen.data.convert import crystals_from_node
    from aiida_crystalgen.data.groups import add_dataset, load_dataset, refuse_taken_label

    structures = load_dataset(identifier)
    label = label or f'{structures.label or structures.pk}-energies'
    refuse_taken_label(label)
    code = None if settings['code'] is None else load_code(settings['code'])
    evaluated = with_energies(
        structures, potential=settings['potential'], protocol=settings['protocol'], code=code
    )
    add_dataset(evaluated, label, description)
    rejected = int((crystals_from_node(evaluated)['rejection'] != '').sum())
    click.echo(f"Dataset '{label}': {evaluated.number} crystals, {rejected} of them unphysical.")
    click.echo(f'Next:  aiida-crystalgen dataset show {label}')


@dataset.command('list')
@with_profile
def list_datasets() -> None:
    """List the datasets.

    \b
    Example:
      aiida-crystalgen dataset list
    """
    from aiida_crystalgen.cli.dataset_tables import datasets_table
    from aiida_crystalgen.queries import datasets

    found = datasets()
    if found:
        click.echo(datasets_table(found))
    else:
        click.echo('No datasets yet. Make one with `aiida-crystalgen dataset import`.')


@dataset.command('show')
@click.argument('identifier', metavar='DATASET')
@click.option(
    '--rows',
    type=click.IntRange(min=0),
    default=20,
    show_default=True,
    help='Most crystals to show.',
)
@click.option('--rejected', is_flag=True, help='Show everything that was rejected, and why.')
@with_profile
def show(identifier: str, rows: int, rejected: bool) -> None:
    """Show where a dataset comes from, and its crystals, those of lowest energy first.

    \b
    Example:
      aiida-crystalgen dataset show si-prototypes --rows 5
    """
    from aiida_crystalgen.cli.dataset_tables import crystals_table, describe_dataset, rejections
    from aiida_crystalgen.data.convert import crystals_from_node
    from aiida_crystalgen.data.groups import load_dataset

    node = load_dataset(identifier)
    click.echo(describe_dataset(node))
    for line in rejections(node, sys.maxsize) if rejected else []:
        click.echo(line)
    if rows:
        click.echo(f'\n{crystals_table(crystals_from_node(node), rows)}')


@dataset.command('export')
@click.argument('identifier', metavar='DATASET')
@click.option(
    '-o',
    '--output',
    required=True,
    type=click.Path(path_type=Path),
    help='A file .extxyz for all of them, or a folder for a CIF each.',
)
@with_profile
def export(identifier: str, output: Path) -> None:
    """Write the crystals of a dataset to files.

    A file .extxyz keeps all properties, and can be imported again; a folder of CIFs keeps the
    geometry only.

    \b
    Example:
      aiida-crystalgen dataset export si-prototypes -o si.extxyz
      aiida-crystalgen dataset export si-prototypes -o cifs
    """
    from aiida_crystalgen.cli.written_crystals import write_crystals
    from aiida_crystalgen.data.convert import crystals_from_node
    from aiida_crystalgen.data.groups import load_dataset

    crystals = crystals_from_node(load_dataset(identifier))
    write_crystals(crystals, output)
    click.echo(f'{len(crystals)} crystals written to {output}')
