"""The status of a search in words."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from aiida_crystalgen.cli.tables import age, format_duration, format_number

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiida_crystalgen.queries.jobs import Job
    from aiida_crystalgen.queries.phases import PhaseRow
    from aiida_crystalgen.queries.searches import SearchRow
    from aiida_crystalgen.queries.status import SearchStatus

__all__ = ('describe_end', 'describe_status', 'headline', 'one_line')

_SHOWN = 5  # phases in the line of the best


def headline(search: SearchRow) -> str:
    """Return what a search is and how it stands."""
    name = f'search {search.pk}  {search.composition}'
    return f'{name}  {search.label}' if search.label else name


def describe_status(status: SearchStatus) -> str:
    """Return where a search is, one line a subject."""
    search = status.search
    lines = [f'{headline(search)}: {describe_end(search) or _running(status)}']
    if status.budget and status.budget != {'rounds': 1}:
        lines.append(_line('budget', _budget(status)))
    lines.append(_line('children', _children(status)))
    if status.job is not None:
        lines.append(_line('progress', _progress(status.job)))
    lines += [
        _line('yield' if row == 0 else '', f'{generator}: {_yield(stages)}')
        for row, (generator, stages) in enumerate(status.yields.items())
    ]
    if len(status.best):
        best = ' · '.join(_phase(phase) for phase in islice(status.best, _SHOWN))
        more = len(status.best) - _SHOWN
        lines.append(_line('best', f'{best} · {more} more' if more > 0 else best))
    failed = [child for child in status.children if not child.is_alive and not child.is_successful]
    lines += [
        _line('failed', f'{child.process}<{child.pk}>: {child.exit_message or child.state}')
        for child in failed
    ]
    if not search.has_ended:
        lines.append(_line('waiting', _waiting(status)))
    return '\n'.join(lines)


def one_line(status: SearchStatus) -> str:
    """Return where a search is in one line for a log."""
    end = describe_end(status.search)
    if end:
        return f'{headline(status.search)}: {end}'
    text = f'{headline(status.search)}: {_round(status)}{status.stage}'
    return text if status.job is None else f'{text}: {_progress(status.job)}'


def describe_end(search: SearchRow) -> str:
    """Return how a search ended, nothing if it has not."""
    if not search.has_ended:
        return ''
    took = format_duration((search.modified - search.created).total_seconds())
    if search.is_successful:
        number = search.number_of_phases
        why = search.exit_message.removeprefix('The search ended because ').rstrip('.')
        found = f'finished after {took}, {number} phase{"s" * (number != 1)}'
        return found if why == 'its rounds are done' else f'{found}: {why}'
    if search.exit_status is None:
        return f'{search.state} after {took}'
    return f'failed after {took} (exit {search.exit_status}): {search.exit_message}'


def _running(status: SearchStatus) -> str:
    """Return what a search is doing."""
    text = f'{_round(status)}{status.stage}, for {age(status.search.created)} now'
    return f'{text}, about {format_duration(status.remaining)} left' if status.remaining else text


def _round(status: SearchStatus) -> str:
    """Return which round it is, where there may be several."""
    planned = status.budget.get('rounds')
    if not status.rounds or planned == 1:
        return ''
    number = len(status.rounds)
    return f'round {number} of {planned} · ' if planned else f'round {number} · '


def _budget(status: SearchStatus) -> str:
    """Return the limits of a search."""
    return ' · '.join(
        f'{format_number(limit) if isinstance(limit, int) else limit} {name.replace("_", " ")}'
        for name, limit in status.budget.items()
    )


def _line(name: str, text: str) -> str:
    """Return one subject in a line."""
    return f'{name:11s}{text}'


def _children(status: SearchStatus) -> str:
    """Return how many children there are in each state."""
    alive = sum(child.is_alive for child in status.children)
    succeeded = sum(child.is_successful for child in status.children)
    failed = len(status.children) - alive - succeeded
    return f'{succeeded} finished, {alive} running, {failed} failed'


def _progress(job: Job) -> str:
    """Return how far a job is."""
    text = f'{job.process}<{job.pk}> {job.state}'
    if job.total is not None and job.done is not None:
        text = f'{text}, {format_number(job.done)} of {format_number(job.total)}'
    return f'{text} ({job.message})' if job.message else text


def _yield(stages: Mapping[str, int]) -> str:
    """Return how many crystals of a generator were left after each stage."""
    return ' · '.join(f'{format_number(number)} {name}' for name, number in stages.items())


def _phase(phase: PhaseRow) -> str:
    """Return a phase in a few words."""
    text = f'{phase.symmetry} {phase.energy_above_lowest:.3f}'
    return f'{text} new' if phase.is_new else text


def _waiting(status: SearchStatus) -> str:
    """Return what a search waits for."""
    if status.job is not None:
        return f'{status.job.process}<{status.job.pk}> {status.job.state}, {age(status.job.since)}'
    alive = [child for child in status.children if child.is_alive]
    if alive:
        return ', '.join(f'{child.process}<{child.pk}> {age(child.created)}' for child in alive)
    return 'a free worker of the daemon'
