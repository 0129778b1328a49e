"""Phases from the command line."""

import json

import pytest
import yaml
from ase.io import read
from click.testing import CliRunner
from pymatgen.core import Structure

from aiida_crystalgen import queries
from aiida_crystalgen.cli import crystalgen


@pytest.fixture
def run(finished_search):
    """Return a function that runs the phases command with arguments."""

    def invoke(*arguments):
        return CliRunner().invoke(crystalgen, ['phases', *(str(one) for one in arguments)])

    return invoke


def test_list_has_a_line_for_each_phase(run):
    """The table has the phases below their headings."""
    lines = run('list').output.splitlines()
    assert [line.split()[0] for line in lines] == ['phase', *queries.phases().label]
    for line, phase in zip(lines[1:], queries.phases(), strict=True):
        assert f'{phase.space_group_symbol} ({phase.space_group})' in line
        assert ('(rediscovered)' in line) != phase.is_new


def test_list_is_filtered_and_sorted(run):
    """Filters and order reach the table."""
    number = queries.phases()[0].space_group
    lines = run('list', '--space-group', number).output.splitlines()
    assert [line.split()[0] for line in lines[1:]] == queries.phases(space_group=number).label
    rows = sorted(queries.phases(), key=lambda row: row.reference_distance)
    lines = run('list', '--sort', 'distance').output.splitlines()
    assert [line.split()[0] for line in lines[1:]] == [row.label for row in rows]


@pytest.mark.parametrize(
    ('options', 'conditions'),
    [
        (('--chemical-system', 'Si'), {'chemical_system': 'Si'}),
        (('--composition', 'Si2'), {'composition': 'Si'}),
        (('--engine', 'stillinger-weber'), {'engine': 'stillinger-weber'}),
        (('--real',), {'emulated': False}),
        (('--known',), {'new': False}),
        (('--since', '2020-01-31', '--hull-below', '0.3'), {'hull_below': 0.3}),
    ],
)
def test_options_are_the_conditions_of_the_query(run, options, conditions):
    """An option gives the phases that the condition of its name gives in Python."""
    lines = run('list', *options).output.splitlines()
    assert [line.split()[0] for line in lines[1:]] == queries.phases(**conditions).label


def test_long_list_says_what_it_leaves_out(run):
    """What is beyond the limit is counted."""
    number = len(queries.phases())
    *lines, last = run('list', '--limit', 2).output.splitlines()
    assert [line.split()[0] for line in lines] == ['phase', 'P1', 'P2']
    assert last == f'{number - 2} more are not shown; see --limit.'


def test_empty_list_says_where_to_look(run):
    """A filter that nothing passes gives a sentence, not an empty table."""
    output = run('list', '--elements', 'Sn,Se').output
    assert 'search list' in output


def test_show_has_all_numbers_of_a_phase(run):
    """Energy, symmetry and the nodes of a phase are shown."""
    phase = queries.phases()[0]
    output = run('show', 'P1').output
    for text in (f'{phase.energy:.4f}', phase.formula, phase.uuid, phase.structure_uuid):
        assert text in output


def test_trace_reaches_the_training_set(run):
    """The tree goes from the phase to the crystals that its model learnt from."""
    phase = queries.phases(generator='rdf_vae')[0]
    lines = run('trace', phase.label).output.splitlines()
    words = ['relaxed', 'accepted', 'proposed', 'request', 'checkpoint', 'trained', 'dataset']
    depths = [next(row for row, line in enumerate(lines) if word in line) for word in words]
    assert depths == sorted(depths)
    assert f'row {phase.proposal_row} of' in lines[3]


def test_trace_names_every_training_structure(run):
    """With ``--all`` each crystal of the training set has a line."""
    phase = queries.phases(generator='rdf_vae')[0]
    output = run('trace', phase.label, '--all').output
    labels = [one.label for one in queries.lineage(phase.uuid).training_structures]
    assert all(label in output for label in labels)


def test_unknown_phase_is_one_sentence(run):
    """The sentence says which phases there are."""
    result = run('trace', 'P99')
    assert result.exit_code == 1
    assert 'it found P1 to' in result.output


def test_export_to_one_file_keeps_what_is_known(run, tmp_path):
    """The frames come back with energies of the cells and the UUIDs of their records."""
    path = tmp_path / 'phases.extxyz'
    assert run('export', '-o', path).exit_code == 0
    frames = read(path, index=':')
    rows = queries.phases()
    assert [frame.info['record'] for frame in frames] == rows.uuid
    energies = [frame.get_potential_energy() / len(frame) for frame in frames]
    assert energies == pytest.approx(rows.energy)


def test_export_to_a_folder_gives_readable_cifs(run, tmp_path):
    """Each CIF holds the crystal, its energy and where it comes from."""
    result = run('export', 'P1', '-o', tmp_path / 'cifs')
    assert result.exit_code == 0, result.output
    (path,) = (tmp_path / 'cifs').iterdir()
    phase = queries.phases()[0]
    assert len(Structure.from_file(path)) == phase.number_of_atoms
    text = path.read_text()
    for fact in (phase.uuid, phase.search_uuid, str(phase.energy)[:8], 'stillinger-weber'):
        assert fact in text


FACTS = ('energy', 'space_group', 'engine', 'record', 'search', 'emulated')


@pytest.mark.parametrize(
    ('form', 'name'), [('cif', 'd'), ('poscar', 'd'), ('csv', 'p.csv'), ('json', 'p.json')]
)
def test_every_format_says_what_a_phase_is(run, tmp_path, form, name):
    """Energy, symmetry, engine and identifiers of each phase are in the text of its file."""
    output = tmp_path / name
    assert run('export', '--format', form, '-o', output).exit_code == 0
    files = sorted(output.iterdir()) if output.is_dir() else [output]
    text = '\n'.join(file.read_text() for file in files)
    assert [fact for fact in FACTS if fact not in text] == []
    for phase in queries.phases():
        assert phase.uuid in text
        assert phase.space_group_symbol in text
        assert str(phase.energy)[:9] in text


def test_optimade_export_is_a_database_of_all_phases(run, tmp_path):
    """The folder describes itself and names its entries by the records."""
    assert run('export', '--format', 'optimade', '-o', tmp_path / 'db').exit_code == 0
    configuration = yaml.safe_load((tmp_path / 'db' / 'optimade.yaml').read_text())
    assert queries.phases()[0].search_uuid in configuration['database_description']
    properties = json.loads((tmp_path / 'db' / 'properties.json').read_text())
    assert sorted(properties) == sorted(queries.phases().uuid)


@pytest.mark.parametrize(('form', 'name'), [('csv', 'p.json'), ('json', 'folder')])
def test_export_refuses_an_output_of_another_format(run, tmp_path, form, name):
    """The sentence says what the format needs."""
    result = run('export', '--format', form, '-o', tmp_path / name)
    assert result.exit_code == 1
    assert f'as {form} needs it' in result.output
    assert not list(tmp_path.iterdir())


def test_export_refuses_other_formats(run, tmp_path):
    """A file of another type is refused before anything is written."""
    result = run('export', '-o', tmp_path / 'phases.docx')
    assert result.exit_code == 1
    assert not list(tmp_path.iterdir())
