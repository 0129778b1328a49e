"""Proposals from the command line."""

import pytest
from ase.io import read
from click.testing import CliRunner

from aiida_crystalgen import queries
from aiida_crystalgen.cli import crystalgen


@pytest.fixture
def run(finished_search):
    """Return a function that runs the proposals command with arguments."""

    def invoke(*arguments):
        return CliRunner().invoke(crystalgen, ['proposals', *(str(one) for one in arguments)])

    return invoke


def test_list_shows_the_proposals_of_searches(run, finished_search):
    """Each generator of the search has its line."""
    lines = run('list').output.splitlines()[1:]
    proposals = finished_search.outputs.rounds.round_1.proposals
    assert {int(line.split()[0]) for line in lines} == {one.pk for one in proposals.values()}


def test_make_ranks_a_system(run):
    """The model that comes with the method ranks at once, the most likely first."""
    result = run('make', 'Cu-Au', '--method', 'site_network', '--candidates', 6, '--rows', 4)
    assert result.exit_code == 0, result.output
    assert 'ln likelihood' in result.output
    assert '… and 2 more' in result.output
    newest = queries.proposals()[0]
    assert (newest.composition, newest.method, newest.number) == ('Cu-Au', 'site_network', 6)
    assert queries.models()[0].pk == newest.model


def test_make_takes_a_formula_without_a_model(run):
    """Random crystals need none, and have the space group that is asked for."""
    options = ('--method', 'random_symmetric', '--candidates', 3, '--formula-units', 8)
    result = run('make', 'Si', *options, '--space-group', 227)
    assert result.exit_code == 0, result.output
    assert queries.proposals()[0].model is None
    assert '227' in result.output


def test_make_takes_numbers_of_sites(run):
    """Settings of the method reach it: one site of each element."""
    sites = ('--set', 'templates.sites={Cu: 1, Si: 1}', '--set', 'sampling.levels=2')
    options = ('--method', 'score_langevin', '--candidates', 3)
    result = run('make', 'Cu-Si', *options, '--space-group', 225, *sites)
    assert result.exit_code == 0, result.output
    rows = [line.split() for line in result.output.splitlines()]
    found = [words[5:7] for words in rows if words[:1] and words[0].isdigit()]
    assert len(found) == 3
    assert all(len(one) == 2 for one in found)


def test_show_has_the_facts_and_the_rows(run, finished_search):
    """A set is shown with what was asked and who proposed it."""
    node = finished_search.outputs.rounds.round_1.proposals.random_symmetric
    output = run('show', node.pk, '--rows', 2).output
    assert node.uuid in output
    assert 'random_symmetric' in output
    assert f'… and {node.number - 2} more' in output


def test_export_writes_every_row(run, finished_search, tmp_path):
    """A file has all crystals of the set."""
    node = finished_search.outputs.rounds.round_1.proposals.random_symmetric
    path = tmp_path / 'proposals.extxyz'
    assert run('export', node.pk, '-o', path).exit_code == 0
    assert len(read(path, index=':')) == node.number


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        (('show', '99999'), "there are no proposals '99999'"),
        (('make', 'Cu-Au', '--method', 'random_symmetric'), 'needs formula units'),
        (('make', 'Cu-Xx', '--method', 'site_network'), 'not a chemical system'),
        (('make', 'SnSe', '--method', 'rdf_vae'), 'proposes from a model'),
        (('make', 'SnSe', '--method', 'nothing'), "unknown generator 'nothing'"),
        (('make', 'Cu-Si', '--method', 'score_langevin', '--set', 'level=2'), 'proposing.level'),
    ],
)
def test_mistakes_are_sentences(run, arguments, message):
    """What was wrong is told in a line."""
    result = run(*arguments)
    assert result.exit_code == 1
    assert message in result.output


def test_report_is_a_page(run, tmp_path):
    """A ranking becomes one page."""
    result = run('make', 'Cu-Au', '--method', 'site_network', '--candidates', 5)
    assert result.exit_code == 0, result.output
    newest, page = queries.proposals()[0].pk, tmp_path / 'ranking.html'
    assert run('report', newest, '-o', page).exit_code == 0
    assert 'Proposals for Cu-Au' in page.read_text()
