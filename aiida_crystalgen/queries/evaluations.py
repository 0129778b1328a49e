"""Evaluations of proposals that have been made."""

from __future__ import annotations

from collections.abc import Sequence

from aiida import orm

from aiida_crystalgen.data.structure_set import StructureSetData
from aiida_crystalgen.report.evaluation import EvaluationResult

__all__ = ('evaluation_result', 'evaluations_of')


def evaluation_result(name: str, node: orm.Dict) -> EvaluationResult:
    """Return what an evaluation has measured.

    :param name: of what was evaluated.
    :param node: that the calcfunction `evaluate` has returned.
    """
    measured = node.get_dict()
    return EvaluationResult(
        name=name,
        generated=measured['generated'],
        real=measured['real'],
        numbers=measured['numbers'],
        real_source=measured['real_source'],
    )


def evaluations_of(proposals: Sequence[int]) -> tuple[EvaluationResult, ...]:
    """Return the last evaluation of each of these sets that has one.

    :param proposals: PKs of the sets.
    """
    query = orm.QueryBuilder()
    query.append(
        StructureSetData, filters={'id': {'in': [*proposals]}}, project='id', tag='proposals'
    )
    query.append(
        orm.CalcFunctionNode,
        with_incoming='proposals',
        edge_filters={'label': 'generated'},
        filters={'attributes.exit_status': 0, 'attributes.process_label': 'evaluate'},
        tag='process',
    )
    query.append(orm.Dict, with_incoming='process', project='*')
    query.order_by({'process': 'id'})
    last = dict(query.all())
    return tuple(evaluation_result(f'proposals {pk}', last[pk]) for pk in sorted(last))
