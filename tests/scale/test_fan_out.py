"""Three hundred children at once, on four workers, lose none, whatever the services behind."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
SCRIPT = HERE.parents[1] / 'setup_profiles' / 'postgresql_rabbitmq.sh'
PROFILE = 'crystalgen-test-fan-out'
NUMBER, LIMIT, WORKERS, SECONDS = 300, 100, 4, 2400
ADMINISTRATOR = [] if os.getuid() == 0 else ['sudo', '-n']


@pytest.fixture
def instance(tmp_path):
    """Return a function that runs a command in an AiiDA instance of its own."""
    (tmp_path / '.aiida').mkdir()
    environment = {
        **os.environ,
        'AIIDA_PATH': str(tmp_path),
        'OMP_NUM_THREADS': '1',
        'PATH': f'{Path(sys.executable).parent}{os.pathsep}{os.environ["PATH"]}',
        'PYTHONPATH': str(HERE),  # where the workers find the parent
    }

    def run(*command, check=True):
        result = subprocess.run(
            command, check=False, capture_output=True, text=True, env=environment
        )
        assert not check or result.returncode == 0, result.stdout + result.stderr
        return result.stdout

    yield run
    run('verdi', 'daemon', 'stop', check=False)


@pytest.fixture
def embedded(instance):
    """Make a profile that needs no service."""
    instance('verdi', 'presto', '--use-zeromq')
    instance('aiida-crystalgen', 'setup', '--workers', str(WORKERS))


@pytest.fixture
def services(instance):
    """Make a profile with PostgreSQL and RabbitMQ by the script that users run."""
    if not all(map(shutil.which, ('pg_lsclusters', 'rabbitmqctl', 'runuser'))):
        pytest.skip('Debian packages postgresql and rabbitmq-server are not installed')
    if subprocess.run([*ADMINISTRATOR, 'true'], check=False).returncode:
        pytest.skip('services can only be started by root, or with sudo without a password')
    instance('bash', str(SCRIPT), PROFILE, str(WORKERS))
    yield
    name = PROFILE.replace('-', '_')
    instance('verdi', 'daemon', 'stop', check=False)
    for statement in (f'DROP DATABASE {name} WITH (FORCE)', f'DROP ROLE {name}'):
        instance(*ADMINISTRATOR, 'runuser', '-u', 'postgres', '--', 'psql', '-qc', statement)
    instance(*ADMINISTRATOR, 'rabbitmqctl', '--quiet', 'delete_vhost', name)
    instance(*ADMINISTRATOR, 'rabbitmqctl', '--quiet', 'delete_user', name)


@pytest.mark.long
@pytest.mark.timeout(SECONDS + 300)
@pytest.mark.parametrize('profile', ['embedded', 'services'])
def test_no_child_is_lost(request, instance, tmp_path, profile):
    """Each structure has one child, each child one job, and each gives back its own structure."""
    request.getfixturevalue(profile)
    script = str(HERE / 'submit_fan_out.py')
    words = [tmp_path, NUMBER, LIMIT, SECONDS]
    report = json.loads(instance(sys.executable, script, *map(str, words)))
    print(profile, report['seconds'], 's', report['states'])  # noqa: T201
    assert report['parent'] == ['finished', 0], report
    assert report['exceptions'] == []
    assert report['returned'] == [round(2.5 + 0.001 * row, 6) for row in range(NUMBER)]
    assert report['jobs'] == {'1': NUMBER}
    assert report['states'] == {
        'FanOutWorkChain finished 0': 1,
        'PotentialRelaxWorkChain finished 0': NUMBER,
        'RelaxCalculation finished 0': NUMBER,
    }
    logs = ''.join(log.read_text() for log in (tmp_path / '.aiida').glob('daemon/log/aiida*.log'))
    assert 'Traceback' not in logs, logs[-5000:]
