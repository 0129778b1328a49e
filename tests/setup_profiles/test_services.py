"""The scripts that set up services say what is wrong before they change anything."""

import subprocess
from pathlib import Path

import pytest
import yaml
from aiida.plugins import BrokerFactory, SchedulerFactory, StorageFactory, TransportFactory

FOLDER = Path(__file__).parents[2] / 'setup_profiles'
SCRIPTS = ('postgresql_rabbitmq.sh', 'slurm.sh', 'services.sh')


@pytest.fixture
def run(tmp_path):
    """Return a function that runs a script with these programs only on its PATH."""

    def function(script, *words, programs=()):
        binaries = tmp_path / 'bin'
        binaries.mkdir()
        for name in ('bash', 'dirname', 'basename', 'id', 'true'):
            (binaries / name).symlink_to(f'/usr/bin/{name}')
        for name, text in programs:
            (binaries / name).unlink(missing_ok=True)
            (binaries / name).write_text(f'#!/bin/bash\n{text}\n')
            (binaries / name).chmod(0o755)
        return subprocess.run(
            ['/bin/bash', FOLDER / script, *words],
            check=False,
            capture_output=True,
            text=True,
            env={'PATH': str(binaries), 'HOME': str(tmp_path)},
        )

    return function


@pytest.mark.parametrize('script', SCRIPTS)
def test_scripts_are_valid(script):
    """Bash can read each to its end."""
    subprocess.run(['/bin/bash', '-n', FOLDER / script], check=True)


@pytest.mark.parametrize(
    ('words', 'said'),
    [
        (['Two Words'], "cannot be called 'Two Words'"),
        (["x'; DROP TABLE"], 'cannot be called'),
        (['crystals', 'many'], "number of workers is 'many'"),
        ([], 'no verdi on the PATH'),
    ],
)
def test_wrong_words_are_refused(run, words, said):
    """Names that would have to be quoted in SQL, or no number of workers, change nothing."""
    result = run('postgresql_rabbitmq.sh', *words)
    assert result.returncode == 1
    assert said in result.stderr


@pytest.mark.parametrize('script', SCRIPTS[:2])
def test_other_users_are_told_to_be_root(run, script):
    """Without the right to install packages the scripts end in a sentence."""
    programs = [
        ('id', 'echo 1000'),
        ('sudo', 'exit 1'),
        ('verdi', ''),
        ('aiida-crystalgen', ''),
    ]
    result = run(script, programs=programs)
    assert result.returncode == 1
    assert 'Run it as root' in result.stderr


def test_the_profile_names_plugins_that_exist():
    """Storage and broker of the file are those of this AiiDA."""
    content = yaml.safe_load((FOLDER / 'profile-postgresql.yaml').read_text())
    assert StorageFactory('core.psql_dos')
    assert BrokerFactory(content['broker'])


def test_the_computer_names_plugins_that_exist():
    """Transport and scheduler of the file are those of this AiiDA."""
    content = yaml.safe_load((FOLDER / 'computer-slurm.yaml').read_text())
    assert TransportFactory(content['transport'])
    assert SchedulerFactory(content['scheduler'])
