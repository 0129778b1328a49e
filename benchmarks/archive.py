"""Archives of searches beside what AiiDA itself needs to archive the same nodes.

Ours is `aiida-crystalgen search archive` followed by `verdi archive import`; the peer is
`verdi archive create`, told the search and its groups, followed by the same import. Each import
goes to a new profile. The search is made of nodes and links as a search leaves them, without its
calculations.
"""

from __future__ import annotations

import logging
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.claims import Claim, Context, Measurement
from benchmarks.profiles import temporary_profile

if TYPE_CHECKING:
    from aiida.orm import Data, WorkChainNode

    from aiida_crystalgen.science.crystals import CrystalSet

__all__ = ('CLAIMS',)

_PROPOSALS = 10_000
_RELAXED = 1_000
_ATOMS = 8
_TURNS = 3
_GOAL = 1.2


def _measure(_: Context) -> list[Measurement]:
    """Return the seconds of export and import together, ours and those of AiiDA alone."""
    with temporary_profile(), tempfile.TemporaryDirectory() as folder:
        from aiida.tools.archive import create_archive

        from aiida_crystalgen.queries.archive import groups_within, write_archive
        from aiida_crystalgen.queries.graph import graph_of_search

        search = _stored_search()
        logging.getLogger('aiida.export').setLevel('WARNING')  # it tells what is in each archive
        groups = groups_within(graph_of_search(search.pk))
        exports: tuple[Callable[[Path], Any], ...] = (
            lambda path: write_archive(search.pk, path),
            lambda path: create_archive([search, *groups], filename=path),
        )
        turns = []
        for turn in range(_TURNS + 1):  # the first pays for imports and caches
            places = [Path(folder, f'{turn}-{which}') for which in range(len(exports))]
            turns.append([_timed(*one) for one in zip(exports, places, strict=True)])
        ours, peer = (
            tuple(statistics.median(turn[which][step] for turn in turns[1:]) for step in range(2))
            for which in range(2)
        )
        nodes = len(graph_of_search(search.pk))
    times = ', '.join(
        f'{name} {mine:.2f} s against {its:.2f} s'
        for name, mine, its in zip(('export', 'import'), ours, peer, strict=True)
    )
    return [
        Measurement(
            ours=sum(ours),
            peer=sum(peer),
            ratio=sum(ours) / sum(peer),
            holds=sum(ours) <= _GOAL * sum(peer),
            note=f'{_RELAXED} relaxed crystals, each a phase, of {_PROPOSALS} proposals; '
            f'{nodes} nodes; {times}; median of {_TURNS} turns; new profiles with SQLite',
        )
    ]


def _timed(export: Callable[[Path], Any], folder: Path) -> tuple[float, float]:
    """Return the seconds of an export, and of the import of its file into an empty profile."""
    from aiida.manage.configuration.profile import Profile
    from aiida.storage.sqlite_dos.backend import SqliteDosStorage
    from aiida.tools.archive import import_archive

    folder.mkdir()
    where = {'backend': 'core.sqlite_dos', 'config': {'filepath': str(folder / 'storage')}}
    broker = {'backend': None, 'config': {}}
    profile = Profile('empty', {'storage': where, 'process_control': broker})
    SqliteDosStorage.initialise(profile)
    storage = SqliteDosStorage(profile)
    start = time.perf_counter()
    export(folder / 'search.aiida')
    exported = time.perf_counter()
    import_archive(folder / 'search.aiida', create_group=False, backend=storage)
    imported = time.perf_counter()
    storage.close()
    return exported - start, imported - exported


def _stored_search() -> WorkChainNode:
    """Return a finished search with its graph, its dataset and the group of its phases."""
    import numpy as np
    from aiida import orm

    from aiida_crystalgen.data.convert import node_from_crystals
    from aiida_crystalgen.data.groups import PhaseGroup, add_dataset

    proposed, relaxed = _crystals(_PROPOSALS), _crystals(_RELAXED)
    references = add_dataset(node_from_crystals(_crystals(50)), 'silicon')
    search = _called(orm.WorkChainNode, None, {'references': references})
    proposals = node_from_crystals(proposed)
    _called(orm.CalcFunctionNode, search, {'seed': orm.Int(1)}, {'proposals': proposals})
    accepted = node_from_crystals(relaxed)
    verdicts = orm.ArrayData({'proposal_row': np.arange(_PROPOSALS)})
    inputs = {'references': references, 'random_symmetric': proposals}
    results: dict[str, Data] = {'accepted': accepted, 'verdicts': verdicts}
    _called(orm.CalcFunctionNode, search, inputs, results)
    last = node_from_crystals(relaxed)
    _called(orm.CalcFunctionNode, search, {'structures': accepted}, {'relaxed': last})
    phases = _phases(relaxed)
    _called(orm.CalcFunctionNode, search, {'relaxed': last}, phases)
    _finish(search, {f'records__{label}': node for label, node in phases.items()})
    group = PhaseGroup(label=f'search-{search.uuid}').store()
    group.add_nodes([node for label, node in phases.items() if label.endswith('_record')])
    return search


def _called(
    kind: type[Any],
    caller: WorkChainNode | None,
    inputs: Mapping[str, Data],
    outputs: Mapping[str, Data] | None = None,
) -> Any:
    """Return a stored process with its links; one that creates something has finished."""
    from aiida.common.links import LinkType

    process = kind(process_type='aiida.workflows:crystalgen.search' if caller is None else None)
    of_input = LinkType.INPUT_WORK if caller is None else LinkType.INPUT_CALC
    for label, node in inputs.items():
        process.base.links.add_incoming(node.store(), of_input, label)
    if caller is not None:
        process.base.links.add_incoming(caller, LinkType.CALL_CALC, f'call_{process.uuid[:8]}')
    process.store()
    for label, node in (outputs or {}).items():
        node.base.links.add_incoming(process, LinkType.CREATE, label)
        node.store()
    if outputs is not None:
        _finish(process, {})
    return process


def _finish(process: Any, returned: Mapping[str, Data]) -> None:
    """Let a process return nodes and end in success."""
    from aiida.common.links import LinkType

    for label, node in returned.items():
        node.base.links.add_incoming(process, LinkType.RETURN, label)
    process.base.attributes.set_many({'process_state': 'finished', 'exit_status': 0})
    process.seal()


def _phases(relaxed: CrystalSet) -> dict[str, Data]:
    """Return a record and a structure for each crystal, under the labels of a search."""
    from aiida import orm

    from aiida_crystalgen.data.convert import structure_from_row

    nodes: dict[str, Data] = {}
    for row in range(len(relaxed)):
        record = {
            'label': f'P{row + 1}',
            'formula': 'Sn4Se4',
            'elements': ['Se', 'Sn'],
            'energy': float(relaxed['energy'][row]),
            'diffraction': [{'angle': 10.0 + one, 'intensity': 100.0 - one} for one in range(20)],
        }
        nodes[f'row_{row}_record'] = orm.Dict(record)
        nodes[f'row_{row}_structure'] = structure_from_row(relaxed, row)
    return nodes


def _crystals(number: int) -> CrystalSet:
    """Return random crystals of tin selenide with an energy each."""
    import numpy as np

    from aiida_crystalgen.science.crystals import Column, CrystalSet

    random = np.random.default_rng(number)
    return CrystalSet(
        lattices=6 * np.eye(3) + random.normal(scale=0.1, size=(number, 3, 3)),
        fractional_coordinates=random.random((number * _ATOMS, 3)),
        atomic_numbers=np.tile([50, 34], number * _ATOMS // 2),
        counts=np.full(number, _ATOMS),
        columns={'energy': Column(random.random(number), 'eV/atom')},
    )


CLAIMS = (
    Claim(
        id='archive',
        summary='archive of a search of 1 000 relaxed crystals and its import, against AiiDA alone',
        goal=f'≤ {_GOAL} × as long',
        unit='s',
        measure=_measure,
    ),
)
