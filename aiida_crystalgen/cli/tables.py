"""Tables and numbers as plain text that stays readable in a log."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timezone

from aiida_crystalgen.queries.phases import PhaseRow

__all__ = (
    'age',
    'format_duration',
    'format_facts',
    'format_number',
    'format_table',
    'phases_table',
)

_GAP = '   '


def format_table(headings: Sequence[str], rows: Iterable[Sequence[str]], right: str = '') -> str:
    """Return the rows below their headings, aligned.

    :param right: headings of the columns that are aligned to the right, separated by commas.
    """
    lines = [list(headings), *(list(row) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(headings))]
    to_the_right = [heading in right.split(',') for heading in headings]
    return '\n'.join(
        _GAP.join(
            cell.rjust(width) if flag else cell.ljust(width)
            for cell, width, flag in zip(line, widths, to_the_right, strict=True)
        ).rstrip()
        for line in lines
    )


def phases_table(phases: Sequence[PhaseRow]) -> str:
    """Return the table of phases; search, generator and stability are shown where they tell."""
    several = len({phase.search_pk for phase in phases}) > 1
    generators = {phase.generator for phase in phases}
    headings = ['phase', 'formula', _symmetry(phases), 'atoms', 'E − E(lowest)']
    has_hull = any(phase.periodic for phase in phases)
    headings += ['hull'] if has_hull else []
    judged = any(phase.stability for phase in phases)
    headings += ['stability'] if judged else []
    headings += ['nearest known', 'from', 'engine', 'record', *(['search'] if several else [])]
    rows = [
        [
            phase.label,
            phase.formula,
            phase.symmetry,
            str(phase.number_of_atoms),
            f'{phase.energy_above_lowest:.3f}',
            *([_above_hull(phase)] if has_hull else []),
            *([phase.stability] if judged else []),
            _nearest(phase),
            f'{phase.generator} row {phase.proposal_row}'
            if len(generators) > 1
            else f'row {phase.proposal_row}',
            f'EMULATED {phase.engine["name"]}' if phase.is_emulated else str(phase.engine['name']),
            str(phase.pk),
            *([str(phase.search_pk)] if several else []),
        ]
        for phase in phases
    ]
    return format_table(headings, rows, right='atoms,E − E(lowest),hull,record,search')


def _symmetry(phases: Sequence[PhaseRow]) -> str:
    """Return what symmetry phases have: crystals one of space, clusters one around a point."""
    names = ('point group', 'space group')
    kinds = {phase.periodic for phase in phases}
    return 'symmetry' if len(kinds) > 1 else names[kinds != {False}]


def _above_hull(phase: PhaseRow) -> str:
    """Return how far a phase is above the hull, as far as there is one."""
    if phase.energy_above_hull is None:
        return '–'
    return f'{round(phase.energy_above_hull, 3) + 0.0:.3f}'  # a zero without a sign


def _nearest(phase: PhaseRow) -> str:
    """Return which known crystal a phase equals, or how far it is from all of them."""
    if phase.known is not None:
        return f'{phase.known} (rediscovered)'
    return f'new (RDF distance {phase.reference_distance:.2f})'


def format_number(value: int) -> str:
    """Return the number with spaces between thousands."""
    return f'{value:,}'.replace(',', ' ')


def format_duration(seconds: float) -> str:
    """Return the time in its two largest units, as in '3 h 12 m'."""
    whole = int(seconds)
    units = (('d', 86400), ('h', 3600), ('m', 60), ('s', 1))
    row = next((row for row, (_, length) in enumerate(units) if whole >= length), len(units) - 1)
    parts = []
    for name, length in units[row : row + 2]:
        amount, whole = divmod(whole, length)
        parts.append(f'{amount} {name}')
    return ' '.join(parts)


def age(moment: datetime) -> str:
    """Return how long ago a moment was."""
    return format_duration((datetime.now(timezone.utc) - moment).total_seconds())


def format_facts(facts: Mapping[str, str]) -> str:
    """Return one fact a line, aligned."""
    width = max(len(name) for name in facts)
    return '\n'.join(f'{name.ljust(width)}{_GAP}{text}'.rstrip() for name, text in facts.items())
