"""What relaxation, phonons and elastic constants cost beside the bare runs of aiida-vasp in them.

Ours are the three work chains of a phase, one after the other. The peer are the work chains of
aiida-vasp that ours had started, submitted once more by themselves with the same inputs to the same
daemon, as many at a time and in the same three rounds. VASP is emulated with a classical potential,
which takes no time, so that all but the overhead of AiiDA and the start of the emulator vanishes.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.claims import Claim, Context, Measurement
from benchmarks.throttle import running_daemon, vasp_emulator

if TYPE_CHECKING:
    from aiida.engine import ProcessBuilder
    from aiida.orm import ProcessNode

__all__ = ('CLAIMS',)

_GOAL = 1.5
_PLACES = (1, 4)  # calculations at a time
_LOOK = 0.1  # seconds between two looks at a process
_LONGEST = 600  # seconds until a process is given up
_LATTICE_CONSTANT = 5.5  # Å, 1 % off
_PREPEND = """\
export OMP_NUM_THREADS=1
export CRYSTALGEN_EMULATOR_POTENTIAL=stillinger-weber"""


def _measure(_: Context) -> list[Measurement]:
    """Return both wall times for each number of calculations at a time."""
    with tempfile.TemporaryDirectory() as folder, running_daemon(Path(folder)):
        code = vasp_emulator(['Si'], _PREPEND)
        _verify(code, max(_PLACES))  # the workers of the daemon import what they need
        return [_compare(code, places) for places in _PLACES]


def _compare(code: Any, places: int) -> Measurement:
    """Return the wall times of ours, and of the bare runs in it.

    :param places: calculations at a time.
    """
    start = time.monotonic()
    rounds = _verify(code, places)
    ours = time.monotonic() - start
    start = time.monotonic()
    for children in rounds:
        _run_bare(children, places)
    peer = time.monotonic() - start
    runs = ', '.join(str(len(children)) for children in rounds)
    return Measurement(
        ours=ours,
        peer=peer,
        ratio=ours / peer,
        holds=ours <= _GOAL * peer,
        note=f'silicon, {runs} children in relaxation, phonons and elasticity, {places} at a time; '
        'VASP emulator, daemon with 2 workers',
    )


def _verify(code: Any, places: int) -> list[list[ProcessNode]]:
    """Return what aiida-vasp did in our relaxation, phonons and elastic constants of a crystal."""
    from aiida import orm
    from ase.build import bulk

    from aiida_crystalgen.calculations.functions.extract import extract, row_label
    from aiida_crystalgen.data.convert import crystals_from_structures, node_from_crystals
    from aiida_crystalgen.workflows.elastic import ElasticWorkChain
    from aiida_crystalgen.workflows.phonon import PhononWorkChain

    atoms = bulk('Si', 'diamond', a=_LATTICE_CONSTANT)
    crystals = crystals_from_structures([orm.StructureData(ase=atoms)])
    builder, engine = _engine(node_from_crystals(crystals), code, places)
    chains = [_finished([builder], 1)[0]]
    relaxed = chains[0].outputs.relaxed
    structure = extract(relaxed, orm.Int(0))[row_label(0)]
    for chain in (PhononWorkChain, ElasticWorkChain):
        check = chain.get_builder_from_protocol(structure, engine=engine, protocol='fast')
        (node,) = _finished([check], 1)
        chains += [one for one in node.called if one.process_type == chains[0].process_type]
    return [[one for one in chain.called if isinstance(one, orm.WorkChainNode)] for chain in chains]


def _engine(structures: Any, code: Any, places: int) -> tuple[ProcessBuilder, Mapping[str, Any]]:
    """Return the relaxation of the structures, and its engine for other work chains."""
    from aiida_crystalgen.data.emulated_potcars import EMULATED_FAMILY
    from aiida_crystalgen.workflows.relax_vasp import VaspRelaxWorkChain

    builder = VaspRelaxWorkChain.get_builder_from_protocol(
        structures,
        code,
        protocol='fast',
        overrides={
            'max_concurrent': places,
            'potential_family': EMULATED_FAMILY,
            'relaxation': {'force_cutoff': 0.001},
            'options': {'resources': {'num_machines': 1, 'num_mpiprocs_per_machine': 1}},
        },
    )
    names = ('code', 'settings', 'options', 'max_concurrent')
    return builder, {'vasp': {name: builder[name] for name in names}}


def _run_bare(children: Sequence[ProcessNode], places: int) -> None:
    """Run the work chains of aiida-vasp once more, with nothing around them."""
    _finished([child.get_builder_restart() for child in children], places)


def _finished(builders: Sequence[ProcessBuilder], places: int) -> list[ProcessNode]:
    """Return the processes once all have finished, a free place being filled at once.

    :raises RuntimeError: if one failed.
    :raises TimeoutError: if one did not finish.
    """
    from aiida.engine import submit

    waiting = list(builders)
    active: list[ProcessNode] = []
    nodes: list[ProcessNode] = []
    end = time.monotonic() + _LONGEST
    while waiting or active:
        while waiting and len(active) < places:
            active.append(submit(waiting.pop(0)))
            nodes.append(active[-1])
        active = [node for node in active if not node.is_terminated]
        if time.monotonic() > end:
            raise TimeoutError(f'{len(active)} processes have not finished after {_LONGEST} s')
        time.sleep(_LOOK)
    failed = [node for node in nodes if not node.is_finished_ok]
    if failed:
        raise RuntimeError(f'{failed[0].process_label} ended with {failed[0].exit_message}')
    return nodes


CLAIMS = (
    Claim(
        id='workflow-overhead',
        summary='wall time of relaxation, phonons and elasticity, over that of their VASP runs',
        goal=f'≤ {_GOAL} × as long',
        unit='s',
        measure=_measure,
    ),
)
