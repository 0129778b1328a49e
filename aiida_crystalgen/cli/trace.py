"""The way back from a phase as a tree of text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from aiida_crystalgen.cli.tables import format_number
from aiida_crystalgen.queries.requested_volume import requested_volume
from aiida_crystalgen.science.engines import engine_label

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from aiida_crystalgen.queries.lineage import Lineage, Model, Proposal, Relaxation
    from aiida_crystalgen.queries.training import TrainingSet

__all__ = ('describe_lineage',)

_SHOWN = 3  # labels of training structures, unless all are wanted


@dataclass(frozen=True)
class _Branch:
    """A line of the tree, with the node it is about and the lines below it."""

    text: str
    node: str
    below: tuple[_Branch, ...] = ()


def describe_lineage(lineage: Lineage, *, all_structures: bool) -> str:
    """Return the tree from a phase back to what its model was trained on.

    :param all_structures: name every training structure, one a line, not just the first.
    """
    lines = list(_lines(_tree(lineage, all_structures)))
    width = max(len(text) for text, node in lines if node)
    return '\n'.join(f'{text.ljust(width)}   {node}'.rstrip() for text, node in lines)


def _lines(branch: _Branch, first: str = '', others: str = '') -> Iterator[tuple[str, str]]:
    """Yield the lines of a tree, each with the node it is about.

    :param first: what to put before the first line.
    :param others: what to put before all lines below it.
    """
    yield first + branch.text, branch.node
    for row, below in enumerate(branch.below, start=1):
        last = row == len(branch.below)
        yield from _lines(
            below, others + ('└─ ' if last else '├─ '), others + '│  ' * (not last) + '   ' * last
        )


def _tree(lineage: Lineage, all_structures: bool) -> _Branch:
    """Return the tree of a lineage."""
    phase, verdict = lineage.phase, lineage.verdict
    below = [_request(lineage.proposal)]
    if lineage.model is not None:
        training = _training(lineage.training, all_structures)
        below.append(_model(lineage.model, training))
    proposed = _Branch(
        _proposal(lineage.proposal), f'propose {lineage.proposal.process}', tuple(below)
    )
    accepted = _Branch(
        'accepted'
        + (
            f': RDF distance {verdict.distance:.3f} to {_similar(lineage)}'
            if verdict.similar_to
            else ''
        ),
        f'screen {verdict.process}',
        (proposed,),
    )
    relaxed = accepted
    for relaxation in reversed(lineage.relaxations):
        node = f'relax {relaxation.process}, row {relaxation.row}'
        relaxed = _Branch(_relaxation(relaxation), node, (relaxed,))
    energy = f'{phase.energy_above_lowest:.3f} eV/atom above {lineage.lowest}'
    if phase.energy_above_lowest == 0:
        energy = 'lowest in energy'
    text = f'{phase.label}  {phase.formula}  {phase.symmetry}  {energy}'
    return _Branch(text, f'record {phase.pk}', (relaxed,))


def _relaxation(relaxation: Relaxation) -> str:
    """Return how the phase was relaxed."""
    text = f'relaxed with {engine_label(relaxation.engine)}'
    if relaxation.steps is not None:
        text = f'{text}, {format_number(relaxation.steps)} steps'
    if relaxation.max_force is not None:
        text = f'{text}, fmax {relaxation.max_force:.2g} eV/Å'
    return text


def _similar(lineage: Lineage) -> str:
    """Return what the proposal was similar to."""
    verdict = lineage.verdict
    return verdict.name if verdict.similar_to == 'references' else f'replica {verdict.name}'


def _proposal(proposal: Proposal) -> str:
    """Return which proposal the phase was."""
    text = f'proposed by {proposal.method} in round {proposal.round_number}: '
    text += f'row {format_number(proposal.row)} of '
    text += format_number(proposal.number)
    if proposal.template:
        text = f'{text}, template {proposal.template}'
    if proposal.space_group is not None:
        text = f'{text}, space group {proposal.space_group}'
    return f'{text}, seed {proposal.seed}'


def _request(proposal: Proposal) -> _Branch:
    """Return what was asked of the generator."""
    request = proposal.request
    units = ', '.join(str(number) for number in request['formula_units'])
    distances = ', '.join(f'{pair} ≥ {one:g} Å' for pair, one in request['distances'].items())
    parts = [f'{request["composition"]} × {units}', distances]
    if request['volume_per_atom'] is None:
        parts[0] = request['composition']
    else:
        place = '' if request.get('periodic', True) else 'clusters in balls of '
        parts.insert(1, f'{place}{requested_volume(request)}')
    return _Branch(f'request: {", ".join(parts)}', f'request {proposal.request_pk}')


def _model(model: Model, training: tuple[_Branch, ...]) -> _Branch:
    """Return the model, with what it was trained on below."""
    weights = format_number(model.number_of_weights)
    text = f'checkpoint {model.method} {model.sha256[:8]}, {weights} weights'
    if model.epochs is not None:
        text = f'{text}, {format_number(model.epochs)} epochs'
    if model.process is None:
        origin = f': {model.title}' if model.title else '; trained elsewhere'
        return _Branch(f'{text}, imported{origin}', f'checkpoint {model.pk}')
    return _Branch(text, f'train {model.process}', training)


def _training(training: TrainingSet | None, all_structures: bool) -> tuple[_Branch, ...]:
    """Return the crystals that the model learnt from, and where they come from."""
    if training is None:
        return ()
    labels = [one.label for one in training.structures]
    below = [
        _Branch(f'{one.label}{f"  structure {one.uuid}" if one.uuid else ""}', '')
        for one in training.structures
    ]
    shown = labels if len(labels) <= _SHOWN else [*labels[:_SHOWN], '…']
    text = f'trained on {format_number(len(labels))} crystals'
    if training.dataset:
        text = f'{text} of dataset {training.dataset}'
    if not all_structures:
        text = f'{text}: {", ".join(shown)}'
    origin = _Branch(_source(training.source), f'crystals {training.origin_pk}')
    for step in reversed(training.preparations):
        what = f'relaxed with {step.potential}' if step.potential else step.name.replace('_', ' ')
        change = f'{step.after} of {step.before} kept'
        if step.after > step.before:
            change = f'{step.after - step.before} added to {step.before}'
        origin = _Branch(f'{what}: {change}', f'{step.name} {step.process}', (origin,))
    return (_Branch(text, f'crystals {training.pk}', (*(below if all_structures else ()), origin)),)


def _source(source: Mapping[str, Any]) -> str:
    """Return where the first crystals of a training set come from."""
    if 'generator' in source:
        return f'proposed by {source["generator"]}'
    return f'imported from {source.get("kind", "an unknown source")}'
