"""Queries on a profile with the phases of a thousand searches, on both kinds of database."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from benchmarks.claims import Claim, Context, Measurement
from benchmarks.profiles import temporary_profile
from benchmarks.synthetic import insert_searches, postgresql_profile

__all__ = ('CLAIMS',)

_SEARCHES = 1000
_PHASES = 20  # of each
_REPEATS = 3
_GOAL = 1.0  # seconds
_CONDITIONS: tuple[Mapping[str, Any], ...] = (
    {},
    {'elements': 'Sn'},
    {'chemical_system': 'Sn-Se'},
    {'composition': 'SnSe'},
    {'hull_below': 0.1},
    {'stable': True},
    {'stable': False},
    {'space_group': 1},
    {'generator': 'rdf_vae'},
    {'proposal_round': 1},
    {'engine': 'vasp'},
    {'emulated': False},
    {'new': True},
    {'since': datetime(2020, 1, 1)},
    {'until': datetime(2020, 1, 1)},
)


def _measure(context: Context) -> list[Measurement]:
    """Return the seconds of the slowest query function on each database."""
    with temporary_profile():
        found = [_slowest(context, 'SQLite')]
    with postgresql_profile() as is_there:
        if is_there:
            return [*found, _slowest(context, 'PostgreSQL')]
    note = 'there is no PostgreSQL server that we may make a database on; PGUSER, PGPASSWORD, …'
    return [*found, Measurement(None, None, None, None, note)]


def _slowest(context: Context, database: str) -> Measurement:
    """Return the seconds of the slowest query function on the profile that is loaded."""
    start = time.perf_counter()
    searches = insert_searches(_SEARCHES, _PHASES)
    made = time.perf_counter() - start
    tasks = _tasks(searches)
    seconds = dict(zip(tasks, context.take_turns(*tasks.values(), repeats=_REPEATS), strict=True))
    frame = _all_fields(_REPEATS)
    name = max(seconds, key=lambda one: seconds[one])
    return Measurement(
        ours=seconds[name],
        peer=None,
        ratio=None,
        holds=seconds[name] < _GOAL,
        note=f'{database}: slowest of {len(tasks)} is {name}, median of all '
        f'{statistics.median(seconds.values()):.2f} s; all fields of all phases as a DataFrame '
        f'{frame:.2f} s; {_SEARCHES} searches of {_PHASES} phases made in {made:.0f} s',
    )


def _tasks(searches: Sequence[int]) -> dict[str, Callable[[], Any]]:
    """Return each query function with the conditions that it is asked with, by its name."""
    from aiida_crystalgen import queries
    from aiida_crystalgen.queries.phases import find_phase
    from aiida_crystalgen.queries.status import search_status

    table = queries.phases()
    middle = searches[len(searches) // 2]
    uuid = queries.phases(search=middle)[3].uuid

    def asked(conditions: Mapping[str, Any]) -> Callable[[], Any]:
        return lambda: queries.phases(**conditions)

    of_conditions = {f'phases({_words(one)})': asked(one) for one in _CONDITIONS}
    return {
        **of_conditions,
        'phases(search)': lambda: queries.phases(search=middle).rows,
        'a field of all phases': lambda: table[:].energy_above_hull,
        'phases by a field': lambda: table[:].sorted_by('energy_above_hull'),
        'DataFrame of three fields': lambda: table[:].to_dataframe(
            'label', 'reduced_formula', 'energy_above_hull'
        ),
        'the first 1000 phases': lambda: table[:1000].rows,
        'find_phase(label)': lambda: find_phase('P3'),
        'find_phase(uuid)': lambda: find_phase(uuid),
        'find_phase(start of uuid)': lambda: find_phase(uuid[:8]),
        'searches': queries.searches,
        'rounds': lambda: queries.rounds(middle),
        'yields': lambda: queries.yields(middle),
        'search_status': lambda: search_status(middle),
        'models': queries.models,
        'datasets': queries.datasets,
    }


def _words(conditions: Mapping[str, Any]) -> str:
    """Return conditions as they are written."""
    return ', '.join(f'{name}={value!s}' for name, value in conditions.items())


def _all_fields(repeats: int) -> float:
    """Return the seconds to find all phases and read all that is known about them."""
    from aiida_crystalgen import queries

    (seconds,) = Context().take_turns(lambda: queries.phases().to_dataframe(), repeats=repeats)
    return seconds


CLAIMS = (
    Claim(
        id='query-20k',
        summary='slowest query function on 20 000 phase records, on SQLite and PostgreSQL',
        goal=f'< {_GOAL:g} s',
        unit='s',
        measure=_measure,
    ),
)
