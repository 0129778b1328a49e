"""Recorded results of jobs become nodes, or the exit code that says why not."""

import io
import json

import numpy as np
import pytest
from aiida import orm
from aiida.common.links import LinkType
from aiida.plugins import CalculationFactory, ParserFactory

from aiida_crystalgen.data.convert import crystals_from_node, node_from_crystals
from aiida_crystalgen.remote import files
from aiida_crystalgen.science.checkpoint import Checkpoint, write_checkpoint


def training_state(done):
    """Return the bytes of the state of a training after so many of 20 steps."""
    summary = {'done': done, 'total': 20}
    return write_checkpoint(Checkpoint('rdf_vae', {'weight': np.ones(2)}, {}, summary))


CHECKPOINT = write_checkpoint(Checkpoint('rdf_vae', {'weight': np.ones((2, 3))}, {'epochs': 1}))


@pytest.fixture
def parse(aiida_profile_clean, aiida_localhost, tmp_path, silicon):
    """Return a factory that parses a job of a verb with these retrieved and result files."""

    def run(verb, retrieved, results, partial=None):
        process = CalculationFactory(f'crystalgen.{verb}')
        node = orm.CalcJobNode(computer=aiida_localhost, process_type=process.build_process_type())
        node.set_option('resources', {'num_machines': 1})
        structures = node_from_crystals(silicon(5.4, 5.5, 5.6)).store()
        node.base.links.add_incoming(structures, LinkType.INPUT_CALC, 'structures')
        request = orm.Dict({'candidates': 3}).store()
        node.base.links.add_incoming(request, LinkType.INPUT_CALC, 'request')
        if partial is not None:
            node.base.links.add_incoming(partial.store(), LinkType.INPUT_CALC, 'partial')
        node.store()
        folder = orm.FolderData()
        for name, content in retrieved.items():
            folder.base.repository.put_object_from_filelike(io.BytesIO(content.encode()), name)
        folder.base.links.add_incoming(node, LinkType.CREATE, 'retrieved')
        folder.store()
        for name, content in results.items():
            (tmp_path / name).write_bytes(content)
        parser = ParserFactory(f'crystalgen.{verb}')
        return parser.parse_from_node(
            node, store_provenance=False, retrieved_temporary_folder=str(tmp_path)
        )

    return run


@pytest.fixture
def archive(silicon):
    """Return a factory of the bytes of an archive of silicon crystals."""

    def build(*constants):
        buffer = io.BytesIO()
        files.write_crystals(silicon(*constants), buffer)
        return buffer.getvalue()

    return build


FINISHED = {files.RESULT: json.dumps({'refused': None})}


def test_checkpoint_of_a_training_becomes_a_node(parse):
    """The parsed checkpoint is the one that was written."""
    outputs, node = parse('train', FINISHED, {files.CHECKPOINT: CHECKPOINT})
    assert node.is_finished_ok
    assert outputs['checkpoint'].method == 'rdf_vae'
    assert outputs['checkpoint'].number_of_weights == 6


@pytest.mark.parametrize(('verb', 'name'), [('propose', 'proposals'), ('relax', 'relaxed')])
def test_crystals_of_a_job_become_a_node(parse, archive, verb, name):
    """The parsed structures are those that were written."""
    outputs, node = parse(verb, FINISHED, {f'{name}.npz': archive(5.4, 5.6)})
    assert node.is_finished_ok
    np.testing.assert_allclose(crystals_from_node(outputs[name]).volumes, [5.4**3, 5.6**3])


@pytest.mark.parametrize(('verb', 'what'), [('propose', 'candidates'), ('relax', 'structures')])
def test_structures_of_a_job_that_was_cut_short_are_kept(parse, archive, verb, what):
    """A job that was killed keeps its finished rows, and says how many."""
    outputs, node = parse(verb, {}, {files.PARTIAL: archive(5.4)})
    assert node.exit_status == 510
    assert f'after 1 of 3 {what}' in node.exit_message
    assert outputs['partial'].number == 1


def test_crystals_on_the_way_become_a_node(parse, archive):
    """They are there if the job has kept any, and only then."""
    frames = {files.TRAJECTORY: archive(5.4, 5.5, 5.6)}
    outputs, node = parse('relax', FINISHED, {files.RELAXED: archive(5.4), **frames})
    assert node.is_finished_ok
    assert outputs['trajectory'].number == 3


def test_crystals_on_the_way_survive_the_wall_time(parse, archive):
    """Those to crystals that were relaxed go on to the next job."""
    frames = {files.PARTIAL_TRAJECTORY: archive(5.4, 5.5)}
    outputs, node = parse('relax', {}, {files.PARTIAL: archive(5.4), **frames})
    assert node.exit_status == 510
    assert outputs['partial_trajectory'].number == 2


def test_state_of_a_training_that_was_cut_short_is_kept(parse):
    """It is no checkpoint, which would pass for a model, but a file with the same content."""
    state = training_state(7)
    outputs, node = parse('train', {}, {files.PARTIAL_TRAINING: state})
    assert node.exit_status == 510
    assert 'after 7 of 20 steps' in node.exit_message
    assert type(outputs['partial']) is orm.SinglefileData
    assert outputs['partial'].get_content(mode='rb') == state


@pytest.mark.parametrize('verb', ['train', 'propose', 'relax'])
def test_job_that_got_no_further_is_told(parse, archive, silicon, verb):
    """What the job began with is still in its folder when it ends; that is no progress."""
    if verb == 'train':
        results = {files.PARTIAL_TRAINING: training_state(7)}
        partial = orm.SinglefileData(io.BytesIO(training_state(7)))
    else:
        results = {files.PARTIAL: archive(5.4)}
        partial = node_from_crystals(silicon(5.4))
    outputs, node = parse(verb, {}, results, partial)
    assert node.exit_status == 511
    assert 'more time' in node.exit_message
    assert 'partial' not in outputs


@pytest.mark.parametrize('verb', ['train', 'propose', 'relax'])
def test_missing_result_names_the_last_error_line(parse, verb):
    """A crash is told by the last line of the error output."""
    _, node = parse(verb, {'_scheduler-stderr.txt': 'Traceback\nMemoryError\n\n'}, {})
    assert node.exit_status == 310
    assert node.exit_message.endswith('crashed: MemoryError.')


@pytest.mark.parametrize('verb', ['train', 'propose', 'relax'])
def test_refused_input_ends_with_its_reason(parse, verb):
    """What the science refused is the message of the exit code."""
    refused = {files.RESULT: json.dumps({'refused': 'one crystal is too few.'})}
    _, node = parse(verb, refused, {})
    assert node.exit_status == 410
    assert node.exit_message == 'The input cannot be worked on: one crystal is too few.'


@pytest.mark.parametrize(
    ('verb', 'name'),
    [('train', files.CHECKPOINT), ('propose', files.PROPOSALS), ('relax', files.RELAXED)],
)
def test_damaged_result_is_unreadable(parse, verb, name):
    """A file that was cut off gives an exit code, not a node."""
    _, node = parse(verb, FINISHED, {name: b'PK'})
    assert node.exit_status == 311
    assert name in node.exit_message


@pytest.mark.parametrize(
    ('verb', 'name'),
    [
        ('train', files.PARTIAL_TRAINING),
        ('propose', files.PARTIAL),
        ('relax', files.PARTIAL),
    ],
)
def test_damaged_partial_result_is_unreadable(parse, verb, name):
    """What cannot be gone on from is no node."""
    _, node = parse(verb, {}, {name: b'PK'})
    assert node.exit_status == 311
    assert name in node.exit_message


def test_damaged_result_file_is_unreadable(parse):
    """Half a JSON file gives an exit code."""
    _, node = parse('train', {files.RESULT: '{"refu'}, {})
    assert node.exit_status == 311


@pytest.mark.parametrize(
    ('verb', 'name'),
    [('train', files.CHECKPOINT), ('propose', files.PROPOSALS), ('relax', files.RELAXED)],
)
def test_missing_file_of_a_finished_job_is_named(parse, verb, name):
    """A job that says it finished but left no result is not believed."""
    _, node = parse(verb, FINISHED, {})
    assert node.exit_status == 310
    assert name in node.exit_message
