"""``aiida-crystalgen setup --emulator`` puts the emulator in VASP's place."""

import os

import pytest
from aiida import orm
from aiida_vasp.data.potcar import PotcarData
from click.testing import CliRunner

from aiida_crystalgen.cli import crystalgen

pytestmark = pytest.mark.usefixtures('aiida_profile_clean')

CODE = 'vasp-emulator@localhost'


@pytest.fixture
def setup(monkeypatch):
    """Return a function that runs the command without the daemon, with few placeholders."""
    monkeypatch.setenv('PATH', os.environ['PATH'])
    module = 'aiida_crystalgen.data.emulated_potcars'
    monkeypatch.setattr(f'{module}.default_names', lambda: ('Si', 'Sn_d'))
    command = ['setup', '--workers', '0', '--emulator']
    return lambda *potential: CliRunner().invoke(crystalgen, [*command, *potential])


def test_code_and_placeholders_are_created_once(setup):
    """The first run creates both; the second finds them."""
    first, second = setup(), setup()
    assert first.exit_code == second.exit_code == 0, first.output
    assert 'created: 2 placeholders' in first.output
    assert 'created' not in second.output
    assert PotcarData.get_potcar_group('EMULATED').count() == 2


def test_code_stands_where_vasp_would_and_says_that_it_is_not(setup):
    """The code is for aiida-vasp's calculation, and its description is honest."""
    result = setup('stillinger-weber')
    code = orm.load_code(CODE)
    assert code.default_calc_job_plugin == 'vasp.vasp'
    assert code.with_mpi is False
    assert 'Not VASP' in code.description
    assert 'CRYSTALGEN_EMULATOR_POTENTIAL=stillinger-weber' in code.prepend_text
    assert 'stillinger-weber, not VASP' in result.output


def test_another_potential_needs_another_code(setup):
    """A code keeps its potential, because its results do."""
    setup('stillinger-weber')
    result = setup('tersoff')
    assert result.exit_code == 1
    assert f'verdi code relabel {CODE} vasp-emulator-old' in result.stderr


def test_unknown_potential_is_refused(setup):
    """A slip in the name of the potential creates no code."""
    result = setup('stilinger-weber')
    assert result.exit_code == 1
    assert "Did you mean 'stillinger-weber'?" in result.stderr
    assert (
        orm.QueryBuilder().append(orm.InstalledCode, filters={'label': 'vasp-emulator'}).count()
        == 0
    )


def test_missing_executable_is_refused(setup, monkeypatch):
    """Without the installed executable there is no code to create."""
    monkeypatch.setattr('aiida_crystalgen.cli.emulator.PROGRAM', 'no-such-executable')
    result = setup()
    assert result.exit_code == 1
    assert 'Install aiida-crystalgen again' in result.stderr
