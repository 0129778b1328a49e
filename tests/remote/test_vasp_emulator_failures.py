"""The failures that the emulator plays, as aiida-vasp's parser sees them."""

import pytest
from aiida import orm
from aiida.common.links import LinkType
from aiida.plugins import ParserFactory
from aiida_vasp.parsers.vasp import MissingFileError
from pymatgen.core import Structure

RELAXATION = {'NSW': 30, 'IBRION': 2, 'ISIF': 3, 'EDIFFG': -0.001}


@pytest.fixture
def parse(aiida_profile_clean, aiida_localhost):
    """Return a function that gives exit status and outputs of aiida-vasp's parser on a folder."""

    def function(folder):
        plugin = 'aiida.calculations:vasp.vasp'
        node = orm.CalcJobNode(computer=aiida_localhost, process_type=plugin)
        parameters = orm.Dict({'nsw': 30, 'ibrion': 2}).store()
        node.base.links.add_incoming(parameters, LinkType.INPUT_CALC, 'parameters')
        node.store()
        retrieved = orm.FolderData(tree=folder)
        retrieved.base.links.add_incoming(node, LinkType.CREATE, 'retrieved')
        retrieved.store()
        parser = ParserFactory('vasp.vasp')(node)
        code = parser.parse()
        return code.status if code else 0, parser.outputs

    return function


@pytest.mark.parametrize(
    ('fail', 'expected'),
    [('', 0), ('wall-time', 700), ('electronic', 701), ('ionic', 702), ('crash', 352)],
)
def test_each_failure_has_the_exit_code_of_aiida_vasp(run_emulator, parse, fail, expected):
    """A failure that is played is the failure that aiida-vasp finds."""
    _, folder = run_emulator(fail, **RELAXATION)
    assert parse(folder)[0] == expected


@pytest.mark.parametrize('fail', ['wall-time', 'ionic'])
def test_an_unfinished_relaxation_leaves_its_last_geometry(run_emulator, parse, fail):
    """What is parsed, to be continued from, is the geometry of CONTCAR and not that of POSCAR."""
    _, folder = run_emulator(fail, **RELAXATION)
    parsed = parse(folder)[1]['structure'].get_pymatgen()
    first, last = (Structure.from_file(folder / name) for name in ('POSCAR', 'CONTCAR'))
    assert abs(parsed.volume - last.volume) < 1e-9
    assert abs(parsed.volume - first.volume) > 1e-3


def test_wall_time_cuts_every_file(run_emulator):
    """A run that is killed has no end in any file, and a non-zero status."""
    status, folder = run_emulator('wall-time', **RELAXATION)
    assert status == 1
    assert '</modeling>' not in (folder / 'vasprun.xml').read_text()
    assert 'General timing' not in (folder / 'OUTCAR').read_text()
    assert (folder / 'OSZICAR').read_text().count('F=') == 5


def test_wall_time_in_a_single_evaluation_leaves_no_energy(run_emulator, parse):
    """Nothing is complete when the wall time is over before the first step."""
    _, folder = run_emulator('wall-time')
    status, outputs = parse(folder)
    assert status == 700
    assert not (folder / 'OSZICAR').read_text().count('F=')
    assert outputs['misc'].get_dict().get('total_energies') is None


def test_electronic_failure_spends_all_electronic_steps(run_emulator):
    """NELM steps are listed in every ionic step."""
    _, folder = run_emulator('electronic', NELM=7)
    assert (folder / 'OUTCAR').read_text().count('Iteration') == 7
    assert (folder / 'vasprun.xml').read_text().count('<scstep>') == 7


def test_ionic_failure_spends_all_ionic_steps(run_emulator):
    """NSW steps are done, and none says that the accuracy was reached."""
    _, folder = run_emulator('ionic', **{**RELAXATION, 'NSW': 4})
    assert (folder / 'OSZICAR').read_text().count('F=') == 4
    assert 'reached required accuracy' not in (folder / 'OUTCAR').read_text()


def test_truncated_xml_loses_its_end_and_its_energy(run_emulator, parse):
    """aiida-vasp ends well without an energy, which whoever uses it has to notice."""
    _, folder = run_emulator('truncated-xml', **RELAXATION)
    status, outputs = parse(folder)
    assert status == 0
    assert 'total_energies' not in outputs['misc'].get_dict()
    assert 'General timing' in (folder / 'OUTCAR').read_text()


def test_crash_writes_nothing(run_emulator):
    """Only the input files are there after a crash."""
    status, folder = run_emulator('crash')
    inputs = {'INCAR', 'KPOINTS', 'POSCAR', 'POTCAR', 'vasp_output'}
    assert status == 1
    assert {path.name for path in folder.iterdir()} == inputs
    assert (folder / 'vasp_output').read_text() == ''


def test_missing_contcar_is_missed(run_emulator, parse):
    """aiida-vasp's parser raises without CONTCAR."""
    _, folder = run_emulator('missing-contcar', **RELAXATION)
    with pytest.raises(MissingFileError, match='CONTCAR'):
        parse(folder)


def test_unreadable_contcar_goes_unnoticed(run_emulator, parse):
    """aiida-vasp takes the geometry from elsewhere; who reads CONTCAR cannot."""
    _, folder = run_emulator('unreadable-contcar', **RELAXATION)
    assert parse(folder)[0] == 0
    with pytest.raises((ValueError, IndexError)):
        Structure.from_file(folder / 'CONTCAR')


@pytest.mark.parametrize(
    ('rule', 'status'),
    [
        ('crash, atoms=2', 1),
        ('crash, atoms=3', 0),
        ('crash, label=Si-7', 1),
        ('crash, label=Si-8', 0),
        ('crash, ALGO=normal', 1),
        ('crash, ALGO=All', 0),
        ('crash, atoms=3 | crash, atoms=2, ALGO=Normal', 1),
    ],
)
def test_conditions_choose_the_runs_that_fail(run_emulator, rule, status):
    """A rule applies where all of its conditions hold."""
    assert run_emulator(rule, ALGO='Normal')[0] == status


def test_first_runs_fail_and_later_ones_do_not(run_emulator):
    """A rule that is limited to the first runs lets a repeated calculation succeed."""
    assert [run_emulator('crash, first=2')[0] for _ in range(4)] == [1, 1, 0, 0]


def test_system_tag_can_hold_rules(run_emulator):
    """INCAR itself can ask for a failure, so that one calculation of many has it."""
    assert run_emulator(SYSTEM='silicon fail: crash, atoms=2')[0] == 1


@pytest.mark.parametrize(
    ('rule', 'sentence'),
    [
        ('explosion', "unknown failure 'explosion'"),
        ('crush', "Did you mean 'crash'?"),
        ('crash, atoms', 'not of the form name=value'),
        ('crash, weight=3', 'conditions are atoms=number'),
        ('crash, atoms=many', 'conditions are atoms=number'),
    ],
)
def test_rules_that_are_not_understood_stop_the_run(run_emulator, rule, sentence):
    """A slip in a rule is told, instead of a run without the failure."""
    status, folder = run_emulator(rule)
    assert status == 1
    assert sentence in (folder / 'vasp_output').read_text()
