"""The phases that searches found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from aiida import orm

from aiida_crystalgen.data.convert import crystals_from_structures
from aiida_crystalgen.queries.conditions import Conditions, record_filters
from aiida_crystalgen.queries.nodes import is_called
from aiida_crystalgen.queries.phase_table import PhasePlace, PhaseRow, PhaseTable
from aiida_crystalgen.queries.rounds import newest_records
from aiida_crystalgen.queries.searches import SEARCH, find_search
from aiida_crystalgen.science.crystals import Column, CrystalSet

if TYPE_CHECKING:
    from typing_extensions import Unpack

__all__ = ('PhaseRow', 'PhaseTable', 'find_phase', 'phase_crystals', 'phases')


def phases(*, search: int | str | None = None, **conditions: Unpack[Conditions]) -> PhaseTable:
    """Return the phases that fulfil all conditions, search by search, the lowest of each first.

    The newest search comes first. Conditions are, as in ``phases(elements='Sn,Se', new=True)``:

    - ``elements``: symbols that a phase has among its own, as in 'Sn,Se' or a set;
    - ``chemical_system``: symbols that it consists of, and of no others;
    - ``composition``: its formula, reduced or not;
    - ``hull_below``: largest energy above the hull of the references, in eV/atom;
    - ``stable``: True for phases with both phonons and elastic constants computed, and neither
      unstable; False for those that one of the two makes unstable;
    - ``space_group``: its number;
    - ``generator``: label of the generator that proposed it;
    - ``proposal_round``: number of the round that proposed it;
    - ``engine``: name of what gave its energy, as in '7net-0' or 'vasp';
    - ``emulated``: whether a stand-in for a program gave its energy or a verdict on it;
    - ``new``: whether it equals none of the references;
    - ``since`` and ``until``: first moment of its recording, and first one that is too late.

    :param search: PK, start of a UUID, or label of the search they come from.
    :param conditions: see :class:`~aiida_crystalgen.queries.conditions.Conditions`.
    :raises TypeError: for a condition that there is not.
    :raises ValueError: if there is no such search, or the composition is no formula.
    """
    filters = record_filters(conditions)
    places = _places(filters, None if search is None else find_search(search))
    return PhaseTable(sorted(places, key=lambda one: (-one.search_pk, int(one.label[1:]))))


def find_phase(identifier: str | int, search: int | str | None = None) -> PhaseRow:
    """Return one phase.

    :param identifier: its label, as in 'P3', or PK or start of the UUID of its record.
    :param search: that a label refers to; the newest successful one if None.
    :raises ValueError: if there is no such phase.
    """
    text = str(identifier)
    if text[:1] in {'P', 'p'} and text[1:].isdigit():
        return _labelled(f'P{int(text[1:])}', find_search(search))
    places = _places(is_called(text), None if search is None else find_search(search))
    if len(places) == 1:
        return PhaseTable(places)[0]
    problem = 'several phases have' if places else 'there is no phase with'
    raise ValueError(
        f"{problem} the record '{text}'; name a phase as in P3, or by PK or UUID of its record, "
        'as `aiida-crystalgen phases list` shows them'
    )


def phase_crystals(rows: Sequence[PhaseRow]) -> CrystalSet:
    """Return the relaxed crystals of phases as a set, one row each, with columns that say all.

    ``label`` names them within their search; ``energy`` is in eV/atom; ``record``, ``structure``
    and ``search`` are UUIDs. Clusters have a ``point_group`` in place of ``space_group``, and no
    ``energy_above_hull``.

    :raises ValueError: if some are crystals and others clusters.
    """
    query = orm.QueryBuilder()
    wanted = {'id': {'in': [row.structure_pk for row in rows]}}
    query.append(orm.StructureData, filters=wanted, project=['id', '*'])
    nodes = dict(query.all())
    crystals = crystals_from_structures([nodes[row.structure_pk] for row in rows])
    columns = {
        'label': Column(np.array([row.label for row in rows])),
        'energy': Column(np.array([row.energy for row in rows]), 'eV/atom'),
        'energy_above_lowest': Column(
            np.array([row.energy_above_lowest for row in rows]), 'eV/atom'
        ),
        **(_of_crystals(rows) if crystals.periodic else _of_clusters(rows)),
        'engine': Column(np.array([row.engine_name for row in rows])),
        'stability': Column(np.array([row.stability or 'not measured' for row in rows])),
        'record': Column(np.array([row.uuid for row in rows])),
        'structure': Column(np.array([row.structure_uuid for row in rows])),
        'search': Column(np.array([row.search_uuid for row in rows])),
    }
    return replace(crystals, columns=columns)


def _of_crystals(rows: Sequence[PhaseRow]) -> dict[str, Column]:
    """Return the columns that only crystals have."""
    hull = [np.nan if row.energy_above_hull is None else row.energy_above_hull for row in rows]
    return {
        'energy_above_hull': Column(np.array(hull), 'eV/atom'),
        'space_group': Column(np.array([row.space_group for row in rows])),
    }


def _of_clusters(rows: Sequence[PhaseRow]) -> dict[str, Column]:
    """Return the columns that only clusters have."""
    return {'point_group': Column(np.array([row.symmetry_symbol for row in rows]))}


def _labelled(label: str, search: int) -> PhaseRow:
    """Return the phase of this label in a search."""
    places = _places({'attributes.label': label}, search)
    if not places:
        number = len(_places({}, search))
        there = f'it found P1 to P{number}' if number else 'it found none'
        raise ValueError(f'search {search} has no phase {label}; {there}')
    return PhaseTable(places)[0]


def _places(filters: dict[str, Any], search: int | None) -> list[PhasePlace]:
    """Return where the phases are whose records fulfil the filters, in no order."""
    of_search = {'process_type': SEARCH, **({} if search is None else {'id': search})}
    found = [_place(values[0], *values) for values in _recorded_by(of_search, filters)]
    running = newest_records(search)
    if running:
        of_rounds = _recorded_by({'id': {'in': list(running)}}, filters)
        found += [_place(running[values[0]], *values) for values in of_rounds]
    return found


def _recorded_by(processes: dict[str, Any], filters: dict[str, Any]) -> list[list[Any]]:
    """Return process and record of each phase that some processes have returned."""
    query = orm.QueryBuilder()
    query.append(orm.WorkChainNode, filters=processes, project='id', tag='process')
    query.append(
        orm.Dict,
        with_incoming='process',
        edge_filters={'type': 'return', 'label': {'like': 'records\\_\\_%\\_record'}},
        edge_project='label',
        filters=filters,
        project=['id', 'attributes.label'],
    )
    return query.all()


def _place(search: int, process: int, record: int, label: str, path: str) -> PhasePlace:
    """Return one answer of the database as a place."""
    return PhasePlace(record, label, search, process, path.removesuffix('_record'))
