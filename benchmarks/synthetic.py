"""Searches that never ran: their nodes and links as they would have left them, inserted in bulk."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from benchmarks.profiles import temporary_profile

if TYPE_CHECKING:
    from aiida.orm import Node

__all__ = ('insert_searches', 'postgresql_profile')

_PEAKS = 10
_COMPOSITIONS = (('SnSe', ['Se', 'Sn']), ('Si', ['Si']), ('SiO2', ['O', 'Si']))
_SEARCH = 'aiida.workflows:crystalgen.search'
_ROUND = 'aiida.workflows:crystalgen.round'
_GENERATORS = ('rdf_vae', 'random_symmetric')
_PASSWORD = 'benchmark'  # noqa: S105  of a database that lives as long as the measurement


@contextmanager
def postgresql_profile() -> Iterator[bool]:
    """Load a profile with a PostgreSQL database of its own for the time being.

    Yields whether there is a server on which we may make one. ``PGUSER`` and ``PGPASSWORD`` name
    its administrator, who is 'postgres' otherwise.
    """
    from aiida.manage.external.postgres import Postgres

    names = {'user': 'PGUSER', 'password': 'PGPASSWORD', 'host': 'PGHOST', 'port': 'PGPORT'}
    given = {key: os.environ[name] for key, name in names.items() if name in os.environ}
    server = Postgres(interactive=False, quiet=True, dbinfo={'user': 'postgres', **given})
    if not server.is_connected:
        yield False
        return
    name = f'crystalgen_benchmark_{uuid4().hex[:8]}'
    server.create_dbuser(name, _PASSWORD)
    server.execute(f'CREATE DATABASE "{name}" OWNER "{name}" ENCODING \'UTF8\' TEMPLATE template0')
    try:
        with TemporaryDirectory() as folder:
            config = {
                'database_engine': 'postgresql_psycopg',
                'database_hostname': server.dsn.get('host') or 'localhost',
                'database_port': int(server.dsn.get('port') or 5432),
                'database_username': name,
                'database_password': _PASSWORD,
                'database_name': name,
                'repository_uri': Path(folder, 'repository').as_uri(),
            }
            with temporary_profile('core.psql_dos', config):
                yield True
    finally:
        server.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
        server.drop_dbuser(name)


@dataclass
class _Graph:
    """Nodes and links that wait for their insertion."""

    user: int
    nodes: list[dict[str, Any]] = field(default_factory=list)
    links: list[dict[str, Any]] = field(default_factory=list)

    def add(self, kind: type[Node], attributes: dict[str, Any], **columns: Any) -> int:
        """Return the place of a new node, by which links name it."""
        from aiida.common.timezone import now

        moment = now()
        row = {
            'uuid': str(uuid4()),
            'node_type': kind.class_node_type,
            'process_type': None,
            'label': '',
            'description': '',
            'ctime': moment,
            'mtime': moment,
            'attributes': attributes,
            'extras': {},
            'repository_metadata': {},
            'dbcomputer_id': None,
            'user_id': self.user,
        }
        self.nodes.append(row | columns)
        return len(self.nodes) - 1

    def link(self, source: int, target: int, kind: str, label: str) -> None:
        """Add a link."""
        self.links.append({'input_id': source, 'output_id': target, 'type': kind, 'label': label})

    def insert(self) -> list[int]:
        """Write all to the storage of the profile, and return the PK of each node."""
        from aiida import orm
        from aiida.manage import get_manager
        from aiida.orm.entities import EntityTypes
        from sqlalchemy import text

        storage = get_manager().get_profile_storage()
        storage.bulk_insert(EntityTypes.NODE, self.nodes, allow_defaults=True)
        numbers = dict(orm.QueryBuilder().append(orm.Node, project=['uuid', 'id']).all())
        pks = [numbers[node['uuid']] for node in self.nodes]
        links = [
            link | {name: pks[link[name]] for name in ('input_id', 'output_id')}
            for link in self.links
        ]
        storage.bulk_insert(EntityTypes.LINK, links, allow_defaults=True)
        if storage.get_session().bind.dialect.name == 'postgresql':
            # The server does so by itself within a minute.
            with storage.transaction() as session:
                session.execute(text('ANALYZE'))
        return pks


def insert_searches(searches: int, phases: int, *, rounds: int = 1) -> tuple[int, ...]:
    """Return the PKs of finished searches.

    :param phases: of each, in all its rounds together.
    :param rounds: of each.
    """
    from aiida.manage import get_manager

    graph = _Graph(user=get_manager().get_profile_storage().default_user.pk)
    random.seed(0)
    requests = [
        {name: _request(graph, name, composition[0]) for name in _GENERATORS}
        for composition in _COMPOSITIONS
    ]
    places = []
    for number in range(searches):
        kind = number % len(_COMPOSITIONS)
        places.append(_search(graph, (phases, rounds), requests[kind], _COMPOSITIONS[kind]))
    pks = graph.insert()
    return tuple(pks[place] for place in places)


def _request(graph: _Graph, method: str, formula: str) -> dict[str, int]:
    """Return the places of the method of a generator and of the request to it."""
    from aiida import orm

    return {
        'method': graph.add(orm.Str, {'value': method}),
        'request': graph.add(orm.Dict, {'composition': formula, 'candidates': 1000}),
    }


def _process(graph: _Graph, name: str, kind: type[Node], **columns: Any) -> int:
    """Return the place of a process that has finished."""
    facts = {'process_state': 'finished', 'exit_status': 0, 'process_label': name, 'sealed': True}
    return graph.add(kind, facts, **columns)


def _search(
    graph: _Graph,
    numbers: tuple[int, int],
    requests: dict[str, dict[str, int]],
    composition: tuple[str, list[str]],
) -> int:
    """Return the place of a search with its rounds; the last one returns all phases.

    :param numbers: of phases and rounds.
    """
    from aiida import orm

    phases, rounds = numbers
    search = _process(graph, 'SearchWorkChain', orm.WorkChainNode, process_type=_SEARCH)
    budget = graph.add(orm.Dict, {'rounds': rounds, 'candidates': None})
    graph.link(budget, search, 'input_work', 'budget')
    of_rounds = [
        _process(graph, 'RoundWorkChain', orm.WorkChainNode, process_type=_ROUND)
        for _ in range(rounds)
    ]
    for number, of_round in enumerate(of_rounds, start=1):
        graph.link(search, of_round, 'call_work', f'round_{number}')
    for generator, nodes in requests.items():
        for name, node in nodes.items():
            for process in (search, *of_rounds):
                graph.link(node, process, 'input_work', f'generators__{generator}__{name}')
    recording = _process(graph, 'record_phases', orm.CalcFunctionNode)
    graph.link(of_rounds[-1], recording, 'call_calc', 'record_phases')
    for row in range(phases):
        record = _record(row, *composition) | {'proposal_round': 1 + row % rounds}
        label = f'P{row + 1} {record["formula"]} Pnma'
        nodes = {
            'record': graph.add(orm.Dict, record),
            'structure': graph.add(orm.StructureData, _structure(), label=label),
        }
        for name, node in nodes.items():
            graph.link(recording, node, 'create', f'row_{row}_{name}')
            for process in (search, of_rounds[-1]):
                graph.link(process, node, 'return', f'records__row_{row}_{name}')
    return search


def _structure() -> dict[str, Any]:
    """Return the attributes of a structure of eight atoms."""
    kinds = [
        {'name': one, 'symbols': [one], 'weights': [1.0], 'mass': 100.0} for one in ('Sn', 'Se')
    ]
    sites = [
        {'kind_name': ('Sn', 'Se')[site % 2], 'position': [random.random() for _ in range(3)]}  # noqa: S311
        for site in range(8)
    ]
    cell = [[4.2, 0.0, 0.0], [0.0, 4.4, 0.0], [0.0, 0.0, 11.5]]
    return {'cell': cell, 'pbc1': True, 'pbc2': True, 'pbc3': True, 'kinds': kinds, 'sites': sites}


def _record(row: int, formula: str, elements: list[str]) -> dict[str, Any]:
    """Return the content of a record as a verified phase has one."""
    from aiida_crystalgen.science.records import PhaseRecord

    engine = {'name': ('7net-0', 'vasp')[row % 2], 'package': 'sevenn', 'version': '0.13.0'}
    if row % 5 == 0:
        engine = {'name': 'vasp', 'package': 'vasp', 'version': '6.4', 'emulated': True}
    verdict = {'engine': engine, 'verdict': ('stable', 'imaginary')[row % 3 == 0]}
    frequencies = [random.random() for _ in range(40)]  # noqa: S311
    stiffness = [[random.random() for _ in range(6)] for _ in range(6)]  # noqa: S311
    peaks = [
        {'two_theta': 20.0 + peak, 'intensity': 100.0 - peak, 'spacing': 3.1, 'reflections': ()}
        for peak in range(_PEAKS)
    ]
    record = PhaseRecord(
        label=f'P{row + 1}',
        formula=formula,
        reduced_formula=formula,
        elements=elements,
        number_of_atoms=8,
        space_group=1 + row % 230,
        space_group_symbol='Pnma',
        energy=-5.0 + 0.01 * row,
        energy_above_lowest=0.01 * row,
        energy_above_hull=0.01 * row,
        volume_per_atom=28.0,
        density=6.0,
        shortest_distance=2.6,
        nearest_reference='Pnma',
        reference_distance=0.1,
        known='Pnma' if row % 4 == 0 else None,
        generator=_GENERATORS[row % 2],
        proposal_row=row,
        relaxed_row=row,
        copies=1,
        engine=engine,
        diffraction=peaks,
        phonons=verdict | {'frequencies': frequencies},
        elasticity={'engine': engine, 'stable': row % 7 != 0, 'stiffness': stiffness},
        versions={'pymatgen': '2025.10.7', 'spglib': '2.6.0', 'aiida-crystalgen': '0.1.0'},
        nodes={name: str(uuid4()) for name in ('phases', 'references', 'phonons', 'elasticity')},
    )
    return json.loads(record.model_dump_json())
