"""Searches from the command line."""

import sys
from dataclasses import replace

import numpy as np
import pytest
from aiida import orm
from click.testing import CliRunner

from aiida_crystalgen import queries
from aiida_crystalgen.cli import crystalgen, watch
from aiida_crystalgen.cli.space_groups import format_ranges
from aiida_crystalgen.data.convert import node_from_crystals
from aiida_crystalgen.data.groups import add_dataset
from aiida_crystalgen.queries.status import search_status

SEARCH_FILE = """\
composition: Si
references: {dataset: silicon}
protocol: fast
formula_units: [4]
candidates: 200
generators:
  - {method: random_symmetric}
distances: {Si-Si: 2.1}
screening:
  similar_to: [references]
  within: 0.3
relax:
  potential: stillinger-weber
seed: 7
"""


@pytest.fixture
def run(finished_search):
    """Return a function that runs the root command with arguments."""
    return lambda *arguments: CliRunner().invoke(crystalgen, [str(one) for one in arguments])


@pytest.fixture
def search_file(tmp_path):
    """Return a factory of search files, with some text in place of another."""

    def write(old='', new=''):
        assert old in SEARCH_FILE
        path = tmp_path / 'search.yaml'
        path.write_text(SEARCH_FILE.replace(old, new, 1) if old else SEARCH_FILE)
        return path

    return write


def test_check_submits_nothing(run, search_file):
    """A check says what would be done and leaves the database alone."""
    before = orm.QueryBuilder().append(orm.Node).count()
    result = run('search', 'check', search_file())
    assert result.exit_code == 0, result.output
    assert result.output.splitlines()[-1] == 'ok'
    assert '200 candidates' in result.output
    assert orm.QueryBuilder().append(orm.Node).count() == before


@pytest.mark.parametrize(
    ('composition', 'names'),
    [('[SiGe, SiGe3]', ['SiGe', 'SiGe3']), ('{system: [Si, Ge], atoms: 3}', ['SiGe2', 'Si2Ge'])],
)
def test_several_compositions_are_searched_together(run, tmp_path, composition, names):
    """A list, or all formula units of a chemical system; each is a generator of its own."""
    text = SEARCH_FILE.replace('composition: Si', f'composition: {composition}')
    path = tmp_path / 'system.yaml'
    path.write_text(text.replace('distances: {Si-Si: 2.1}\n', ''))
    result = run('search', 'check', path)
    assert result.exit_code == 0, result.output
    for name in names:
        assert f'random_symmetric_{name},' in result.output


@pytest.mark.parametrize(
    ('old', 'new', 'line', 'message'),
    [
        ('composition', 'compositon', 1, "unknown key 'compositon'. Did you mean 'composition'?"),
        ('within: 0.3', 'within: 1.3', 11, "'screening.within' is 1.3"),
        ('within', 'wthin', 11, "unknown key 'screening.wthin'. Did you mean 'within'?"),
        ('composition: Si', 'composition: NO', 1, "'composition' is False"),
        ('composition: Si', 'composition: Sj', 1, "'composition' is 'Sj'"),
        ('Si\n', '{system: [Si], atoms: 0}\n', 1, "'composition.atoms' is 0"),
        ('seed: 7', 'budget: {rounds: 0}', 14, "'budget.rounds' is 0"),
        ('seed: 7', 'budget: {round: 3}', 14, "unknown key 'budget.round'. Did you mean 'rounds'?"),
        ('seed: 7', 'growth: {window: -1}', 14, "'growth.window' is -1"),
        ('seed: 7', 'stability: {phonons: perhaps}', 14, "'stability.phonons' is 'perhaps'"),
        ('seed: 7', 'options: {walltime: 60}', 14, "unknown key 'options.walltime'"),
        ('dataset: silicon', 'dataset: silcon', 2, "no dataset 'silcon'"),
        ('{dataset: silicon}', '{prototypes: true}', 2, 'dataset prototypes'),
        ('protocol: fast', 'protocol: fats', 3, "unknown protocol 'fats'"),
        ('[4]', '[0]', 4, 'formula_units'),
        ('candidates: 200', 'candidates: -2', 5, "'candidates' is -2"),
        ('random_symmetric', 'random_symetric', 7, "Did you mean 'random_symmetric'?"),
        ('{method: random_symmetric}', 'rdf_vae', 7, 'as in {method: rdf_vae}'),
        ('Si-Si: 2.1', 'Si-Si: -2.1', 8, 'must be positive'),
        ('Si-Si: 2.1', 'Si-Ge: 2.1', 8, 'Si-Ge'),
        ('formula_units: [4]', 'space_groups: [231]', 4, "'space_groups"),
        ('[4]', '[1]\nspace_groups: [228]', 5, 'hold 1 formula units of Si'),
        ('stillinger-weber', 'mace-mp-0', 13, 'would have to be downloaded'),
        ('stillinger-weber', 'stilinger', 13, "'relax.potential' is 'stilinger'"),
        ('seed: 7', 'verify: {engine: vap}', 14, "'verify.engine' is 'vap'"),
        ('seed: 7', 'verify: {engine: vasp}', 14, "'verify.code' is missing"),
        ('seed: 7', 'verify: {engine: vasp, code: no@where}', 14, "no code 'no@where'"),
        ('seed: 7', 'verify: {engine: quantumespresso, code: pw@where}', 14, "no code 'pw@where'"),
        ('seed: 7', 'verify: {engine: potential}\nstability: {bands: 1}', 15, "'stability.bands'"),
        ('seed: 7', 'seed: 7\nseed: 8', 15, "'seed' is given twice"),
        ('seed: 7', 'seed: -7', 14, "'seed' is -7"),
        ('seed: 7', 'seed: [7', 15, 'this is no YAML'),
    ],
)
def test_mistake_is_told_with_its_line(run, search_file, old, new, line, message):
    """Every mistake in a search file is one sentence with the number of its line."""
    path = search_file(old, new)
    result = run('search', 'check', path)
    assert result.exit_code == 1
    assert message in result.output
    assert f'{path}, line {line}: ' in result.output or f' and {line}' in result.output
    assert len(result.output.strip().splitlines()) == 1


def test_empty_dataset_is_refused(run, search_file, silicon):
    """References without a crystal are told before anything is submitted."""
    nothing = silicon(5.4).select(np.zeros(0, dtype=int))
    add_dataset(node_from_crystals(nothing), 'hollow')
    result = run('search', 'check', search_file('dataset: silicon', 'dataset: hollow'))
    assert result.exit_code == 1
    assert 'is empty' in result.output
    assert 'line 2' in result.output


@pytest.mark.parametrize(
    ('code', 'message'),
    [('nowhere@localhost', 'aiida-crystalgen setup'), ('vasp', 'is for vasp.vasp')],
)
def test_unusable_code_is_refused(run, search_file, aiida_localhost, code, message):
    """A code that does not exist, or is another program's, is told with what mends it."""
    if not orm.QueryBuilder().append(orm.InstalledCode, filters={'label': 'vasp'}).count():
        orm.InstalledCode(
            label='vasp',
            computer=aiida_localhost,
            filepath_executable='/bin/true',
            default_calc_job_plugin='vasp.vasp',
        ).store()
    result = run('search', 'check', search_file('seed: 7', f'code: {code}'))
    assert result.exit_code == 1
    assert 'line 14' in result.output
    assert message in result.output


def test_options_stand_in_place_of_the_file(run, search_file):
    """An option wins over the same key in the file, and is enough without a file."""
    result = run('search', 'check', search_file(), '--references', 'nothing')
    assert "no dataset 'nothing'" in result.output
    options = ('--composition', 'Si', '--references', 'silicon', '--protocol', 'fast')
    result = run('search', 'check', *options, '--seed', 3)
    assert result.exit_code == 0, result.output


def test_nothing_to_search_for_is_a_usage_error(run):
    """Without a file a composition is needed."""
    assert run('search', 'check').exit_code == 2
    result = run('search', 'check', '--composition', 'Si')
    assert "'references' is missing" in result.output


def test_launch_needs_the_daemon(run, search_file):
    """Without a daemon nothing is submitted, and the sentence says how to start it."""
    before = orm.QueryBuilder().append(orm.Node).count()
    result = run('search', 'launch', search_file())
    assert result.exit_code == 1
    assert 'verdi daemon start' in result.output
    assert orm.QueryBuilder().append(orm.Node).count() == before


def test_list_shows_the_search(run, finished_search):
    """The list has the search with its label and its end."""
    output = run('search', 'list').output
    assert f'{finished_search.pk}' in output
    assert 'small' in output
    assert 'finished after' in output


def test_status_tells_stage_yield_and_best(run, finished_search):
    """The status is plain text with a line for each subject."""
    output = run('search', 'status', finished_search.pk).output
    subjects = [line.split()[0] for line in output.splitlines() if not line.startswith(' ')]
    assert subjects == ['search', 'children', 'yield', 'best']
    assert f'{queries.phases()[0].space_group_symbol} (' in output
    assert '0 failed' in output


def test_status_of_nothing_is_refused(run):
    """A search that does not exist is one sentence."""
    result = run('search', 'status', 'nowhere')
    assert result.exit_code == 1
    assert result.output.startswith("there is no search 'nowhere'")


def test_watch_ends_with_table_and_report(run, finished_search, tmp_path, monkeypatch):
    """Watching a search to its end prints its phases and writes its page."""
    result = run('search', 'watch', finished_search.pk)
    assert result.exit_code == 0, result.output
    assert 'E − E(lowest)' in result.output
    assert '\x1b' not in result.output
    path = result.output.split('Report:')[1].split()[0]
    assert path.endswith(f'reports/search-{finished_search.pk}.html')


def test_log_has_a_line_for_each_change(finished_search, monkeypatch, capsys):
    """In a log the same status is not repeated."""
    ended = search_status(finished_search.pk)
    search = replace(ended.search, state='waiting', exit_status=None)
    states = [replace(ended, search=search, stage=stage) for stage in ('a', 'a', 'b')]
    following = iter([*states, ended])
    monkeypatch.setattr(watch, 'search_status', lambda pk: next(following))
    monkeypatch.setattr(watch, 'is_daemon_running', lambda: True)
    assert watch.watch_search(finished_search.pk, seconds=0) is ended
    assert len(capsys.readouterr().out.splitlines()) == 3


def test_terminal_is_drawn_in_place(finished_search, monkeypatch, capsys):
    """On a terminal a new status takes the place of the last one."""
    ended = search_status(finished_search.pk)
    search = replace(ended.search, state='waiting', exit_status=None)
    following = iter([replace(ended, search=search), ended])
    monkeypatch.setattr(watch, 'search_status', lambda pk: next(following))
    monkeypatch.setattr(watch, 'is_daemon_running', lambda: False)
    monkeypatch.setattr(sys.stdout, 'isatty', lambda: True)
    watch.watch_search(finished_search.pk, seconds=0)
    first, second = capsys.readouterr().out.split('\x1b[J')
    height = int(first.splitlines()[-1].removeprefix('\x1b[').removesuffix('F'))
    assert height == len(first.splitlines()) - 1
    assert 'verdi daemon start' in first
    assert 'finished after' in second


def test_report_is_written_where_it_is_wanted(run, finished_search, tmp_path):
    """The page lies in the file that was named."""
    path = tmp_path / 'pages' / 'silicon.html'
    result = run('search', 'report', 'small', '-o', path)
    assert result.exit_code == 0, result.output
    assert 'Search for Si' in path.read_text()


@pytest.mark.parametrize('cell', ['conventional', 'primitive'])
def test_groups_share_out_all_230(run, cell):
    """Every space group is possible or impossible."""
    lines = run('search', 'groups', 'Si8', '--cell', cell).output.splitlines()
    numbers = [int(line.split()[1]) for line in lines[1:]]
    assert sum(numbers) == 230


def test_groups_refuse_what_is_no_formula(run):
    """A formula that is none is one sentence."""
    result = run('search', 'groups', 'Foo')
    assert result.exit_code == 1
    assert 'not a chemical formula' in result.output


@pytest.mark.parametrize(
    ('numbers', 'text'), [([], ''), ([5], '5'), ([1, 2, 3], '1-3'), ([1, 3, 4, 9], '1, 3-4, 9')]
)
def test_neighbours_are_drawn_together(numbers, text):
    """Ranges of numbers are written short."""
    assert format_ranges(numbers) == text
