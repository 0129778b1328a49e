"""``aiida-crystalgen setup``: what a profile needs before its first search."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from aiida_crystalgen.cli.journal import keep_write_ahead_log

if TYPE_CHECKING:
    from aiida.manage.configuration import Profile
    from aiida.orm import Computer

__all__ = ('setup',)

COMPUTER = 'localhost'
CODE = 'crystalgen'
EXECUTABLE = 'crystalgen-run'
# The work is spread over processes; threads of one process would fight for the same cores.
ONE_THREAD = 'OMP_NUM_THREADS'


@click.command('setup')
@click.option(
    '--workers',
    type=click.IntRange(min=0),
    default=2,
    show_default=True,
    help='Number of daemon workers at least; 0 leaves the daemon alone.',
)
@click.option(
    '--emulator',
    metavar='[POTENTIAL]',
    is_flag=False,
    flag_value='7net-0',
    help='Also create a code that writes the files of VASP with the energies of an interatomic '
    'potential (7net-0 if none is named), and placeholders for potential files. It is not VASP.',
)
def setup(workers: int, emulator: str | None) -> None:
    """Create the computer and the code that are missing, and start the daemon.

    What exists is left as it is, so the command can be repeated at any time.

    \b
    Examples:
      aiida-crystalgen setup --workers 4
      aiida-crystalgen setup --emulator
    """
    # AiiDA looks for `verdi`, and this command for its executable, on the PATH.
    folders = [str(Path(sys.executable).parent), os.environ.get('PATH', os.defpath)]
    os.environ['PATH'] = os.pathsep.join(folders)
    from aiida import load_profile

    profile = load_profile()
    _report('profile', profile.name, 'found')
    journal = keep_write_ahead_log(profile)
    if journal is not None:
        _report('journal', 'write-ahead log of SQLite', journal)
    computer, done = _computer(profile)
    _report('computer', computer.label, done)
    _report('code', f'{CODE}@{computer.label}', _code(computer))
    if emulator is not None:
        from aiida_crystalgen.cli.emulator import set_up_code, set_up_potcars

        _report('code', *set_up_code(computer, emulator))
        _report('POTCARs', *set_up_potcars())
    if workers:
        _report('daemon', *_daemon(profile, workers))


def _report(what: str, name: str, done: str) -> None:
    """Print one line about a thing and what was done with it."""
    click.echo(f'{what:10s}{name:32s}{done}')


def _computer(profile: Profile) -> tuple[Computer, str]:
    """Return the computer that AiiDA runs on and what was done with it."""
    from aiida.common.exceptions import NotExistent
    from aiida.manage import get_config
    from aiida.orm import Computer

    try:
        computer = Computer.collection.get(label=COMPUTER)
    except NotExistent:
        computer = Computer(
            label=COMPUTER,
            hostname='localhost',
            description='The computer that AiiDA runs on.',
            transport_type='core.local',
            scheduler_type='core.direct',
            workdir=str(Path(get_config().dirpath) / 'scratch' / profile.name),
        ).store()
        computer.set_default_mpiprocs_per_machine(1)
        done = 'created'
    else:
        done = 'found'
    if not computer.is_configured:
        # What login files do or print costs time at each command and can break the connection.
        computer.configure(safe_interval=0, use_login_shell=False)
        computer.set_minimum_job_poll_interval(1)
        done = f'{done}, configured'
    return computer, done


def _code(computer: Computer) -> str:
    """Make sure that the code exists and return what was done with it.

    :raises ValueError: if the executable of the code is not there.
    """
    from aiida.common.exceptions import NotExistent
    from aiida.orm import InstalledCode, load_code

    label = f'{CODE}@{computer.label}'
    try:
        executable = load_code(label).get_executable()
    except NotExistent:
        code = InstalledCode(
            label=CODE,
            computer=computer,
            filepath_executable=_executable(),
            description='Runs the heavy steps of aiida-crystalgen: train, propose, relax.',
            with_mpi=False,
            prepend_text=f'export {ONE_THREAD}=1',
        ).store()
        return f'created: {code.get_executable()}'
    if executable.is_absolute() and not Path(executable).is_file():
        raise ValueError(
            f'Code {label} runs {executable}, which does not exist. Put it out of the way with '
            f'`verdi code relabel {label} {CODE}-old`, then run `aiida-crystalgen setup` again.'
        )
    return f'found: {executable}'


def _executable() -> str:
    """Return the path of the executable that was installed beside this interpreter.

    :raises ValueError: if it is not there.
    """
    found = shutil.which(EXECUTABLE)
    if found is None:
        raise ValueError(
            f'{EXECUTABLE} is not in {Path(sys.executable).parent}. '
            'Install aiida-crystalgen again in this environment.'
        )
    return found


def _daemon(profile: Profile, workers: int) -> tuple[str, str]:
    """Make sure that the daemon runs with enough workers.

    :return: the number of workers and what was done.
    :raises ValueError: if the profile cannot have a daemon.
    """
    from aiida.engine.daemon.client import get_daemon_client

    if profile.process_control_backend is None:
        raise ValueError(
            f"Profile '{profile.name}' has no message broker, so it can have no daemon. "
            'Give it one with `verdi profile configure-broker core.zeromq`.'
        )
    client = get_daemon_client()
    if not client.is_daemon_running:
        os.environ.setdefault(ONE_THREAD, '1')
        client.start_daemon(number_workers=workers)
        return f'{workers} workers', 'started'
    missing = workers - int(client.get_numprocesses()['numprocesses'])
    if missing > 0:
        client.increase_workers(missing, wait=True)
        return f'{workers} workers', f'running, {missing} added'
    return f'{workers - missing} workers', 'running'
