"""Where a search is: its stage, its children, its yield so far."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from aiida import orm

from aiida_crystalgen.queries.jobs import Job, find_job
from aiida_crystalgen.queries.phases import PhaseTable, phases
from aiida_crystalgen.queries.rounds import RoundRow, rounds
from aiida_crystalgen.queries.searches import SearchRow, find_search, searches
from aiida_crystalgen.queries.verification import describe_verification
from aiida_crystalgen.queries.yields import count_stages

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
        stage=_stage(children, has_ended=search.has_ended),
        budget=_budget(pk),
        rounds=begun,
        children=children,
        job=None if search.has_ended else find_job(pk),
        yields=count_stages(pk),
        best=phases(search=pk),
    )


def _budget(search: int) -> dict[str, float]:
    """Return the limits that a search has."""
    query = orm.QueryBuilder()
    query.append(orm.WorkChainNode, filters={'id': search}, tag='search')
    query.append(
        orm.Dict, with_outgoing='search', edge_filters={'label': 'budget'}, project='attributes'
    )
    limits = query.first(flat=True) or {}
    return {name: limit for name, limit in limits.items() if limit is not None}


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


def _stage(children: tuple[Child, ...], *, has_ended: bool) -> str:
    """Return the stage that the newest child belongs to, and how far a verification is."""
    if not children:
        return 'start'
    newest = children[-1]
    stage = _STAGES.get(newest.label) or _STAGES.get(newest.label.split('_')[0], newest.label)
    if newest.label == 'verify' and not has_ended:
        details = describe_verification(newest.pk)
        return f'{stage}: {details}' if details else stage
    return stage
