"""Archives and references from the command line."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from aiida import orm
from click.testing import CliRunner

from aiida_crystalgen import queries
from aiida_crystalgen.cli import crystalgen
from aiida_crystalgen.queries.searches import SEARCH


@pytest.fixture
def run(finished_search):
    """Return a function that runs the search command with arguments."""

    def invoke(*arguments):
        return CliRunner().invoke(crystalgen, ['search', *(str(one) for one in arguments)])

    return invoke


@pytest.fixture
def colleague(tmp_path):
    """Return a function that runs a command in an AiiDA instance of somebody else."""
    (tmp_path / 'colleague' / '.aiida').mkdir(parents=True)
    variables = {**os.environ, 'AIIDA_PATH': str(tmp_path / 'colleague')}

    def execute(command, *arguments):
        line = [str(Path(sys.executable).with_name(command)), *(str(one) for one in arguments)]
        done = subprocess.run(line, check=False, env=variables, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    execute('verdi', 'presto', '--use-zeromq')
    return execute


@pytest.mark.slow
def test_colleague_traces_an_imported_search(run, colleague, tmp_path):
    """In an empty profile the import gives the phases, their dataset and the way back."""
    path = tmp_path / 'search.aiida'
    assert run('archive', 'small', '-o', path).exit_code == 0
    colleague('verdi', 'archive', 'import', path)
    phases = queries.phases(generator='rdf_vae')
    listed = colleague('aiida-crystalgen', 'phases', 'list')
    assert [line.split()[0] for line in listed.splitlines()[1:]] == queries.phases().label
    tree = colleague('aiida-crystalgen', 'phases', 'trace', phases[0].label, '--all')
    words = ['relaxed', 'accepted', 'proposed', 'request', 'checkpoint', 'trained', 'silicon']
    assert [word for word in words if word not in tree] == []
    labels = [one.label for one in queries.lineage(phases[0].uuid).training_structures]
    assert all(label in tree for label in labels)


def test_archive_says_what_is_in_it(run, tmp_path):
    """The summary counts phases, names the dataset and says how to import."""
    output = run('archive', 'small', '-o', tmp_path / 'search.aiida').output
    assert f'{len(queries.phases())} phases' in output
    assert "dataset 'silicon'" in output
    assert 'verdi archive import search.aiida' in output


def test_unfinished_search_is_one_sentence(run, tmp_path):
    """A search that goes on is refused without a traceback."""
    node = orm.WorkChainNode(process_type=SEARCH)
    node.base.attributes.set('process_state', 'waiting')
    result = run('archive', node.store().pk, '-o', tmp_path / 'search.aiida')
    assert result.exit_code == 1
    assert 'has not ended' in result.output
    assert 'Traceback' not in result.output


def test_cite_lists_what_was_used(run):
    """The list has the generator, the potential and AiiDA with their DOIs, and no DFT."""
    output = run('cite', 'small').output
    for text in ('Lee', 'Stillinger', '10.1038/s41597-020-00638-4', '10.1103/PhysRevB.31.5262'):
        assert text in output
    assert 'Kresse' not in output
    assert all(line.startswith('- ') for line in output.splitlines())


def test_cite_writes_bibtex(run):
    """There is an entry for each line of the text."""
    entries = run('cite', 'small', '--format', 'bibtex').output
    assert entries.count('\n@') + 1 == len(run('cite', 'small').output.splitlines())
    assert '@article{stillinger1985,' in entries
