"""The way from a phase back to the model that proposed it and the crystals that it learnt from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from aiida import orm
from aiida.common.links import LinkType

from aiida_crystalgen.data.checkpoint import CheckpointData
from aiida_crystalgen.data.convert import crystals_from_node
from aiida_crystalgen.data.structure_set import StructureSetData
from aiida_crystalgen.queries.nodes import column, stored_pk
from aiida_crystalgen.queries.phases import PhaseRow, find_phase, phases
from aiida_crystalgen.queries.training import TrainingSet, TrainingStructure, training_set
from aiida_crystalgen.science.composition import reduced_formulas

__all__ = ('Lineage', 'Model', 'Proposal', 'Relaxation', 'Verdict', 'lineage')


@dataclass(frozen=True)
class Relaxation:
    """How a phase was relaxed.

    :param process: PK of the relaxation.
    :param row: of the phase among the relaxed crystals.
    :param engine: name, package and version of what gave energies and forces.
    :param steps: until it stopped, None if unknown.
    :param max_force: on an atom at the end, in eV/Å, None if unknown.
    """

    process: int
    row: int
    engine: Mapping[str, str]
    steps: int | None
    max_force: float | None


@dataclass(frozen=True)
class Verdict:
    """Why a proposal was accepted.

    :param process: PK of the screening.
    :param similar_to: 'references' or 'replicas', empty if similarity was no condition.
    :param name: label of the reference, or place of the replica in the grid of its model.
    :param distance: Pearson distance from it, None if similarity was no condition.
    """

    process: int
    similar_to: str
    name: str
    distance: float | None


@dataclass(frozen=True)
class Proposal:
    """How a phase was proposed.

    :param process: PK of the proposing.
    :param method: entry-point name of the generator.
    :param round_number: of the round of the search.
    :param row: of the phase among the proposals.
    :param number: of proposals.
    :param template: known structure that elements were put into, empty if there was none.
    :param templates_pk: of the set that it is from, None if it came with the generator.
    :param space_group: that was asked for, None if none was.
    :param seed: of this candidate alone, or of all where a generator has no others.
    :param request: what was asked of the generator.
    :param request_pk: PK of that node.
    """

    process: int
    method: str
    round_number: int
    row: int
    number: int
    template: str
    templates_pk: int | None
    space_group: int | None
    seed: int
    request: Mapping[str, Any]
    request_pk: int


@dataclass(frozen=True)
class Model:
    """The model that made a proposal.

    :param title: first line of its model card, empty if it has none.
    :param process: PK of its training, None if it was imported.
    :param epochs: of its training, None if unknown.
    """

    pk: int
    uuid: str
    method: str
    sha256: str
    number_of_weights: int
    title: str
    epochs: int | None
    process: int | None


@dataclass(frozen=True)
class Lineage:
    """The way back from a phase, step by step.

    :param lowest: name of the crystal whose energy counts as zero.
    :param relaxations: of the phase, the last one first; where it was verified, that of the
        verification goes before that of the search.
    :param model: that made the proposal, None for a generator that does not learn.
    :param training: what the model learnt from, None if it was imported, or there is no model.
    """

    phase: PhaseRow
    lowest: str
    relaxations: tuple[Relaxation, ...]
    verdict: Verdict
    proposal: Proposal
    model: Model | None
    training: TrainingSet | None

    @property
    def training_structures(self) -> tuple[TrainingStructure, ...]:
        """Every crystal that the model learnt from, none where there was no training."""
        return () if self.training is None else self.training.structures


@dataclass(frozen=True)
class _Step:
    """A process that created a node, with its inputs by the labels of their links."""

    process: orm.ProcessNode
    inputs: Mapping[str, Any]


def lineage(identifier: str | int, search: int | str | None = None) -> Lineage:
    """Return the way from a phase back to the training set.

    :param identifier: label of the phase, as in 'P3', or PK or start of the UUID of its record.
    :param search: that a label refers to; the newest successful one if None.
    :raises ValueError: if there is no such phase.
    """
    phase = find_phase(identifier, search)
    recording = _creation(orm.load_node(phase.pk))
    comparison = _comparison(recording.inputs['phases'], phase.round)
    relaxations, accepted = _relaxations(comparison, phase.relaxed_row)
    screening = _creation(accepted)
    proposing = _creation(screening.inputs[phase.generator])
    checkpoint = proposing.inputs.get('checkpoint')
    model, training = (None, None) if checkpoint is None else _model(checkpoint)
    return Lineage(
        phase=phase,
        lowest=_lowest(phase, comparison.inputs['references']),
        relaxations=relaxations,
        verdict=_verdict(phase, screening),
        proposal=_proposal(phase, proposing, screening.inputs[phase.generator]),
        model=model,
        training=training,
    )


def _creation(node: orm.Node) -> _Step:
    """Return how a node was created.

    :raises ValueError: if no process created it.
    """
    process = node.creator
    if process is None:
        raise ValueError(
            f'{type(node).__name__}<{node.pk}> was created by no process, so the way back ends '
            'here; an archive that keeps the way is made by `verdi archive create --groups`'
        )
    links = process.base.links.get_incoming(link_type=LinkType.INPUT_CALC).all()
    return _Step(process, {link.link_label: link.node for link in links})


def _comparison(phases: StructureSetData, round_number: int) -> _Step:
    """Return the comparison that found a phase of this round; later ones have passed it on."""
    step = _creation(phases)
    while 'earlier' in step.inputs and step.inputs['round_number'].value != round_number:
        step = _creation(step.inputs['earlier'])
    return step


def _lowest(phase: PhaseRow, references: StructureSetData) -> str:
    """Return the name of the crystal whose energy counts as zero in the search of a phase.

    :param references: that the search compared its phases with.
    """
    first = phases(search=phase.search_pk)[0]
    if first.energy_above_lowest == 0:
        return first.known or first.label
    crystals = crystals_from_node(references)
    rows = np.flatnonzero(reduced_formulas(crystals) == phase.reduced_formula)
    lowest = rows[np.argmin(crystals['energy'][rows])]
    return str(crystals['label'][lowest] if 'label' in crystals else f'reference {lowest}')


def _relaxations(comparison: _Step, row: int) -> tuple[tuple[Relaxation, ...], StructureSetData]:
    """Return how a phase was relaxed, the last time first, and the set it was chosen from.

    :param comparison: that found the phase.
    :param row: of the phase among the relaxed crystals of that comparison.
    """
    found = []
    while True:
        relaxed = comparison.inputs['relaxed']
        step = _creation(relaxed)
        found.append(_relaxation(step, relaxed, row))
        structures = step.inputs['structures']
        # What was verified had been relaxed, compared and put on the shortlist before.
        before = _creation(structures)
        if 'phases' not in before.inputs:
            return tuple(found), structures
        phases = before.inputs['phases']
        place = int(_value(structures, 'phase_row', row))
        comparison = _comparison(phases, int(_value(phases, 'round', place)))
        row = int(_value(phases, 'relaxed_row', place))


def _relaxation(step: _Step, relaxed: StructureSetData, row: int) -> Relaxation:
    """Return how the crystal of a row was relaxed."""
    steps, force = _value(relaxed, 'steps', row), _value(relaxed, 'max_force', row)
    return Relaxation(
        process=stored_pk(step.process),
        row=row,
        engine=relaxed.facts['engine'],
        steps=None if steps is None else int(steps),
        max_force=None if force is None else float(force),
    )


def _verdict(phase: PhaseRow, step: _Step) -> Verdict:
    """Return why the proposal of a phase was accepted."""
    verdicts = step.process.outputs.verdicts
    mine = (verdicts.get_array('generator') == phase.generator) & (
        verdicts.get_array('proposal_row') == phase.proposal_row
    )
    row = int(np.flatnonzero(mine)[0])
    columns = {'references': 'reference_distance', 'replicas': 'replica_distance'}
    distances = {
        name: float(verdicts.get_array(columns[name])[row])
        for name in step.inputs['settings']['similar_to']
    }
    if not distances:
        return Verdict(stored_pk(step.process), similar_to='', name='', distance=None)
    nearest = min(distances, key=lambda name: distances[name])
    if nearest == 'references':
        reference = int(verdicts.get_array('nearest_reference')[row])
        label = _value(step.inputs['references'], 'label', reference)
        name = str(reference if label is None else label)
    else:
        name = _replica(phase, step.inputs[phase.generator])
    return Verdict(stored_pk(step.process), nearest, name, distances[nearest])


def _replica(phase: PhaseRow, proposals: StructureSetData) -> str:
    """Return the place of the nearest replica in the grid of latent points, as in '(7, 11)'.

    Replicas that do not come from a grid are named by their number.
    """
    number = int(_value(proposals, 'replica', phase.proposal_row))
    settings = _creation(proposals).inputs['checkpoint'].settings
    grid = settings.get('replicas', {}).get('grid')
    if grid is None:
        return str(number)
    place = np.unravel_index(number, (grid,) * settings['latent'])
    return f'({", ".join(str(one) for one in place)})'


def _proposal(phase: PhaseRow, step: _Step, proposals: StructureSetData) -> Proposal:
    """Return how a phase was proposed."""
    space_group = _value(proposals, 'requested_space_group', phase.proposal_row)
    seed = _value(proposals, 'seed', phase.proposal_row)
    return Proposal(
        process=stored_pk(step.process),
        method=step.inputs['method'].value,
        round_number=phase.proposal_round,
        row=phase.proposal_row,
        number=proposals.number,
        template=str(_value(proposals, 'template', phase.proposal_row) or ''),
        templates_pk=step.inputs['templates'].pk if 'templates' in step.inputs else None,
        space_group=int(space_group) if space_group else None,
        seed=step.inputs['seed'].value if seed is None else int(seed),
        request=step.inputs['request'].get_dict(),
        request_pk=step.inputs['request'].pk,
    )


def _model(checkpoint: CheckpointData) -> tuple[Model, TrainingSet | None]:
    """Return what a checkpoint is, and what it was trained on where that is known."""
    process = checkpoint.creator
    model = Model(
        pk=stored_pk(checkpoint),
        uuid=checkpoint.uuid,
        method=checkpoint.method,
        sha256=checkpoint.sha256,
        number_of_weights=checkpoint.number_of_weights,
        title=checkpoint.description.partition('\n')[0].lstrip('# '),
        epochs=checkpoint.summary.get('epochs'),
        process=None if process is None else stored_pk(process),
    )
    if process is None:
        return model, None
    return model, training_set(_creation(checkpoint).inputs['training'])


def _value(structures: StructureSetData, name: str, row: int) -> Any:
    """Return one value of a column, or None where the set has no such column."""
    values = column(structures, name)
    return None if values is None else values[row]
