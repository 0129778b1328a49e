"""At most so many calculations at a time, and no idle places: the throttle of the DFT engines."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.claims import Claim, Context, Measurement

if TYPE_CHECKING:
    from aiida.orm import ProcessNode

__all__ = ('CLAIMS', 'ideal_wall_time', 'most_alive', 'running_daemon', 'vasp_emulator')

_STRUCTURES = 40
_LIMIT = 4
_GOAL = 1.15
_PROFILE = 'benchmark'
_LONGEST = 900  # seconds until the benchmark is given up

# Jobs of 6 to 21 seconds, in an order that only the structures decide.
_PREPEND = """\
export OMP_NUM_THREADS=1
export CRYSTALGEN_EMULATOR_POTENTIAL=stillinger-weber
sleep $(( 5 + $(tail -n 1 POSCAR | cksum | cut -d ' ' -f 1) % 16 ))"""


def most_alive(lives: Sequence[tuple[float, float]]) -> int:
    """Return the largest number of lives that overlap, each from its begin to its end."""
    events = sorted([(begin, 1) for begin, _ in lives] + [(end, -1) for _, end in lives])
    alive = most = 0
    for _, change in events:
        alive += change
        most = max(most, alive)
    return most


def ideal_wall_time(durations: Sequence[float], places: int) -> float:
    """Return the time that the durations take if every free place is filled at once, in order."""
    free = [0.0] * places
    for duration in durations:
        free.sort()
        free[0] += duration
    return max(free)


@contextmanager
def running_daemon(folder: Path) -> Iterator[None]:
    """Load a new profile of a temporary AiiDA instance, with two workers of its daemon."""
    (folder / '.aiida').mkdir()
    os.environ['AIIDA_PATH'] = str(folder)
    os.environ['PATH'] = f'{Path(sys.executable).parent}{os.pathsep}{os.environ["PATH"]}'

    def verdi(*words: str, check: bool = True) -> None:
        subprocess.run(['verdi', *words], check=check, capture_output=True)  # noqa: S607

    verdi('presto', '--use-zeromq', '--profile-name', _PROFILE)
    from aiida import load_profile
    from aiida.manage import get_manager
    from aiida.manage.configuration import reset_config
    from aiida.manage.configuration.settings import AiiDAConfigDir

    verdi('daemon', 'start', '2')
    try:
        reset_config()
        AiiDAConfigDir.set(folder / '.aiida')
        load_profile(_PROFILE, allow_switch=True)
        yield
    finally:
        # On a busy machine the answer may come too late, though the daemon stops.
        verdi('daemon', 'stop', check=False)
        get_manager().reset_profile()
        reset_config()


def vasp_emulator(elements: Sequence[str], prepend_text: str) -> Any:
    """Return the stored code of the VASP emulator, with placeholders for potential files.

    :param prepend_text: shell commands before each run.
    """
    from aiida import orm

    from aiida_crystalgen.data.emulated_potcars import store_emulated_potcars

    store_emulated_potcars(elements)
    computer = orm.load_computer('localhost')
    computer.set_minimum_job_poll_interval(1.0)
    return orm.InstalledCode(
        label='vasp-emulator',
        computer=computer,
        default_calc_job_plugin='vasp.vasp',
        filepath_executable=str(Path(sys.executable).with_name('crystalgen-vasp-emulator')),
        prepend_text=prepend_text,
        with_mpi=False,
    ).store()


def _builder() -> Any:
    """Return the evaluation of the structures by the VASP emulator."""
    import numpy as np
    from aiida import orm
    from ase.build import bulk

    from aiida_crystalgen.data.convert import crystals_from_structures, node_from_crystals
    from aiida_crystalgen.data.emulated_potcars import EMULATED_FAMILY
    from aiida_crystalgen.workflows.relax_vasp import VaspRelaxWorkChain

    structures: list[orm.StructureData] = []
    for constant in np.linspace(5.2, 5.6, _STRUCTURES):
        atoms = bulk('Si', 'diamond', a=constant)
        atoms.rattle(0.05, seed=len(structures))
        structures.append(orm.StructureData(ase=atoms))
    return VaspRelaxWorkChain.get_builder_from_protocol(
        node_from_crystals(crystals_from_structures(structures)),
        vasp_emulator(['Si'], _PREPEND),
        protocol='fast',
        overrides={
            'freedom': 'none',
            'max_concurrent': _LIMIT,
            'potential_family': EMULATED_FAMILY,
            'kpoints_spacing': 0.5,
            'options': {
                'withmpi': False,
                'resources': {'num_machines': 1, 'num_mpiprocs_per_machine': 1},
            },
        },
    )


def _run() -> list[ProcessNode]:
    """Return the finished children that ran VASP, in the order in which they began."""
    from aiida import orm
    from aiida.engine import submit

    node = submit(_builder())
    end = time.monotonic() + _LONGEST
    while not node.is_terminated:
        if time.monotonic() > end:
            raise TimeoutError(f'the work chain has not finished after {_LONGEST} s')
        time.sleep(1)
    children = [one for one in node.called if isinstance(one, orm.WorkChainNode)]
    if not node.is_finished_ok or len(children) != _STRUCTURES:
        raise RuntimeError(f'the work chain ended with {node.exit_status}: {node.exit_message}')
    return sorted(children, key=lambda child: child.ctime)


def _measure(_: Context) -> list[Measurement]:
    """Return the wall time under the throttle beside that of ideal packing."""
    with tempfile.TemporaryDirectory() as folder, running_daemon(Path(folder)):
        children = _run()
        lives = [(child.ctime.timestamp(), child.mtime.timestamp()) for child in children]
    wall = max(end for _, end in lives) - lives[0][0]
    ideal = ideal_wall_time([end - begin for begin, end in lives], _LIMIT)
    alive = most_alive(lives)
    return [
        Measurement(
            ours=wall,
            peer=ideal,
            ratio=wall / ideal,
            holds=wall <= _GOAL * ideal and alive <= _LIMIT,
            note=(
                f'{_STRUCTURES} structures, max_concurrent {_LIMIT}: at most {alive} children '
                'alive, by the times of their nodes; the peer is the same lives packed without '
                'gaps; VASP emulator, daemon with 2 workers'
            ),
        )
    ]


CLAIMS = (
    Claim(
        id='throttle',
        summary='wall time of throttled VASP calculations, against ideal packing',
        goal=f'≤ {_GOAL} × ideal, never more than {_LIMIT} alive',
        unit='s',
        measure=_measure,
    ),
)
