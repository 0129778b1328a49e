"""What a search may spend, and how much of it is gone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timezone
from typing import Any

from aiida import orm
from pydantic import Field

from aiida_crystalgen.data.structure_set import StructureSetData
from aiida_crystalgen.science.settings import Settings

__all__ = (
    'Budget',
    'Spent',
    'count_dft_calculations',
    'has_new_phase',
    'hours_since',
    'is_budget',
)

_DFT = ('aiida.calculations:vasp.vasp', 'aiida.calculations:quantumespresso.pw')
_AT_ONCE = 10_000  # of the identifiers in one condition of a query


class Budget(Settings):
    """When a search ends; whatever is spent first ends it, None is no limit.

    It is looked at before each round: the last round may spend more than what is left.

    :param rounds: number of rounds.
    :param candidates: number of crystals proposed.
    :param dft_calculations: number of calculations by VASP or pw.x.
    :param hours: of wall-clock time since the search was made.
    :param without_new_phase: number of rounds in a row that found no new phase.
    """

    rounds: int | None = Field(gt=0)
    candidates: int | None = Field(gt=0)
    dft_calculations: int | None = Field(gt=0)
    hours: float | None = Field(gt=0)
    without_new_phase: int | None = Field(gt=0)

    def reason_to_end(self, spent: Spent) -> str | None:
        """Return why no other round may begin, or None if it may."""
        texts = {
            'rounds': 'its rounds are done',
            'candidates': 'its {} candidates are proposed',
            'dft_calculations': 'its {} first-principles calculations are done',
            'hours': 'its {:g} hours are over',
            'without_new_phase': '{} rounds in a row found no new phase',
        }
        for name, text in texts.items():
            limit = getattr(self, name)
            if limit is not None and getattr(spent, name) >= limit:
                return text.format(limit)
        return None


class Spent(Settings):
    """How much of a `Budget` is gone."""

    rounds: int
    candidates: int
    dft_calculations: int
    hours: float
    without_new_phase: int


def hours_since(moment: datetime) -> float:
    """Return the hours of wall-clock time that have passed."""
    return (datetime.now(tz=timezone.utc) - moment).total_seconds() / 3600


def count_dft_calculations(node: orm.ProcessNode) -> int:
    """Return how many first-principles calculations a process and its descendants have called."""
    number, level = 0, [node.pk]
    while level:
        children = [
            child
            for start in range(0, len(level), _AT_ONCE)
            for child in _called(level[start : start + _AT_ONCE])
        ]
        number += sum(kind in _DFT for _, kind in children)
        level = [pk for pk, kind in children if kind not in _DFT]
    return number


def has_new_phase(child: orm.ProcessNode, number: int) -> bool:
    """Return whether one of the phases of a round was found by it.

    :param number: of the round.
    """
    if 'phases' not in child.outputs:
        return False
    rounds = child.outputs.phases.get_array(f'{StructureSetData.COLUMN_PREFIX}round')
    return bool((rounds == number).any())


def is_budget(node: orm.Dict, _: Any) -> str | None:
    """Return what is wrong with a budget, or nothing."""
    try:
        budget = Budget.parse(node.get_dict(), 'budget')
    except ValueError as exception:
        return str(exception)
    if all(limit is None for limit in budget.model_dump().values()):
        return "'budget' has no limit, so that the search would never end; give it 'rounds'"
    return None


def _called(parents: Sequence[int | None]) -> list[tuple[int, str]]:
    """Return PK and type of what some processes have called."""
    query = orm.QueryBuilder()
    query.append(orm.WorkChainNode, filters={'id': {'in': list(parents)}}, tag='parent')
    query.append(
        orm.ProcessNode, with_incoming='parent', project=['id', 'process_type'], tag='child'
    )
    return [(pk, kind or '') for pk, kind in query.all()]
