"""``aiida-crystalgen model evaluate``: how good what a model proposes is."""

from __future__ import annotations

from typing import Any

import click

from aiida_crystalgen.cli.profile import with_profile

__all__ = ('evaluate',)

_MOST_FORMULAS = 50  # each is a process of its own


@click.command('evaluate')
@click.argument('identifier', metavar='MODEL|PROPOSALS')
@click.option('--references', required=True, help='Dataset of real crystals to compare with.')
@click.option(
    '--training',
    help='Dataset that novelty is judged by; the one that the model was trained on without it.',
)
@click.option('--protocol', help='Of the evaluation; its default otherwise.')
@click.option('--seed', type=click.IntRange(min=0), default=0, show_default=True)
@click.option(
    '--composition',
    multiple=True,
    help='That a model proposes; may be repeated; the formulas of the references without it.',
)
@click.option(
    '--candidates',
    type=click.IntRange(min=1),
    default=200,
    show_default=True,
    help='Crystals that a model proposes, shared among the compositions.',
)
@click.option('--formula-units', type=int, multiple=True, help='Per cell; may be repeated.')
@click.option('--space-group', type=int, multiple=True, help='Number; may be repeated.')
@click.option('--code', help='Whose executable is crystalgen-run, for a model to propose by.')
@with_profile
def evaluate(
    identifier: str,
    references: str,
    training: str | None,
    protocol: str | None,
    seed: int,
    code: str | None,
    **choices: Any,
) -> None:
    """Evaluate what a MODEL proposes, or PROPOSALS that there are, beside real crystals.

    Validity, coverage, distances of distributions, uniqueness, novelty and space groups. The
    references should be crystals that the model has never seen. MODEL is a PK, the start of a UUID
    or a label; PROPOSALS a PK or the start of a UUID.

    \b
    Example:
      aiida-crystalgen model evaluate si-vae --references si-known --candidates 500
      aiida-crystalgen model evaluate 42 --references test-crystals --training train-crystals
    """
    from aiida_crystalgen.calculations.functions.evaluate import evaluate as evaluation
    from aiida_crystalgen.cli.progress import shown
    from aiida_crystalgen.cli.running import call
    from aiida_crystalgen.data.groups import load_dataset
    from aiida_crystalgen.queries.evaluations import evaluation_result
    from aiida_crystalgen.workflows.protocol import protocol_inputs

    known = load_dataset(references)
    settings = protocol_inputs('evaluate', protocol)
    learned = None if training is None else load_dataset(training)
    proposals, model = _proposals_or_model(identifier)
    if proposals is None:
        found = _proposed(identifier, known, seed=seed, code=code, choices=choices)
    else:
        found = load_dataset(str(proposals))
    if learned is None and model is not None and model.training is not None:
        learned = load_dataset(str(model.training))
    inputs = {} if learned is None else {'training': learned}
    with shown('evaluating'):
        node = call(
            evaluation, generated=found, reference=known, settings=settings, seed=seed, **inputs
        )
    click.echo(_table(evaluation_result(f'proposals {found.pk}', node.outputs.result)))
    click.echo(f'\nEvaluation {node.pk} of proposals {found.pk}.')


def _proposals_or_model(identifier: str) -> tuple[int | None, Any]:
    """Return the PK of proposals, None if they are to be made, and the model that makes them.

    :raises ValueError: if the name is of neither.
    """
    from aiida_crystalgen.queries.models import find_model
    from aiida_crystalgen.queries.proposals import find_proposals

    try:
        row = find_proposals(identifier)
    except ValueError:
        pass
    else:
        return row.pk, None if row.model is None else find_model(row.model)
    try:
        return None, find_model(identifier)
    except ValueError as exception:
        if 'there is no model' not in str(exception):
            raise
        raise ValueError(
            f"'{identifier}' is neither a model nor a set of proposals; `aiida-crystalgen model "
            'list` and `aiida-crystalgen proposals list` show all'
        ) from None


def _proposed(
    identifier: str, references: Any, *, seed: int, code: str | None, choices: dict[str, Any]
) -> Any:
    """Return what a model proposes for each composition, as one set.

    :param choices: options that say what to propose.
    :raises ValueError: if there are too many compositions, or one cannot be proposed.
    """
    from aiida_crystalgen.calculations.functions.join import join
    from aiida_crystalgen.cli.running import call, run_or_submit
    from aiida_crystalgen.cli.search_inputs import load_code
    from aiida_crystalgen.queries.models import find_model
    from aiida_crystalgen.workflows.propose import ProposeWorkChain

    model = find_model(identifier)
    compositions = choices['composition'] or _formulas(references)
    overrides = {'candidates': max(1, choices['candidates'] // len(compositions)), 'seed': seed}
    for option, key in (('formula_units', 'formula_units'), ('space_group', 'space_groups')):
        if choices[option]:
            overrides[key] = list(choices[option])
    found = {}
    for number, composition in enumerate(compositions):
        builder = ProposeWorkChain.get_builder_from_protocol(
            composition,
            {'method': model.method, 'checkpoint': model.pk},
            code=None if code is None else load_code(code),
            overrides=overrides,
        )
        node = run_or_submit(builder, f'proposing {composition}')
        found[f'set_{number:02d}'] = node.outputs.proposals
    if len(found) == 1:
        return found['set_00']
    return call(join, **found).outputs.structures


def _formulas(references: Any) -> tuple[str, ...]:
    """Return the formulas of real crystals.

    :raises ValueError: if they are too many.
    """
    import numpy as np

    from aiida_crystalgen.data.convert import crystals_from_node
    from aiida_crystalgen.science.composition import reduced_formulas

    found = np.unique(reduced_formulas(crystals_from_node(references))).tolist()
    if len(found) > _MOST_FORMULAS:
        raise ValueError(
            f'the references have {len(found)} formulas; name those to propose with --composition, '
            'or evaluate proposals that you have made'
        )
    return tuple(found)


def _table(result: Any) -> str:
    """Return the measures with those of real crystals beside."""
    from aiida_crystalgen.cli.tables import format_table

    rows = [(row.title, row.generated, row.real) for row in result.rows]
    table = format_table(('measure', 'generated', 'real'), rows, right='generated,real')
    return f'{result.summary}\n\n{table}'
