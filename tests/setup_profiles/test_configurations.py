"""The files of ``setup_profiles`` do what their comments say."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]
FOLDER = CHECKOUT / 'setup_profiles'
BINARIES = Path(sys.executable).parent
PROFILE = FOLDER / 'profile.yaml'


@pytest.fixture
def run(tmp_path):
    """Return a function that runs an AiiDA command in an instance of its own."""
    (tmp_path / '.aiida').mkdir()
    environment = {**os.environ, 'AIIDA_PATH': str(tmp_path)}

    def function(command, *arguments):
        return subprocess.run(
            [BINARIES / command, *arguments],
            check=True,
            capture_output=True,
            text=True,
            env=environment,
        ).stdout

    return function


def commands_of(file):
    """Return the commands in the comments of a file, as lists of arguments."""
    indented = [
        line.removeprefix('#     ') for line in file.read_text().splitlines() if '#     ' in line
    ]
    text = '\n'.join(indented).replace('\\\n', ' ')
    return [line.replace('setup_profiles', str(FOLDER)).split() for line in text.splitlines()]


def test_configurations_make_a_profile_that_setup_accepts(run):
    """Profile, computer and code of the files are complete: ``setup`` finds all of them."""
    for name in ('profile', 'computer-localhost', 'code-localhost', 'code-vasp-emulator'):
        for command in commands_of(FOLDER / f'{name}.yaml'):
            if command[0] == 'verdi':
                run(*command)
    found = run('aiida-crystalgen', 'setup', '--workers', '0', '--emulator')
    assert found.count('found') == 4
    assert found.count('created') == 1  # the placeholders for potential files come from no file


def test_the_computer_with_a_queue_can_be_made(run):
    """The commands at the head of its file make computer and code; no queue is asked."""
    run('verdi', 'profile', 'setup', 'core.sqlite_dos', '--non-interactive', '--config', PROFILE)
    for command in commands_of(FOLDER / 'computer-slurm.yaml'):
        run(*command)
    assert 'core.slurm' in run('verdi', 'computer', 'show', 'slurm')
    assert 'crystalgen-run' in run('verdi', 'code', 'show', 'crystalgen@slurm')
