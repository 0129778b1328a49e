"""Where a search is: its stage, its children, its yield so far."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from aiida import orm

from aiida_crystalgen.data.structure_set import StructureSetData
from aiida_crystalgen.queries.jobs import Job, find_job
from aiida_crystalgen.queries.phases import PhaseTable, phases
from aiida_crystalgen.queries.rounds import RoundRow, rounds
from aiida_crystalgen.queries.searches import SearchRow, find_search, searches

__all__ = ('Child', 'SearchStatus', 'count_stages', 'search_status')

_STAGES = {
    'references': 'relax the references',
    'distinct_references': 'relax the references',
    'train': 'train',
    'propose': 'propose',
    'screen': 'screen',
    'relax': 'relax',
    'find_phases': 'compare the phases',
    'record_phases': 'compare the phases',
    'verify': 'verify the phases',
    'round': 'begin a round',
    'grow': 'learn from the round',
    'allot': 'learn from the round',
    'join': 'learn from the round',
}
_SCREENED = ('proposed', 'valid', 'similar', 'distinct', 'selected')
_COUNTED = (*_SCREENED, 'physical', 'phases')


@dataclass(frozen=True)
class Child:
    """A process that a search has called.

    :param label: of the call link, unique within its round, as in 'train_rdf_vae'.
    :param round_number: of the round that called it, None if the search itself did.
    :param process: its process label, as in 'TrainWorkChain'.
    """

    pk: int
    label: str
    round_number: int | None
    process: str
    state: str
    exit_status: int | None
    exit_message: str
    created: datetime
    modified: datetime

    @property
    def is_alive(self) -> bool:
        """Whether it has not ended."""
        return self.state not in {'finished', 'excepted', 'killed'}

    @property
    def is_successful(self) -> bool:
        """Whether it came to the end it was meant to."""
        return self.exit_status == 0


@dataclass(frozen=True)
class SearchStatus:
    """Where a search is.

    :param stage: what it is doing, or what it did last.
    :param budget: what it may spend; limits that it has not are left out.
    :param rounds: that have begun, the first one first.
    :param children: the processes that it and its rounds have called, the oldest first.
    :param job: what it waits for, if that is a job on a computer.
    :param yields: for each generator, how many crystals were left after each stage so far.
    :param best: the phases found, the lowest first.
    """

    search: SearchRow
    stage: str
    budget: Mapping[str, float]
    rounds: tuple[RoundRow, ...]
    children: tuple[Child, ...]
    job: Job | None
    yields: Mapping[str, Mapping[str, int]]
    best: PhaseTable

    @property
    def remaining(self) -> float | None:
        """Seconds that the rest of its rounds will take if they take as long as those before.

        None if it has ended, its rounds are not limited, or none is done.
        """
        done = [one for one in self.rounds if one.exit_status is not None]
        if self.search.has_ended or not done or 'rounds' not in self.budget:
            return None
        each = sum((one.modified - one.created).total_seconds() for one in done) / len(done)
        left = (self.budget['rounds'] - len(done)) * each
        if len(self.rounds) > len(done):
            begun = self.rounds[-1].created
            left -= min((datetime.now(tz=begun.tzinfo) - begun).total_seconds(), each)
        return max(left, 0.0)


def search_status(identifier: str | int) -> SearchStatus:
    """Return where a search is.

    :param identifier: PK, start of a UUID, or label.
    :raises ValueError: if there is no such search.
    """
    pk = find_search(identifier)
    (search,) = searches(pk)
    begun = rounds(pk)
    children = _children(pk, begun)
    return SearchStatus(
        search=search,
        stage=_stage(children),
        budget=_budget(pk),
        rounds=begun,
        children=children,
        job=None if search.has_ended else find_job(pk),
        yields=count_stages(pk),
        best=phases(search=pk),
    )


def count_stages(search: int, round_number: int | None = None) -> dict[str, dict[str, int]]:
    """Return how many crystals of each generator were left after each stage so far.

    :param search: its PK.
    :param round_number: of the only round that counts; None counts all of them.
    """
    counts: dict[str, Counter[str]] = {}
    found = Counter(
        row.generator for row in phases(search=search) if round_number in {None, row.proposal_round}
    )
    for one in rounds(search):
        if round_number in {None, one.number}:
            for generator, stages in _count_round(one.pk).items():
                counts.setdefault(generator, Counter()).update(stages)
    for generator, total in counts.items():
        if found and 'physical' in total:
            total['phases'] = found[generator]
    return {
        generator: {name: total[name] for name in _COUNTED if name in total}
        for generator, total in counts.items()
    }


def _count_round(pk: int) -> dict[str, dict[str, int]]:
    """Return how many crystals of each generator were left after each stage of a round so far."""
    results = _results(pk)
    counts: dict[str, dict[str, int]] = {}
    if 'verdicts' in results:
        verdicts = results['verdicts']
        counts = _count_verdicts(verdicts.get_array('generator'), verdicts.get_array('stage'))
    if 'relaxed' in results:
        relaxed = results['relaxed']
        physical = relaxed.get_array('column_rejection') == ''
        physical &= relaxed.get_array('column_converged')
        of_generator = Counter(relaxed.get_array('column_generator')[physical].tolist())
        for generator, stages in counts.items():
            stages['physical'] = of_generator[generator]
    return counts


def _budget(search: int) -> dict[str, float]:
    """Return the limits that a search has."""
    query = orm.QueryBuilder()
    query.append(orm.WorkChainNode, filters={'id': search}, tag='search')
    query.append(
        orm.Dict, with_outgoing='search', edge_filters={'label': 'budget'}, project='attributes'
    )
    limits = query.first(flat=True) or {}
    return {name: limit for name, limit in limits.items() if limit is not None}


def _count_verdicts(generators: np.ndarray, stages: np.ndarray) -> dict[str, dict[str, int]]:
    """Return for each generator how many proposals reached each stage of the screening or more."""
    counts: dict[str, dict[str, int]] = {}
    for generator in np.unique(generators).tolist():
        last = Counter(stages[generators == generator].tolist())
        counts[generator] = {
            stage: sum(last[later] for later in _SCREENED[row:])
            for row, stage in enumerate(_SCREENED)
        }
    return counts


def _results(pk: int) -> dict[str, orm.ArrayData]:
    """Return what the children of a round have given so far: verdicts and relaxed crystals."""
    query = orm.QueryBuilder()
    query.append(orm.WorkChainNode, filters={'id': pk}, tag='round')
    query.append(
        orm.ProcessNode,
        with_incoming='round',
        edge_filters={'label': {'in': ['screen', 'relax']}},
        tag='child',
    )
    query.append(
        [orm.ArrayData, StructureSetData],
        with_incoming='child',
        edge_filters={
            'type': {'in': ['create', 'return']},
            'label': {'in': ['verdicts', 'relaxed']},
        },
        edge_project='label',
        project='*',
    )
    return {label: node for node, label in query.all()}


def _children(search: int, begun: tuple[RoundRow, ...]) -> tuple[Child, ...]:
    """Return the processes that a search and its rounds have called, the oldest first."""
    numbers = {one.pk: one.number for one in begun}
    query = orm.QueryBuilder()
    query.append(
        orm.WorkChainNode, filters={'id': {'in': [search, *numbers]}}, project='id', tag='parent'
    )
    query.append(
        orm.ProcessNode,
        with_incoming='parent',
        edge_project='label',
        project=[
            'id',
            'attributes.process_label',
            'attributes.process_state',
            'attributes.exit_status',
            'attributes.exit_message',
            'ctime',
            'mtime',
        ],
        tag='child',
    )
    query.order_by({'child': [{'ctime': 'asc'}]})
    return tuple(_child(numbers.get(parent), values) for parent, *values in query.all())


def _child(round_number: int | None, values: list[Any]) -> Child:
    """Return one answer of the database as a child."""
    pk, process, state, exit_status, exit_message, created, modified, label = values
    return Child(
        pk=pk,
        label=label,
        round_number=round_number,
        process=process or '',
        state=state or 'created',
        exit_status=exit_status,
        exit_message=exit_message or '',
        created=created,
        modified=modified,
    )


def _stage(children: tuple[Child, ...]) -> str:
    """Return the stage that the newest child belongs to."""
    if not children:
        return 'start'
    label = children[-1].label
    return _STAGES.get(label) or _STAGES.get(label.split('_')[0], label)
