"""`search status` and `phases list` on a large search, as commands of their own."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.claims import Claim, Context, Measurement
from benchmarks.profiles import temporary_profile
from benchmarks.synthetic import insert_searches

if TYPE_CHECKING:
    from aiida_crystalgen.science.crystals import CrystalSet

__all__ = ('CLAIMS',)

_ROUNDS = 10
_CANDIDATES = 100_000
_RELAXED = 1_000
_GENERATORS = ('rdf_vae', 'random_symmetric')
_STAGES = ('proposed', 'valid', 'similar', 'distinct')  # of what is not selected
_TURNS = 5
_GOAL = 1.0  # seconds
# What any command needs that looks at the data of a profile.
_AIIDA = 'from aiida import load_profile, orm; load_profile(); orm.User.collection.get_default()'


def _measure(context: Context) -> list[Measurement]:
    """Return the seconds of both commands, without what AiiDA itself needs to open a profile."""
    with temporary_profile():
        (search,) = insert_searches(1, _RELAXED, rounds=_ROUNDS)
        _add_verdicts(search)
        commands = {
            f'search status {search}': ('search', 'status', str(search)),
            f'phases list --search {search}': ('phases', 'list', '--search', str(search)),
        }
        starts = [_seconds(sys.executable, '-c', _AIIDA) for _ in range(_TURNS)]
        return [
            _command(context, name, words, statistics.median(starts))
            for name, words in commands.items()
        ]


def _command(context: Context, name: str, words: tuple[str, ...], start: float) -> Measurement:
    """Return the seconds of a command without its start, and say what it takes from the shell.

    :param start: seconds that Python and AiiDA need to open the storage of a profile.
    """
    from aiida_crystalgen.cli import crystalgen

    program = Path(sys.executable).with_name('aiida-crystalgen')
    whole = statistics.median(_seconds(str(program), *words) for _ in range(_TURNS))
    (alone,) = context.take_turns(
        lambda: crystalgen.main(['--profile', 'benchmark', *words], standalone_mode=False),
        repeats=_TURNS,
    )
    return Measurement(
        ours=whole - start,
        peer=None,
        ratio=None,
        holds=whole - start < _GOAL,
        note=f'{name}: {whole:.2f} s from the shell, of which Python, the import of AiiDA and '
        f'the opening of its storage take {start:.2f} s; {alone:.2f} s in a process '
        f'that has imported all; {_CANDIDATES} candidates in {_ROUNDS} rounds, {_RELAXED} phases; '
        'SQLite',
    )


def _seconds(*command: str) -> float:
    """Return the wall time of a command.

    :raises subprocess.CalledProcessError: if it fails.
    """
    start = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - start


def _add_verdicts(search: int) -> None:
    """Add what screening and relaxation leave to each round of a search."""
    from aiida import orm

    from aiida_crystalgen.data.convert import node_from_crystals
    from aiida_crystalgen.queries.rounds import rounds

    for one in rounds(search):
        parent = orm.load_node(one.pk)
        verdicts = orm.ArrayData(_verdicts(_CANDIDATES // _ROUNDS, _RELAXED // _ROUNDS))
        _called(parent, 'screen', {'verdicts': verdicts})
        _called(parent, 'relax', {'relaxed': node_from_crystals(_crystals(_RELAXED // _ROUNDS))})


def _called(parent: Any, name: str, outputs: dict[str, Any]) -> None:
    """Store a finished function that a round has called, with what it created."""
    from aiida import orm
    from aiida.common.links import LinkType

    process = orm.CalcFunctionNode()
    process.set_process_label(name)
    process.base.attributes.set_many({'process_state': 'finished', 'exit_status': 0})
    # A round that has ended calls nothing any more.
    process.base.links._add_incoming_cache(parent, LinkType.CALL_CALC, name)
    process.store()
    for label, node in outputs.items():
        node.base.links.add_incoming(process, LinkType.CREATE, label)
        node.store()


def _verdicts(number: int, selected: int) -> dict[str, Any]:
    """Return the arrays of the verdicts on so many proposals."""
    import numpy as np

    rows = np.arange(number)
    stages = np.array(_STAGES)[rows % len(_STAGES)]
    stages = np.where(rows < selected, 'selected', stages)
    return {
        'generator': np.array(_GENERATORS)[rows % len(_GENERATORS)],
        'stage': stages,
        'proposal_row': rows,
        'reference_distance': rows / number,
    }


def _crystals(number: int) -> CrystalSet:
    """Return relaxed crystals of eight atoms."""
    import numpy as np

    from aiida_crystalgen.science.crystals import CrystalSet

    return CrystalSet(
        lattices=np.tile(5.4 * np.eye(3), (number, 1, 1)),
        fractional_coordinates=np.random.default_rng(0).random((8 * number, 3)),
        atomic_numbers=np.tile([50, 34], 4 * number),
        counts=np.full(number, 8),
    ).with_columns(
        generator=np.array(_GENERATORS)[np.arange(number) % 2],
        rejection=np.full(number, ''),
        converged=np.ones(number, dtype=bool),
    )


CLAIMS = (
    Claim(
        id='status-100k',
        summary='search status and phases list on a search of 100 000 candidates, less AiiDA start',
        goal=f'< {_GOAL:g} s',
        unit='s',
        measure=_measure,
    ),
)
