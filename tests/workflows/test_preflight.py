"""What would keep VASP from running is found before, with the command that mends it."""

import numpy as np
import pytest
from aiida import orm

from aiida_crystalgen.data.emulated_potcars import store_emulated_potcars
from aiida_crystalgen.workflows.code_preflight import load_engine_code
from aiida_crystalgen.workflows.preflight import PLUGIN, potential_titles, vasp_problems
from aiida_crystalgen.workflows.protocol import protocol_inputs
from aiida_crystalgen.workflows.relax_vasp import VaspRelaxWorkChain
from aiida_crystalgen.workflows.vasp_settings import VaspSettings

pytestmark = pytest.mark.usefixtures('aiida_profile_clean')

OPTIONS = {'resources': {'num_machines': 1, 'num_mpiprocs_per_machine': 1}}


@pytest.fixture
def settings():
    """Return a factory of the settings of a protocol, with changes."""

    def build(**changes):
        inputs = protocol_inputs('relax_vasp', 'fast', {'potential_family': 'EMULATED'})
        inputs = {**inputs, 'potential_mapping': {'Sn': 'Sn_d'}, **changes}
        return VaspSettings.parse(
            {name: inputs[name] for name in VaspSettings.model_fields if name in inputs}
        )

    return build


@pytest.fixture
def code(aiida_code_installed, aiida_localhost):
    """Return a factory of codes on this machine."""

    def build(plugin='vasp.vasp', executable='/bin/bash'):
        return aiida_code_installed(
            label='vasp',
            computer=aiida_localhost,
            default_calc_job_plugin=plugin,
            filepath_executable=executable,
        )

    return build


def problem(code, settings, elements=('Si',), options=OPTIONS):
    """Return the only problem, as what is wrong and the command that mends it."""
    (found,) = vasp_problems(code, settings, elements, options)
    sentence, _, command = found.partition(':  ')
    assert command, found
    return sentence, command


def test_complete_setup_has_no_problems(code, settings):
    """Code, potentials and resources are all there."""
    store_emulated_potcars(['Si', 'Sn_d'])
    assert vasp_problems(code(), settings(), ['Sn', 'Si'], OPTIONS) == []
    assert potential_titles(settings(), ['Sn']) == {'Sn': 'EMULATED Sn_d'}


def test_missing_family_is_named(code, settings):
    """Where there is no family at all, one is to be uploaded."""
    sentence, command = problem(code(), settings(potential_family='PBE.54'))
    assert sentence == "There is no potential family 'PBE.54'. Upload it"
    assert command.startswith('aiida-vasp potcar uploadfamily --path … --name PBE.54')


def test_missing_element_is_named(code, settings):
    """The element is named, and how to add its potential to the family."""
    store_emulated_potcars(['Sn_d'])
    sentence, command = problem(code(), settings(), ['Se', 'Sn'])
    assert sentence == "Potential family 'EMULATED' has no potential for Se. Add one"
    assert command.startswith('aiida-vasp potcar uploadfamily --path … --name EMULATED')


def test_potential_of_another_name_is_offered(code, settings):
    """Where the family has another potential for the element, it can be chosen."""
    store_emulated_potcars(['Sn'])
    sentence, command = problem(code(), settings(), ['Sn'])
    assert 'no potential Sn_d for Sn, but Sn.' in sentence
    assert command == 'potential_mapping: {Sn: Sn}'


def test_code_of_another_plugin_is_refused(code, settings):
    """The sentence names the plugin that it is for."""
    store_emulated_potcars(['Si'])
    sentence, command = problem(code('core.arithmetic.add'), settings())
    assert 'is for core.arithmetic.add, not for vasp.vasp' in sentence
    assert '--default-calc-job-plugin vasp.vasp' in command


def test_absent_executable_is_found(code, settings):
    """On this machine the executable is looked for."""
    store_emulated_potcars(['Si'])
    sentence, _ = problem(code(executable='/nowhere/vasp_std'), settings())
    assert "has no executable at '/nowhere/vasp_std'" in sentence


def test_unknown_code_is_created_by_the_command():
    """Label and computer are those that were asked for."""
    with pytest.raises(
        ValueError, match=r"no code 'vasp@cluster'.*--label vasp --computer cluster"
    ):
        load_engine_code('vasp@cluster', PLUGIN)


@pytest.mark.parametrize(
    ('resources', 'reason'),
    [
        ({}, 'cannot give the resources'),
        ({'num_machines': 1, 'num_mpiprocs_per_machine': 64}, 'fewer than the 64 asked for'),
        ({'num_machines': 1, 'cores': 4}, 'cannot give the resources'),
    ],
)
def test_resources_that_do_not_fit_are_refused(code, settings, resources, reason):
    """What the scheduler does not take, or no machine has, is refused."""
    store_emulated_potcars(['Si'])
    vasp = code()
    vasp.computer.set_default_mpiprocs_per_machine(2)
    sentence, command = problem(vasp, settings(), options={'resources': resources})
    assert reason in sentence
    assert command.startswith('options: {resources: {num_machines: 1')


def test_groups_of_kpoints_divide_the_processes(code, settings):
    """KPAR = 3 groups cannot share 4 processes."""
    store_emulated_potcars(['Si'])
    vasp = code()
    vasp.computer.set_default_mpiprocs_per_machine(4)
    options = {'resources': {'num_machines': 1, 'num_mpiprocs_per_machine': 4}}
    sentence, _ = problem(vasp, settings(incar={'kpar': 3}), options=options)
    assert 'cannot share 4 processes among KPAR = 3' in sentence
    assert vasp_problems(vasp, settings(incar={'kpar': 2}), ['Si'], options) == []


def test_computer_that_is_disabled_is_found(code, settings):
    """The command enables it for the user."""
    store_emulated_potcars(['Si'])
    vasp = code()
    user = orm.User.collection.get_default()
    vasp.computer.get_authinfo(user).enabled = False
    sentence, command = problem(vasp, settings())
    assert 'is disabled' in sentence
    assert command == f'verdi computer enable localhost {user.email}'


def test_work_chain_submits_nothing_after_a_failed_preflight(code, silicon):
    """It ends at once, and its exit message says what is wrong."""
    from aiida.engine import run_get_node

    from aiida_crystalgen.data.convert import node_from_crystals

    overrides = {'potential_family': 'PBE.54', 'options': OPTIONS}
    structures = node_from_crystals(silicon(*np.linspace(5.3, 5.5, 3)))
    builder = VaspRelaxWorkChain.get_builder_from_protocol(
        structures, code('core.arithmetic.add'), overrides=overrides
    )
    _, node = run_get_node(builder)
    assert node.exit_status == 220
    assert node.called == []
    assert 'not for vasp.vasp' in node.exit_message
    assert "no potential family 'PBE.54'" in node.exit_message
