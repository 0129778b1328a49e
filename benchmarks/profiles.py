"""Profiles of AiiDA, computers and codes that exist for one measurement."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from aiida.orm import InstalledCode

__all__ = ('add_localhost', 'look_often', 'temporary_profile', 'vasp_emulator')


@contextmanager
def temporary_profile(
    backend: str = 'core.sqlite_dos', config: Mapping[str, Any] | None = None
) -> Iterator[None]:
    """Load a profile in a folder of its own for the time being, one with SQLite unless told else.

    :param backend: entry point of its storage.
    :param config: of its storage; in the folder if None.
    """
    with tempfile.TemporaryDirectory() as folder:
        # AiiDA makes its configuration folder, with a warning, when it is imported.
        Path(folder, '.aiida').mkdir()
        os.environ['AIIDA_PATH'] = folder
        from aiida import load_profile
        from aiida.manage import get_manager
        from aiida.manage.configuration import create_profile, get_config, reset_config
        from aiida.manage.configuration.settings import AiiDAConfigDir

        reset_config()
        AiiDAConfigDir.set(Path(folder, '.aiida'))
        aiida = get_config(create=True)
        create_profile(
            aiida,
            name='benchmark',
            email='benchmark@localhost',
            storage_backend=backend,
            storage_config=dict(config or {'filepath': str(Path(folder, 'storage'))}),
        )
        # Commands that are measured are processes of their own, which read the file.
        aiida.set_default_profile('benchmark').store()
        load_profile('benchmark', allow_switch=True)
        yield
        get_manager().reset_profile()
        reset_config()


def look_often() -> None:
    """Let work chains that run in this process see within a second that a child has ended.

    Without a broker nobody tells them, and they would look once a minute.
    """
    from aiida.manage import get_config

    get_config().set_option('runner.poll.interval', 1, scope='benchmark')


def add_localhost() -> None:
    """Store this machine as a computer of the profile, one that starts jobs at once."""
    from aiida.manage import get_config
    from aiida.orm import Computer

    computer = Computer(
        label='localhost',
        hostname='localhost',
        transport_type='core.local',
        scheduler_type='core.direct',
        workdir=str(Path(get_config().dirpath) / 'work'),
    ).store()
    computer.configure(safe_interval=0, use_login_shell=False)
    computer.set_minimum_job_poll_interval(0.0)
    computer.set_default_mpiprocs_per_machine(1)


def vasp_emulator(elements: Sequence[str], potential: str) -> InstalledCode:
    """Return the stored code of the VASP emulator on this machine, with placeholder potentials.

    :param potential: that the emulator takes its numbers from.
    """
    from aiida import orm

    from aiida_crystalgen.data.emulated_potcars import store_emulated_potcars

    store_emulated_potcars(elements)
    return orm.InstalledCode(
        label=f'vasp-emulator-{potential}',
        computer=orm.load_computer('localhost'),
        default_calc_job_plugin='vasp.vasp',
        filepath_executable=str(Path(sys.executable).with_name('crystalgen-vasp-emulator')),
        prepend_text=f'export OMP_NUM_THREADS=1 CRYSTALGEN_EMULATOR_POTENTIAL={potential}',
        with_mpi=False,
    ).store()
