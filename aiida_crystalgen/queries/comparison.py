"""What two searches found together and alone."""

from __future__ import annotations

from collections.abc import Sequence

from aiida import orm

from aiida_crystalgen.queries.phases import PhaseRow, phase_crystals, phases
from aiida_crystalgen.queries.searches import SearchRow, find_search, searches
from aiida_crystalgen.queries.status import count_stages
from aiida_crystalgen.report.campaign import (
    PhaseName,
    PhasePair,
    SearchComparison,
    SearchSummary,
)
from aiida_crystalgen.science.engines import engine_differences, engine_label, is_emulated
from aiida_crystalgen.science.screening.duplicates import DuplicateSettings, match_references

__all__ = ('compare_searches',)


def compare_searches(first: int | str, second: int | str) -> SearchComparison:
    """Return which phases two searches have in common, by the tolerances of the first one.

    :param first: PK, start of a UUID, or label of a search.
    :param second: the same of another one.
    :raises ValueError: if there is no such search, or both are the same.
    """
    one, other = find_search(first), find_search(second)
    if one == other:
        raise ValueError(f'search {one} cannot be compared with itself; name another one')
    ours, theirs = phases(search=one).rows, phases(search=other).rows
    pairs = _pairs(ours, theirs, one)
    matched, found = {row for row, _ in pairs}, {row for _, row in pairs}
    return SearchComparison(
        first=_summary(one, ours),
        second=_summary(other, theirs),
        both=tuple(PhasePair(_name(ours[row]), _name(theirs[match])) for row, match in pairs),
        only_first=tuple(_name(row) for place, row in enumerate(ours) if place not in matched),
        only_second=tuple(_name(row) for place, row in enumerate(theirs) if place not in found),
        is_comparable=_is_comparable(ours, theirs),
    )


def _pairs(
    ours: Sequence[PhaseRow], theirs: Sequence[PhaseRow], search: int
) -> list[tuple[int, int]]:
    """Return the rows of equal phases, by the row of the first search."""
    if not ours or not theirs:
        return []
    matches = match_references(phase_crystals(theirs), phase_crystals(ours), _tolerances(search))
    return sorted((int(row), place) for place, row in enumerate(matches) if row >= 0)


def _tolerances(search: int) -> DuplicateSettings:
    """Return when two crystals were taken for one in a search."""
    query = orm.QueryBuilder()
    query.append(orm.WorkChainNode, filters={'id': search}, tag='search')
    query.append(orm.Dict, with_outgoing='search', edge_filters={'label': 'duplicates'})
    return DuplicateSettings.parse(query.one()[0].get_dict())


def _is_comparable(ours: Sequence[PhaseRow], theirs: Sequence[PhaseRow]) -> bool:
    """Return whether all energies are those of one engine."""
    engines = [row.engine for row in (*ours, *theirs)]
    return not any(engine_differences(engines[0], other) for other in engines[1:])


def _summary(pk: int, rows: Sequence[PhaseRow]) -> SearchSummary:
    """Return what a search was, and how much it yielded."""
    (search,) = searches(pk)
    engines = dict.fromkeys(engine_label(row.engine).removeprefix('EMULATED ') for row in rows)
    return SearchSummary(
        name=_title(search),
        engine=', '.join(engines) or 'no engine',
        emulated=any(is_emulated(row.engine) for row in rows),
        yields=count_stages(pk),
    )


def _title(search: SearchRow) -> str:
    """Return what a search is called."""
    label = f', {search.label}' if search.label else ''
    return f'search {search.pk} for {search.composition}{label}'


def _name(row: PhaseRow) -> PhaseName:
    """Return what is told of a phase."""
    return PhaseName(
        label=row.label,
        formula=row.reduced_formula,
        symmetry=row.symmetry_symbol,
        energy=row.energy_above_lowest,
        hull_distance=row.energy_above_hull,
        stability=row.stability,
    )
