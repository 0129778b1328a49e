"""How far the verification of a search is."""

from __future__ import annotations

from typing import Any

from aiida import orm

from aiida_crystalgen.data.structure_set import StructureSetData

__all__ = ('describe_verification',)

_STAGES = {
    'references': 'relax the references',
    'relax': 'relax the shortlist',
    'phonons': 'measure phonons',
    'elasticity': 'measure elastic constants',
}


def describe_verification(pk: int) -> str:
    """Return what a verification is doing and how many of its calculations are done, in words.

    :param pk: of the work chain.
    :returns: as in 'measure phonons of phase 2, 5 of 12 calculations done'; empty if it is idle.
    """
    step = _newest(pk)
    if step is None:
        return ''
    child, label = step
    name, _, row = label.partition('_row_')
    text = _STAGES.get(name, name.replace('_', ' '))
    if row:
        text = f'{text} of phase {int(row) + 1}'
    engine = _engine(child)
    if engine is None:
        return text
    done, total = engine
    return f'{text}, {done} of {total} calculations done'


def _newest(parent: int) -> tuple[int, str] | None:
    """Return the newest child that has not ended, and the label of its link."""
    query = orm.QueryBuilder()
    query.append(orm.WorkChainNode, filters={'id': parent}, tag='parent')
    query.append(
        orm.WorkChainNode,
        with_incoming='parent',
        filters={'attributes.process_state': {'in': ['created', 'waiting', 'running']}},
        edge_project='label',
        project='id',
        tag='child',
    )
    query.order_by({'child': [{'ctime': 'desc'}]})
    found = query.first()
    return None if found is None else (found[0], found[1])


def _engine(pk: int) -> tuple[int, int] | None:
    """Return how many structures of the engine's set are done, and how many there are.

    :param pk: of the engine's work chain, or one that has called it.
    """
    below = _newest(pk)
    for process in (pk, below[0]) if below else (pk,):
        total = _number_of_structures(process)
        if total is not None:
            return _number_of_finished(process), total
    return None


def _number_of_structures(pk: int) -> int | None:
    """Return the size of the set that a process works on, None if it works on none."""
    query = orm.QueryBuilder()
    query.append(orm.WorkChainNode, filters={'id': pk}, tag='process')
    query.append(
        StructureSetData,
        with_outgoing='process',
        edge_filters={'label': 'structures'},
        project='attributes.number',
    )
    found: Any = query.first(flat=True)
    return found


def _number_of_finished(pk: int) -> int:
    """Return how many work chains that a process has called have ended."""
    query = orm.QueryBuilder()
    query.append(orm.WorkChainNode, filters={'id': pk}, tag='process')
    query.append(
        orm.WorkChainNode,
        with_incoming='process',
        filters={'attributes.process_state': {'in': ['finished', 'excepted', 'killed']}},
    )
    return query.count()
