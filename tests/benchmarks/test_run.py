"""The runner of claims."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
KEYS = ['id', 'ours', 'peer', 'ratio', 'goal', 'holds', 'unit', 'note']


@pytest.fixture
def run(monkeypatch):
    """Return the module of the runner."""
    monkeypatch.syspath_prepend(str(ROOT))
    from benchmarks import run

    return run


@pytest.fixture
def stub(run):
    """Return a claim that measures nothing but states two comparisons."""
    from benchmarks.claims import Claim, Measurement

    measurements = [
        Measurement.of_rates(100, 0.5, 2.0, goal=3, note='a peer'),
        Measurement.of_rates(100, 0.5, None, goal=3, note='missing peer'),
    ]
    return Claim('stub', 'a stub', '≥ 3', 'crystals/s', lambda context: measurements)


def script(*arguments):
    """Run the script as a user does."""
    command = [sys.executable, 'benchmarks/run.py', *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_list_names_every_claim(run):
    """Listing names all claims without measuring any."""
    result = script('--list')
    assert result.returncode == 0
    assert [line.split()[0] for line in result.stdout.splitlines()] == list(run.MODULES)


def test_every_claim_can_be_loaded(run):
    """Each id is a claim of its module, and all modules load without heavy packages."""
    assert [run.load_claim(name).id for name in run.MODULES] == list(run.MODULES)
    names = ', '.join(sorted(set(run.MODULES.values())))
    code = f'import sys, {names}; print(sorted({{"numpy", "torch", "aiida"}} & set(sys.modules)))'
    command = [sys.executable, '-c', code]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert result.stdout.strip() == '[]'


def test_unknown_claim_is_refused():
    """An unknown claim is named, with those there are, and nothing is measured."""
    result = script('rdf', 'speed')
    assert result.returncode == 2
    assert "unknown claim 'speed'; there are random-si8" in result.stderr
    assert result.stdout == ''


def test_records_have_exactly_the_agreed_keys(run, stub):
    """Every measurement becomes an object with the same keys, in one order."""
    from benchmarks.claims import Context

    records = run.run_claim(stub, Context())
    assert [list(record) for record in records] == [KEYS, KEYS]


def test_ratio_is_that_of_the_rates(run, stub):
    """A peer that takes four times as long gives a ratio of four."""
    from benchmarks.claims import Context

    record = run.run_claim(stub, Context())[0]
    assert (record['ours'], record['peer'], record['ratio'], record['holds']) == (200, 50, 4, True)


def test_missing_peer_decides_nothing(run, stub):
    """Without its peer a claim neither holds nor fails."""
    from benchmarks.claims import Context

    record = run.run_claim(stub, Context())[1]
    assert (record['peer'], record['ratio'], record['holds']) == (None, None, None)


def test_json_file_holds_the_records(run, stub, monkeypatch, tmp_path):
    """The file is a list of objects, and a claim that cannot be loaded does not stop the others."""
    monkeypatch.setattr(run, 'MODULES', {'absent': 'benchmarks.absent', 'stub': 'benchmarks.stub'})
    monkeypatch.setattr(run, 'calibrate', lambda: 'none')
    monkeypatch.setattr(run, 'pin_threads', lambda: None)
    load = run.load_claim
    monkeypatch.setattr(run, 'load_claim', lambda name: stub if name == 'stub' else load(name))
    assert run.main(['absent', 'stub', '--json', str(tmp_path / 'claims.json')]) == 0
    records = json.loads((tmp_path / 'claims.json').read_text())
    assert [record['id'] for record in records] == ['absent', 'stub', 'stub']
    assert 'cannot be loaded' in records[0]['note']


def test_peers_come_from_the_peer_path(run, monkeypatch, tmp_path):
    """A peer is found in the folder given, and a missing one is no error."""
    from benchmarks.claims import Context

    monkeypatch.setattr(sys, 'path', list(sys.path))
    (tmp_path / 'some_peer.py').write_text('speed = 3\n')
    assert Context(peer_path=tmp_path).peer('some_peer').speed == 3
    assert Context(peer_path=tmp_path).peer('another_peer') is None


def test_tasks_take_turns():
    """Tasks alternate after an untimed first turn, and a missing one has no time."""
    from benchmarks.claims import Context

    turns = []
    times = Context().alternate(lambda: turns.append('a'), None, lambda: turns.append('b'))
    assert ''.join(turns) == 'ab' * 6
    assert times[1] is None
