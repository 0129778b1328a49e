"""The script of the first five minutes, its commands replaced by ones that write down calls."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]
COPIED = ('setup_profiles', 'examples', 'constraints.txt', 'pyproject.toml')
STAND_INS = {
    'python': f'exec "{sys.executable}" "$@"',
    'verdi': """echo "verdi $*" >>calls
        case "$*" in
        *'profile show'*) test -e has-profile ;;
        *presto*) touch has-profile ;;
        *'process list'*) cat state 2>/dev/null || true ;;
        esac""",
    'aiida-crystalgen': """echo "$*" >>calls
        case "$*" in
        *'dataset show'*) test -e has-dataset ;;
        *'dataset prototypes'*) touch has-dataset; echo "Dataset 'a': 41 distinct crystals." ;;
        *'search launch'*) echo 'Submitted SearchWorkChain<42>.' ;;
        *'search watch'*) test ! -e fails ;;
        esac""",
}


def copy_checkout(folder):
    """Return the folder with what the script reads copied into it."""
    folder.mkdir()
    for name in COPIED:
        copy = shutil.copytree if (CHECKOUT / name).is_dir() else shutil.copy
        copy(CHECKOUT / name, folder / name)
    return folder


def quickstart(checkout, **environment):
    """Return the finished run of the script in a checkout."""
    return subprocess.run(
        ['/bin/bash', checkout / 'setup_profiles' / 'quickstart.sh'],
        capture_output=True,
        check=False,
        text=True,
        env={**os.environ, **environment},
    )


@pytest.fixture
def checkout(tmp_path):
    """Return a checkout whose environment is installed, with stand-ins for its commands."""
    folder = copy_checkout(tmp_path / 'checkout')
    binaries = folder / '.venv' / 'bin'
    binaries.mkdir(parents=True)
    (binaries / 'activate').touch()
    for name, text in STAND_INS.items():
        (binaries / name).write_text(f'#!/bin/bash\n{text}\n')
        (binaries / name).chmod(0o755)
    script = '. setup_profiles/environment.sh; stamp .venv -e . >.venv/installed'
    subprocess.run(['/bin/bash', '-c', script], cwd=folder, check=True)
    return folder


def calls_of(checkout):
    """Return what the script called, and forget it."""
    text = (checkout / 'calls').read_text()
    (checkout / 'calls').unlink()
    return text


def test_first_run_makes_everything(checkout):
    """In a new checkout profile, code, data set and search are made, the search is watched."""
    result = quickstart(checkout)
    calls = calls_of(checkout)
    assert result.returncode == 0, result.stderr
    assert '41 distinct crystals of Si' in result.stdout
    for made in ('verdi presto --use-zeromq', 'setup --workers 2', 'dataset prototypes Si'):
        assert made in calls
    assert calls.index('search launch examples/silicon.yaml') < calls.index('search watch 42')


@pytest.mark.parametrize(
    ('state', 'said', 'launches'),
    [
        ('42  Finished  0', 'finished before', 0),
        ('42  Waiting', 'under way', 0),
        ('42  Finished  310', 'ended before (Finished 310)', 1),
        ('', 'launched', 1),
    ],
)
def test_next_run_says_what_is_there(checkout, state, said, launches):
    """A search that is there is shown or followed; one that failed or was deleted is repeated."""
    quickstart(checkout)
    calls_of(checkout)
    (checkout / 'state').write_text(f'{state}\n')
    result = quickstart(checkout)
    calls = calls_of(checkout)
    assert said in result.stdout
    assert calls.count('search launch') == launches
    assert 'presto' not in calls
    assert 'dataset prototypes' not in calls


def test_failed_search_fails_the_script(checkout):
    """If the search fails, so does the script, with the command that says why."""
    (checkout / 'fails').touch()
    result = quickstart(checkout)
    assert result.returncode == 1
    assert 'verdi process report 42' in result.stderr


def test_activation_selects_the_instance_of_the_checkout(checkout):
    """Activating the environment sets the AiiDA instance, however often the script ran."""
    quickstart(checkout)
    quickstart(checkout)
    activate = (checkout / '.venv' / 'bin' / 'activate').read_text()
    assert activate.count(f'export AIIDA_PATH="{checkout}"') == 1


def test_instance_of_another_folder_is_refused(checkout):
    """An instance that was moved with its checkout would point to data that are not there."""
    (checkout / '.aiida').mkdir()
    (checkout / '.aiida' / 'config.json').write_text('{"filepath": "/elsewhere/.aiida/x"}')
    result = quickstart(checkout)
    assert result.returncode == 1
    assert 'made in another folder' in result.stderr


def test_path_that_aiida_cannot_use_is_refused(tmp_path):
    """A space in the path is refused at once, in a sentence."""
    result = quickstart(copy_checkout(tmp_path / 'two words'))
    assert result.returncode == 1
    assert 'Move the checkout' in result.stderr


def test_unfit_python_is_refused(tmp_path):
    """Without a Python that fits nothing is installed, and the message says what to do."""
    result = quickstart(copy_checkout(tmp_path / 'checkout'), PYTHON='/nowhere/python3')
    assert result.returncode == 1
    assert '/nowhere/python3 is not there' in result.stderr
