"""How many crystals of each generator came how far, round by round."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aiida import orm

from aiida_crystalgen.data.structure_set import StructureSetData
from aiida_crystalgen.queries.phases import phases
from aiida_crystalgen.queries.rounds import rounds
from aiida_crystalgen.queries.searches import find_search
from aiida_crystalgen.queries.tables import Table

__all__ = ('YieldRow', 'count_stages', 'yields')

_SCREENED = ('generated', 'proposed', 'valid', 'similar', 'distinct', 'selected')
_STAGES = (*_SCREENED, 'physical', 'phases')


@dataclass(frozen=True)
class YieldRow:
    """What came of the proposals of a generator in a round; None is what is not known yet.

    :param round_number: of the round that proposed them.
    :param round_pk: of its process.
    :param generated: crystals that the generator began, those included that it gave up.
    :param proposed: those that it proposed.
    :param valid: those of them with possible geometries.
    :param similar: those like known crystals, as far as that was asked for.
    :param distinct: those not equal to each other.
    :param selected: those that were relaxed.
    :param physical: those whose relaxation ended in a possible crystal.
    :param phases: those that are phases of the search by now.
    """

    round_number: int
    round_pk: int
    generator: str
    generated: int
    proposed: int
    valid: int
    similar: int
    distinct: int
    selected: int
    physical: int | None
    phases: int | None


def yields(search: int | str) -> Table[YieldRow]:
    """Return the yield of each generator in each round of a search, the first round first.

    :param search: PK, start of a UUID, or label.
    :raises ValueError: if there is no such search.
    """
    pk = find_search(search)
    begun = rounds(pk)
    results = _results([one.pk for one in begun])
    found = phases(search=pk)
    of_generator = Counter(zip(found.proposal_round, found.generator, strict=True))
    rows = []
    for one in begun:
        screened, physical = _count_round(results[one.pk])
        for generator, stages in screened.items():
            of_phases = None if one.exit_status is None else of_generator[one.number, generator]
            rows.append(
                YieldRow(
                    round_number=one.number,
                    round_pk=one.pk,
                    generator=generator,
                    **stages,
                    physical=None if physical is None else physical[generator],
                    phases=None if physical is None else of_phases,
                )
            )
    return Table(rows, YieldRow)


def count_stages(search: int | str, round_number: int | None = None) -> dict[str, dict[str, int]]:
    """Return how many crystals of each generator were left after each stage so far.

    :param search: PK, start of a UUID, or label.
    :param round_number: of the only round that counts; None counts all of them.
    :raises ValueError: if there is no such search.
    """
    counts: dict[str, Counter[str]] = {}
    for row in yields(search):
        if round_number in {None, row.round_number}:
            known = {name: getattr(row, name) for name in _STAGES}
            reached = {name: number for name, number in known.items() if number is not None}
            counts.setdefault(row.generator, Counter()).update(reached)
    return {
        generator: {name: total[name] for name in _STAGES if name in total}
        for generator, total in counts.items()
    }


def _count_round(
    results: Mapping[str, orm.ArrayData],
) -> tuple[dict[str, dict[str, int]], Counter[str] | None]:
    """Return how many proposals of each generator came through the screening, and how many further.

    :param results: of a round so far.
    :returns: stages of the screening, and numbers of physical crystals, None before there are any.
    """
    screened = _count_verdicts(results['verdicts']) if 'verdicts' in results else {}
    relaxed = results.get('relaxed')
    if not isinstance(relaxed, StructureSetData):
        return screened, None
    names = ('rejection', 'converged', 'generator')
    rejection, converged, generator = (
        relaxed.get_array(StructureSetData.COLUMN_PREFIX + name) for name in names
    )
    return screened, Counter(generator[(rejection == '') & converged].tolist())


def _count_verdicts(verdicts: orm.ArrayData) -> dict[str, dict[str, int]]:
    """Return for each generator how many proposals reached each stage of the screening or more."""
    names = ('generator', 'stage')
    last = Counter(zip(*(verdicts.get_array(name).tolist() for name in names), strict=True))
    return {
        generator: {
            stage: sum(last[generator, later] for later in _SCREENED[row:])
            for row, stage in enumerate(_SCREENED)
        }
        for generator in sorted({generator for generator, _ in last})
    }


def _results(of_rounds: Sequence[int]) -> Mapping[int, Mapping[str, orm.ArrayData]]:
    """Return what the children of rounds have given so far: verdicts and relaxed crystals."""
    query = orm.QueryBuilder()
    query.append(
        orm.WorkChainNode, filters={'id': {'in': list(of_rounds)}}, project='id', tag='round'
    )
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
    found: dict[int, dict[str, orm.ArrayData]] = {pk: {} for pk in of_rounds}
    for pk, node, label in query.all() if of_rounds else []:
        found[pk][label] = node
    return found
