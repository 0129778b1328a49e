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
}
_SCREENED = ('proposed', 'valid', 'similar', 'distinct', 'selected')


@dataclass(frozen=True)
class Child:
    """A process that a search has called.

    :param label: of the call link, unique within the search, as in 'train_rdf_vae'.
    :param process: its process label, as in 'TrainWorkChain'.
    """

    pk: int
    label: str
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
    :param children: the processes it has called, the oldest first.
    :param job: what it waits for, if that is a job on a computer.
    :param yields: for each generator, how many crystals were left after each stage so far.
    :param best: the phases found, the lowest first.
    """

    search: SearchRow
    stage: str
    children: tuple[Child, ...]
    job: Job | None
    yields: Mapping[str, Mapping[str, int]]
    best: PhaseTable


def search_status(identifier: str | int) -> SearchStatus:
    """Return where a search is.

    :param identifier: PK, start of a UUID, or label.
    :raises ValueError: if there is no such search.
    """
    pk = find_search(identifier)
    (search,) = searches(pk)
    children = _children(pk)
    return SearchStatus(
        search=search,
        stage=_stage(children),
        children=children,
        job=None if search.has_ended else find_job(pk),
        yields=count_stages(pk),
        best=phases(search=pk),
    )


def count_stages(search: int) -> dict[str, dict[str, int]]:
    """Return how many crystals of each generator were left after each stage so far.

    :param search: its PK.
    """
    results = _results(search)
    counts: dict[str, dict[str, int]] = {}
    if 'verdicts' in results:
        verdicts = results['verdicts']
        counts = _count_verdicts(verdicts.get_array('generator'), verdicts.get_array('stage'))
    if 'relaxed' in results:
        relaxed = results['relaxed']
        physical = relaxed.get_array('column_rejection') == ''
        physical &= relaxed.get_array('column_converged')
        of_generator = Counter(relaxed.get_array('column_generator')[physical].tolist())
        found = Counter(phases(search=search).generator)
        for generator, stages in counts.items():
            stages['physical'] = of_generator[generator]
            if found:
                stages['phases'] = found[generator]
    return counts


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


def _results(search: int) -> dict[str, orm.ArrayData]:
    """Return what the children have given so far of the verdicts and the relaxed crystals."""
    query = orm.QueryBuilder()
    query.append(orm.WorkChainNode, filters={'id': search}, tag='search')
    query.append(
        orm.ProcessNode,
        with_incoming='search',
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


def _children(search: int) -> tuple[Child, ...]:
    """Return the processes that a search has called, the oldest first."""
    query = orm.QueryBuilder()
    query.append(orm.WorkChainNode, filters={'id': search}, tag='search')
    query.append(
        orm.ProcessNode,
        with_incoming='search',
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
    return tuple(_child(values) for values in query.all())


def _child(values: list[Any]) -> Child:
    """Return one answer of the database as a child."""
    pk, process, state, exit_status, exit_message, created, modified, label = values
    return Child(
        pk=pk,
        label=label,
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
