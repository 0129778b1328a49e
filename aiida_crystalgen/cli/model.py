"""``aiida-crystalgen model``: trained models."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from aiida_crystalgen.cli.assignments import parse_assignments, settings_option
from aiida_crystalgen.cli.evaluate import evaluate
from aiida_crystalgen.cli.profile import with_profile

__all__ = ('model',)


@click.group('model')
def model() -> None:
    """Train, list, show and evaluate generative models.

    \b
    Example:
      aiida-crystalgen model train --dataset si-prototypes --method rdf_vae
      aiida-crystalgen model list
    """


model.add_command(evaluate)


@model.command('train')
@click.option('--dataset', required=True, help='Label, PK or UUID of the crystals to learn from.')
@click.option('--method', required=True, help='Of generation, as in rdf_vae.')
@click.option('--protocol', help='Of the method; its default otherwise.')
@settings_option
@click.option('--seed', type=click.IntRange(min=0), default=0, show_default=True)
@click.option('--code', help='Whose executable is crystalgen-run; without it, train right here.')
@click.option('--label', default='', help='What to call the model.')
@with_profile
def train(dataset: str, method: str, code: str | None, label: str, **choices: Any) -> None:
    """Train a model, and wait for it.

    With a code the daemon runs the training; interrupting this command leaves it alone.

    \b
    Example:
      aiida-crystalgen model train --dataset si-prototypes --method rdf_vae --label si-vae
      aiida-crystalgen model train --dataset si-prototypes --method rdf_vae --set epochs=500
    """
    from aiida_crystalgen.cli.running import run_or_submit
    from aiida_crystalgen.cli.search_inputs import load_code
    from aiida_crystalgen.data.groups import load_dataset
    from aiida_crystalgen.workflows.train import TrainWorkChain

    builder = TrainWorkChain.get_builder_from_protocol(
        load_dataset(dataset),
        method,
        seed=choices['seed'],
        protocol=choices['protocol'],
        code=None if code is None else load_code(code),
        overrides=parse_assignments(choices['assignments']),
    )
    builder['metadata']['label'] = label
    checkpoint = run_or_submit(builder).outputs.checkpoint
    checkpoint.label = label
    click.echo(f'Trained model {checkpoint.pk}.   aiida-crystalgen model show {checkpoint.pk}')


@model.command('list')
@with_profile
def list_models() -> None:
    """List the models, the newest first.

    \b
    Example:
      aiida-crystalgen model list
    """
    from aiida_crystalgen.cli.tables import age, format_number, format_table
    from aiida_crystalgen.queries import models

    found = models()
    if not found:
        click.echo('No models yet. Train one with `aiida-crystalgen model train`.')
        return
    rows = [
        (
            str(row.pk),
            row.label,
            row.method,
            format_number(row.number_of_weights),
            '' if row.number_of_crystals is None else format_number(row.number_of_crystals),
            'imported' if row.training is None else str(row.training),
            row.sha256[:8],
            f'{age(row.created)} ago',
        )
        for row in found
    ]
    headings = ('pk', 'label', 'method', 'weights', 'crystals', 'trained on', 'sha256', 'made')
    click.echo(format_table(headings, rows, right='pk,weights,crystals'))


@model.command('show')
@click.argument('identifier', metavar='MODEL')
@with_profile
def show(identifier: str) -> None:
    """Show settings and training of a model.

    MODEL is a PK, the start of a UUID or of the SHA-256, or a label.

    \b
    Example:
      aiida-crystalgen model show si-vae
    """
    from aiida_crystalgen.cli.tables import format_facts, format_number
    from aiida_crystalgen.queries.models import find_model

    row = find_model(identifier)
    trained = 'elsewhere; the model was imported'
    if row.training is not None:
        trained = f'{row.number_of_crystals} crystals, set {row.training}, by process {row.process}'
    facts = {
        'model': f'{row.pk}  {row.uuid}',
        'label': row.label,
        'method': row.method,
        'weights': format_number(row.number_of_weights),
        'sha256': row.sha256,
        'made': f'{row.created:%Y-%m-%d %H:%M}',
        'trained on': trained,
        **{f'summary.{name}': _text(value) for name, value in sorted(row.summary.items())},
        **{f'settings.{name}': _text(value) for name, value in sorted(row.settings.items())},
    }
    click.echo(format_facts(facts))


def _text(value: object) -> str:
    """Return a fact of a model as text."""
    return f'{value:.6g}' if isinstance(value, float) else str(value)


@model.command('export')
@click.argument('identifier', metavar='MODEL')
@click.option(
    '-o', '--output', required=True, type=click.Path(dir_okay=False, path_type=Path), help='File.'
)
@with_profile
def export(identifier: str, output: Path) -> None:
    """Write a model to a safetensors file.

    \b
    Example:
      aiida-crystalgen model export si-vae -o si-vae.safetensors
    """
    from aiida import orm

    from aiida_crystalgen.queries.models import find_model

    row = find_model(identifier)
    output.write_bytes(orm.load_node(row.pk).get_content(mode='rb'))
    click.echo(f'Model {row.pk} written to {output}, sha256 {row.sha256}')


@model.command('import')
@click.argument('file', type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option('--label', default='', help='What to call the model.')
@with_profile
def import_model(file: Path, label: str) -> None:
    """Store a model that `model export` wrote. Anything else is refused, pickles above all.

    \b
    Example:
      aiida-crystalgen model import si-vae.safetensors --label si-vae
    """
    from aiida_crystalgen.data.checkpoint import CheckpointData
    from aiida_crystalgen.queries.models import models

    node = CheckpointData(file.resolve())
    known = [row.pk for row in models() if row.sha256 == node.sha256]
    if known:
        click.echo(f'Model {known[0]} is the same; nothing was imported.')
        return
    node.label = label
    node.store()
    click.echo(f'Imported model {node.pk}.   aiida-crystalgen model show {node.pk}')
