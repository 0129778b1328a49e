"""Models from the command line."""

import pickle

import pytest
from aiida import orm
from click.testing import CliRunner

from aiida_crystalgen import queries
from aiida_crystalgen.cli import crystalgen
from aiida_crystalgen.data.checkpoint import CheckpointData


@pytest.fixture
def run(finished_search):
    """Return a function that runs the model command with arguments."""

    def invoke(*arguments):
        return CliRunner().invoke(crystalgen, ['model', *(str(one) for one in arguments)])

    return invoke


@pytest.fixture
def checkpoint(finished_search):
    """Return the model of the small search."""
    return finished_search.outputs.checkpoints.rdf_vae


def test_list_shows_the_model(run, checkpoint):
    """The list has the model with its method and its training set."""
    line = run('list').output.splitlines()[-1]
    assert line.split()[0] == str(checkpoint.pk)
    assert 'rdf_vae' in line
    assert checkpoint.sha256[:8] in line


def test_show_has_settings_and_summary(run, checkpoint):
    """Every setting of the training is shown with its value."""
    output = run('show', checkpoint.pk).output
    assert checkpoint.sha256 in output
    assert all(f'settings.{name}' in output for name in checkpoint.settings)


def test_export_and_import_give_the_same_model(run, checkpoint, tmp_path):
    """A model that comes back is recognised by its content."""
    path = tmp_path / 'model.safetensors'
    assert run('export', checkpoint.pk, '-o', path).exit_code == 0
    assert path.read_bytes() == checkpoint.get_content(mode='rb')
    result = run('import', path)
    assert f'Model {checkpoint.pk} is the same' in result.output


def test_pickle_is_refused(run, tmp_path):
    """A pickle is never opened; the sentence says what to import instead."""
    path = tmp_path / 'weights.pt'
    path.write_bytes(pickle.dumps({'weights': [1.0]}))
    before = orm.QueryBuilder().append(CheckpointData).count()
    result = run('import', path)
    assert result.exit_code == 1
    assert 'weights.pt is a Python pickle' in result.output
    assert orm.QueryBuilder().append(CheckpointData).count() == before


def test_truncated_file_is_refused(run, checkpoint, tmp_path):
    """A file that was cut off is told with the sizes."""
    path = tmp_path / 'model.safetensors'
    path.write_bytes(checkpoint.get_content(mode='rb')[:-100])
    result = run('import', path)
    assert result.exit_code == 1
    assert 'truncated' in result.output


def test_training_makes_a_labelled_model(run):
    """Training without a code runs here, and the model can be named by its label."""
    options = ('--dataset', 'silicon', '--method', 'rdf_vae', '--protocol', 'fast')
    result = run('train', *options, '--label', 'mine', '--set', 'epochs=3')
    assert result.exit_code == 0, result.output
    model = queries.models()[0]
    assert model.label == 'mine'
    assert orm.load_node(model.pk).settings['epochs'] == 3
    options = ('proposals', 'make', 'Si', '--method', 'rdf_vae', '--model', 'mine')
    made = CliRunner().invoke(crystalgen, [*options, '--formula-units', '4', '--candidates', '2'])
    assert made.exit_code == 0, made.output
    assert model.number_of_crystals > 0


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (('--dataset', 'nothing', '--method', 'rdf_vae'), "no dataset 'nothing'"),
        (('--dataset', 'silicon', '--method', 'rdf_vea'), 'rdf_vea'),
        (('--dataset', 'silicon', '--method', 'rdf_vae', '--protocol', 'x'), "protocol 'x'"),
        (('--dataset', 'silicon', '--method', 'rdf_vae', '--code', 'x'), "no code 'x'"),
        (('--dataset', 'silicon', '--method', 'rdf_vae', '--set', 'epoch=3'), "'epochs'"),
    ],
)
def test_impossible_training_is_one_sentence(run, options, message):
    """What cannot be trained is told before anything starts."""
    result = run('train', *options)
    assert result.exit_code == 1
    assert message in result.output


def test_unknown_model_is_one_sentence(run):
    """The sentence names the command that lists the models."""
    result = run('show', 'nothing')
    assert result.exit_code == 1
    assert 'model list' in result.output
