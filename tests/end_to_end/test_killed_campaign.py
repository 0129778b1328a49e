"""A campaign whose workers, broker and whole daemon are killed ten times at random moments."""

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1500)]

KILLS = 10
SECONDS_BETWEEN_LOOKS = 20
SEARCH = """
composition: Si
references: silicon
protocol: fast
code: crystalgen@localhost
formula_units: [2, 4]
candidates: 120
distances: {Si-Si: 2.1}
volume: {per_atom: 20.5, tolerance: 0.1}
generators:
  - {method: rdf_vae, settings: {epochs: 20}}
  - {method: random_symmetric}
screening: {within: 0.4, limit: 6}
relax: {potential: stillinger-weber, processes: 1}
budget: {rounds: 3}
seed: 7
"""
DIGEST = """
import json, sys
from collections import Counter
from aiida import load_profile, orm
load_profile()
from aiida_crystalgen.queries.phases import phases
search = orm.load_node(int(sys.argv[1]))
nodes = [search, *search.called_descendants]
labels = Counter(
    (node.pk, link.link_label)
    for node in nodes
    for link in node.base.links.get_outgoing().all()
    if 'CALL' in link.link_type.name and not link.node.is_killed
)
print(json.dumps({
    'exit': [search.exit_status, search.exit_message],
    'phases': [[row.space_group, row.energy, row.round, row.relaxed_row, row.generator,
                row.proposal_round, row.proposal_row] for row in phases(search=search.pk)],
    'twice': [label for (_, label), number in labels.items() if number > 1],
    'unfinished': [str(node) for node in nodes if not node.is_terminated],
    'excepted': [str(node) for node in nodes if node.is_excepted],
}))
"""


class Instance:
    """An AiiDA instance of its own, driven by commands as a user would."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = {**os.environ, 'AIIDA_PATH': str(folder), 'OMP_NUM_THREADS': '1'}

    def run(self, *command: str) -> str:
        """Return what a command prints."""
        program = Path(sys.executable).with_name(command[0])
        result = subprocess.run(
            [program, *command[1:]],
            env=self.environment,
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
        )
        assert result.returncode == 0, f'{command}: {result.stdout}{result.stderr}'
        return result.stdout

    def processes(self, *words: str) -> list[psutil.Process]:
        """Return the processes of this instance's daemon whose command has one of the words."""
        found = []
        for process in psutil.process_iter():
            try:
                command = ' '.join(process.cmdline())
                mine = process.environ().get('AIIDA_PATH') == str(self.folder)
            except (psutil.AccessDenied, psutil.NoSuchProcess, psutil.ZombieProcess):
                continue
            if mine and any(word in command for word in words):
                found.append(process)
        return found

    def kill(self, what: str, chance: random.Random) -> None:
        """Kill one worker, the broker, or the whole daemon, and start what is not there."""
        workers = self.processes('daemon worker')
        broker = self.processes('daemon broker')
        victims = {
            'worker': chance.sample(workers, min(1, len(workers))),
            'broker': broker,
            'all': [*self.processes('start-circus'), *workers, *broker],
        }[what]
        for victim in victims:
            if victim.is_running():
                victim.send_signal(signal.SIGKILL)
        psutil.wait_procs(victims, timeout=10)
        if what == 'all':
            self.run('verdi', 'daemon', 'start', '2')

    def launch(self) -> int:
        """Return the PK of a campaign that has just been submitted."""
        text = self.run('aiida-crystalgen', 'search', 'launch', 'search.yaml')
        return int(text.split('SearchWorkChain<')[1].split('>')[0])

    def has_ended(self, pk: int) -> bool:
        """Return whether a process has ended, without loading AiiDA."""
        (database,) = self.folder.rglob('database.sqlite')
        with sqlite3.connect(f'file:{database}?mode=ro', uri=True, timeout=30) as connection:
            row = connection.execute('SELECT attributes FROM db_dbnode WHERE id = ?', (pk,))
            attributes = json.loads(row.fetchone()[0])
        return attributes.get('process_state') in {'finished', 'excepted', 'killed'}

    def wait(self, pk: int, seconds: float) -> bool:
        """Return whether a search ends within this time, looked at every now and then."""
        begin = looked = time.monotonic()
        while time.monotonic() < begin + seconds:
            if self.has_ended(pk):
                return True
            if time.monotonic() > looked + SECONDS_BETWEEN_LOOKS:
                self.run('aiida-crystalgen', 'search', 'status', str(pk))
                looked = time.monotonic()
            time.sleep(0.2)
        return False

    def digest(self, pk: int) -> dict:
        """Return what a search has come to."""
        return json.loads(self.run('python', '-c', DIGEST, str(pk)).splitlines()[-1])


@pytest.fixture
def instance(tmp_path):
    """Return an AiiDA instance with known crystals of silicon, and a daemon of two workers."""
    one = Instance(tmp_path)
    one.run('verdi', 'presto', '--use-zeromq')
    one.run('aiida-crystalgen', 'setup')
    one.run('verdi', 'daemon', 'stop')
    one.run('verdi', 'daemon', 'start', '2')
    one.run(
        'aiida-crystalgen', 'dataset', 'prototypes', 'Si', '--label', 'silicon', '--protocol',
        'fast', '--potential', 'stillinger-weber',
    )  # fmt: skip
    (tmp_path / 'search.yaml').write_text(SEARCH)
    yield one
    subprocess.run(
        [Path(sys.executable).with_name('verdi'), 'daemon', 'stop'],
        env=one.environment,
        capture_output=True,
        check=False,
    )


def test_ten_kills_change_nothing(instance):
    """The phases are those of an undisturbed campaign, no child ran twice, nothing is stuck."""
    undisturbed = instance.launch()
    assert instance.wait(undisturbed, 400), 'the undisturbed campaign hangs'
    expected = instance.digest(undisturbed)
    assert expected['exit'][0] == 0
    chance = random.Random(1)  # noqa: S311
    plan = ['worker'] * 4 + ['broker'] * 3 + ['all'] * 3
    chance.shuffle(plan)
    disturbed = [instance.launch()]
    for what in plan:
        if instance.wait(disturbed[-1], chance.uniform(1, 10)):
            disturbed.append(instance.launch())
            instance.wait(disturbed[-1], chance.uniform(1, 10))
        instance.kill(what, chance)
    for pk in disturbed:
        assert instance.wait(pk, 600), f'search {pk} is stuck'
        assert instance.digest(pk) == expected
    assert len(plan) == KILLS
