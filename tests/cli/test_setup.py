"""``aiida-crystalgen setup`` creates what is missing and leaves what exists."""

import os
import sys
from pathlib import Path

import pytest
from aiida import orm
from click.testing import CliRunner

from aiida_crystalgen.cli import crystalgen

pytestmark = pytest.mark.usefixtures('aiida_profile_clean')


@pytest.fixture
def setup(monkeypatch):
    """Return a function that runs the command, by default without the daemon."""
    monkeypatch.setenv('PATH', os.environ['PATH'])
    monkeypatch.setenv('OMP_NUM_THREADS', '1')
    verdi = str(Path(sys.executable).parent / 'verdi')
    monkeypatch.setattr('aiida.engine.daemon.client.VERDI_BIN', verdi)
    return lambda workers=0: CliRunner().invoke(crystalgen, ['setup', '--workers', str(workers)])


def test_setup_creates_computer_and_code(setup):
    """In an empty profile the computer and the code are created, ready to run."""
    result = setup()
    code = orm.load_code('crystalgen@localhost')
    assert result.exit_code == 0, result.output
    assert result.output.count('created') == 2
    assert code.computer.is_configured
    assert Path(code.get_executable()).is_file()


def test_code_runs_on_one_thread_without_mpi(setup):
    """Jobs of the code neither start MPI nor more threads than their core."""
    setup()
    code = orm.load_code('crystalgen@localhost')
    assert code.with_mpi is False
    assert 'OMP_NUM_THREADS=1' in code.prepend_text


def test_setup_can_be_repeated(setup):
    """A second run finds everything and creates nothing."""
    setup()
    result = setup()
    assert result.exit_code == 0, result.output
    assert 'created' not in result.output
    assert orm.QueryBuilder().append(orm.InstalledCode).count() == 1


def test_scratch_folder_lies_in_the_instance(setup, aiida_config):
    """Jobs run inside the folder of the AiiDA instance, nowhere in the home."""
    setup()
    workdir = Path(orm.load_computer('localhost').get_workdir())
    assert workdir.is_relative_to(aiida_config.dirpath)


def test_code_without_executable_is_refused(setup, aiida_localhost):
    """A code whose executable has gone is named, with the way out."""
    orm.InstalledCode(
        label='crystalgen', computer=aiida_localhost, filepath_executable='/nowhere/run'
    ).store()
    result = setup()
    assert result.exit_code == 1
    assert '/nowhere/run, which does not exist' in result.stderr


def test_missing_executable_is_refused(setup, monkeypatch):
    """Without the installed executable there is no code to create."""
    monkeypatch.setattr('aiida_crystalgen.cli.setup.EXECUTABLE', 'no-such-executable')
    result = setup()
    assert result.exit_code == 1
    assert 'Install aiida-crystalgen again' in result.stderr


def test_profile_without_broker_is_told_how_to_get_one(aiida_config, aiida_profile_factory, setup):
    """A daemon needs a broker; the message says how to add one."""
    with aiida_profile_factory(aiida_config):
        result = setup(workers=1)
    assert result.exit_code == 1
    assert 'verdi profile configure-broker core.zeromq' in result.stderr


def test_setup_starts_the_daemon_and_adds_workers(aiida_config, aiida_profile_factory, setup):
    """The daemon is started with the workers asked for, and later runs add those missing."""
    from aiida.engine.daemon.client import get_daemon_client

    with aiida_profile_factory(aiida_config, broker_backend='core.zeromq') as profile:
        client = get_daemon_client(profile.name)
        try:
            assert 'started' in setup(1).output
            assert 'running, 1 added' in setup(2).output
            assert client.get_numprocesses()['numprocesses'] == 2
        finally:
            client.stop_daemon(wait=True)
