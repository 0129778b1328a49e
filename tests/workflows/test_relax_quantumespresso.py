"""The engine that runs Quantum ESPRESSO, with pw.x itself where it is installed."""

import importlib.util
import shutil
import subprocess
from types import SimpleNamespace

import numpy as np
import pytest
from aiida import orm
from aiida.common.links import LinkType
from aiida.engine import run_get_node
from aiida.manage import get_manager
from aiida_pseudo.data.pseudo.upf import UpfData
from aiida_pseudo.groups.family import CutoffsPseudoPotentialFamily, PseudoPotentialFamily

from aiida_crystalgen.calculations.functions.collect_quantumespresso import collect_quantumespresso
from aiida_crystalgen.calculations.functions.extract import extract
from aiida_crystalgen.data.convert import crystals_from_node, node_from_crystals
from aiida_crystalgen.science.crystals import CrystalSet
from aiida_crystalgen.workflows import quantumespresso_preflight
from aiida_crystalgen.workflows.protocol import available_protocols, protocol_inputs
from aiida_crystalgen.workflows.quantumespresso_settings import QuantumEspressoSettings
from aiida_crystalgen.workflows.relax_quantumespresso import QuantumEspressoRelaxWorkChain

pytestmark = pytest.mark.usefixtures('aiida_profile_clean')

RESOURCES = {'num_machines': 1, 'num_mpiprocs_per_machine': 1}
OVERRIDES = {
    'pseudo_family': 'test',
    'kpoints_spacing': 0.06,
    'options': {'withmpi': False, 'resources': RESOURCES},
}
# Norm-conserving, scalar relativistic, after Troullier and Martins; the d channel is local.
LD1_INPUT = """&input
  zed=14.0, rel=1, config='[Ne] 3s2 3p2 3d-2', iswitch=3, dft='PBE'
/
&inputp
  lloc=2, pseudotype=1, tm=.true., file_pseudopw='Si.UPF'
/
3
3S 1 0  2.00  0.00  2.10 2.10
3P 2 1  2.00  0.00  2.10 2.10
3D 3 2 -2.00 -0.30  2.10 2.10
"""
MISSING = [name for name in ('pw.x', 'ld1.x') if shutil.which(name) is None]
if importlib.util.find_spec('aiida_quantumespresso') is None:
    MISSING.append('aiida-quantumespresso')
real = pytest.mark.skipif(bool(MISSING), reason=f'not installed: {", ".join(MISSING)}')


def diamond(constant, shift=0.0):
    """Return the primitive cell of diamond, one atom shifted along its cell."""
    return (
        constant / 2 * (np.ones((3, 3)) - np.eye(3)),
        np.array([[0.0, 0.0, 0.0], np.full(3, 0.25 + shift)]),
    )


def beta_tin(constant, height):
    """Return the primitive cell of β-tin."""
    half = np.array([constant, constant, height]) / 2
    return half * (1 - 2 * np.eye(3)), np.array([[0.0, 0.0, 0.0], [0.75, 0.25, 0.5]])


def silicon_set(*cells):
    """Return the set of cells with two atoms."""
    lattices, coordinates = zip(*cells, strict=True)
    crystals = CrystalSet(
        lattices=np.array(lattices),
        fractional_coordinates=np.concatenate(coordinates),
        atomic_numbers=np.full(2 * len(cells), 14),
        counts=np.full(len(cells), 2),
    )
    return node_from_crystals(crystals)


@pytest.fixture
def code(aiida_code_installed, aiida_localhost):
    """Return a factory of codes of pw.x on this machine."""
    aiida_localhost.set_minimum_job_poll_interval(0.0)

    def build(plugin='quantumespresso.pw', executable=None):
        return aiida_code_installed(
            label='pw',
            computer=aiida_localhost,
            default_calc_job_plugin=plugin,
            filepath_executable=executable or shutil.which('pw.x') or '/bin/bash',
            with_mpi=False,
            prepend_text='export OMP_NUM_THREADS=1',
        )

    return build


@pytest.fixture
def family(tmp_path):
    """Return a factory of families of potentials with nothing in them."""

    def build(*elements, cutoffs=None):
        for element in elements:
            text = f'<PP_HEADER element="{element}" z_valence="8.0"/>'
            (tmp_path / f'{element}.upf').write_text(text)
        kind = CutoffsPseudoPotentialFamily if cutoffs else PseudoPotentialFamily
        made = kind.create_from_folder(tmp_path, 'test', pseudo_type=UpfData)
        if cutoffs:
            values = {
                one: {'cutoff_wfc': wavefunctions, 'cutoff_rho': density}
                for one, (wavefunctions, density) in cutoffs.items()
            }
            made.set_cutoffs(values, 'normal', unit='Ry')
        return made

    return build


@pytest.fixture
def silicon_family(tmp_path):
    """Store a family with a potential of silicon that ld1.x makes."""
    subprocess.run(
        [shutil.which('ld1.x')],
        input=LD1_INPUT,
        text=True,
        cwd=tmp_path,
        check=True,
        capture_output=True,
    )
    folder = tmp_path / 'family'
    folder.mkdir()
    (tmp_path / 'Si.UPF').rename(folder / 'Si.upf')
    return PseudoPotentialFamily.create_from_folder(folder, 'test', pseudo_type=UpfData)


def builder_for(structures, code, **changes):
    """Return the builder of a small relaxation."""
    parameters = {'SYSTEM': {'ecutwfc': 20.0}}
    overrides = {**OVERRIDES, 'parameters': parameters, **changes}
    return QuantumEspressoRelaxWorkChain.get_builder_from_protocol(
        structures, code, protocol='fast', overrides=overrides
    )


def process_for(structures, code, **changes):
    """Return the work chain itself, not run, and its first structure."""
    runner = get_manager().get_runner()
    process = runner.instantiate_process(builder_for(structures, code, **changes))
    return process, extract(process.inputs.structures, orm.Int(0))['row_0000']


def settings_for(**changes):
    """Return the settings of a protocol, with changes."""
    inputs = {**protocol_inputs('relax_quantumespresso', 'fast'), 'pseudo_family': 'test'}
    names = QuantumEspressoSettings.model_fields
    return QuantumEspressoSettings.parse(
        {name: {**inputs, **changes}[name] for name in names if name in inputs}
    )


def finished_attempt(localhost, status, calculation, structure):
    """Return a finished child of aiida-quantumespresso with one run of pw.x."""
    child = orm.WorkChainNode()
    child.set_process_state('finished')
    child.set_exit_status(status)
    child.store()
    job = orm.CalcJobNode(computer=localhost)
    job.set_process_state('finished')
    job.set_exit_status(status)
    parameters = orm.Dict({'CONTROL': {'calculation': calculation}}).store()
    job.base.links.add_incoming(parameters, LinkType.INPUT_CALC, 'parameters')
    job.base.links.add_incoming(child, LinkType.CALL_CALC, 'iteration_01')
    job.store()
    results = {
        'output_structure': structure.clone(),
        'output_parameters': orm.Dict({'energy': -214.0, 'number_ionic_steps': 3}),
        'output_trajectory': orm.ArrayData(
            {'forces': np.zeros((4, 2, 3)), 'stress': np.zeros((4, 3, 3))}
        ),
    }
    for name, node in results.items():
        node.base.links.add_incoming(job, LinkType.CREATE, name)
        node.store()
    return child


@pytest.mark.parametrize('protocol', available_protocols('relax_quantumespresso'))
def test_every_protocol_gives_valid_inputs(code, protocol):
    """A builder validates what it is given."""
    builder = QuantumEspressoRelaxWorkChain.get_builder_from_protocol(
        silicon_set(diamond(5.46)), code(), protocol=protocol
    )
    assert builder.settings['freedom'] == 'cell'
    assert builder.max_concurrent == 4
    assert 'withmpi' not in builder.options.get_dict()


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        ({'pseudo_famly': 'x'}, "unknown key 'pseudo_famly'. Did you mean 'pseudo_family'"),
        ({'parameters': {'SISTEM': {'nbnd': 4}}}, "unknown namelist 'SISTEM'. Did you mean 'SYS"),
        ({'parameters': {'CONTROL': {'calculation': 'md'}}}, "it follows from 'freedom'"),
        ({'parameters': 20}, "'parameters' is 20; it must be a mapping"),
        ({'kpoints_mesh': [2, 2, 2]}, "give either 'kpoints_spacing' or 'kpoints_mesh'"),
    ],
)
def test_overrides_that_fit_nothing_are_refused(code, changes, message):
    """The sentence names the key, and what to do instead."""
    with pytest.raises(ValueError, match=message):
        builder_for(silicon_set(diamond(5.46)), code(), **changes)


@pytest.mark.parametrize('name', ['ecutwfc', 'degauss', 'nosym'])
def test_fingerprint_follows_what_changes_energies(name):
    """Keywords on the way to the result do not count, others do."""
    system = {'occupations': 'smearing'}
    way = {'CONTROL': {'nstep': 1}, 'ELECTRONS': {'mixing_beta': 0.1}}
    plain = settings_for(parameters={'SYSTEM': system}).fingerprint
    assert settings_for(parameters={'SYSTEM': system, **way}).fingerprint == plain
    assert settings_for(parameters={'SYSTEM': {**system, name: 1}}).fingerprint != plain


def test_cutoffs_are_the_largest_of_the_elements(family):
    """What is not given is recommended by the family, and belongs to the fingerprint."""
    family('Si', 'Fe', cutoffs={'Si': (30.0, 240.0), 'Fe': (90.0, 1080.0)})
    complete = quantumespresso_preflight.complete_settings
    alone, both = (complete(settings_for(), one) for one in (['Si'], ['Si', 'Fe']))
    assert alone.given_parameters['SYSTEM']['ecutwfc'] == 30.0
    assert both.given_parameters['SYSTEM']['ecutrho'] == 1080.0
    assert alone.fingerprint != both.fingerprint


@pytest.mark.parametrize(
    ('plugin', 'elements', 'problem'),
    [
        ('core.arithmetic.add', 'Si', ("Code 'pw@localhost' is for core.arithm", 'verdi code')),
        ('quantumespresso.pw', '', ("There is no family of potentials 'test'", 'aiida-pseudo i')),
        ('quantumespresso.pw', 'C', ("Family 'test' has no potential for Si", 'pseudo_family')),
        ('quantumespresso.pw', 'Si', ("Family 'test' recommends no cutoffs", 'parameters: {SYS')),
    ],
)
def test_preflight_names_what_is_missing(code, family, monkeypatch, plugin, elements, problem):
    """Each problem is a sentence, followed by what mends it."""
    monkeypatch.setattr(quantumespresso_preflight, 'find_spec', lambda name: object())
    if elements:
        family(elements)
    problems = quantumespresso_preflight.quantumespresso_problems(
        code(plugin), settings_for(), ['Si'], {'resources': RESOURCES}
    )
    sentence, _, command = problems[0].partition(':  ')
    assert sentence.startswith(problem[0])
    assert command.startswith(problem[1])


@pytest.mark.parametrize(
    ('label', 'command'),
    [
        ('SSSP/1.3/PBE/efficiency', 'install sssp -v 1.3 -x PBE -p efficiency'),
        (
            'PseudoDojo/0.4/LDA/SR/standard/upf',
            'install pseudo-dojo -v 0.4 -x LDA -r SR -p standard -f upf',
        ),
        ('mine', 'install family … mine -P pseudo.upf'),
    ],
)
def test_preflight_says_how_to_get_a_family(code, monkeypatch, label, command):
    """The command makes the family that is missing, under its label."""
    monkeypatch.setattr(quantumespresso_preflight, 'find_spec', lambda name: object())
    (problem,) = quantumespresso_preflight.quantumespresso_problems(
        code(), settings_for(pseudo_family=label), ['Si'], {'resources': RESOURCES}
    )
    assert problem.endswith(f':  aiida-pseudo {command}')


def test_preflight_asks_for_the_plugin(code, monkeypatch):
    """Without aiida-quantumespresso nothing is submitted."""
    monkeypatch.setattr(quantumespresso_preflight, 'find_spec', lambda name: None)
    _, node = run_get_node(builder_for(silicon_set(diamond(5.46)), code()))
    assert node.exit_status == 220
    assert "pip install 'aiida-crystalgen[quantumespresso]'" in node.exit_message


@pytest.mark.parametrize(
    ('freedom', 'calculation', 'namelists'),
    [('cell', 'vc-relax', {'CELL'}), ('ions', 'relax', set()), ('none', 'scf', set())],
)
def test_freedom_decides_what_is_calculated(
    code, family, no_plugin_needed, freedom, calculation, namelists
):
    """Energies are thresholds per atom, and no namelist is given that pw.x would refuse."""
    family('Si')
    process, structure = process_for(silicon_set(diamond(5.46)), code(), freedom=freedom)
    attempt = process.next_attempt(structure, [])
    parameters = attempt.inputs['pw']['parameters'].get_dict()
    assert parameters['CONTROL']['calculation'] == calculation
    assert parameters['ELECTRONS']['conv_thr'] == pytest.approx(8e-10)
    assert {*parameters} == {'CONTROL', 'SYSTEM', 'ELECTRONS', *namelists}
    assert attempt.inputs['kpoints_distance'].value == pytest.approx(2 * np.pi * 0.06)


@pytest.fixture
def no_plugin_needed(monkeypatch):
    """Let attempts be made without aiida-quantumespresso."""
    module = 'aiida_crystalgen.workflows.relax_quantumespresso.WorkflowFactory'
    monkeypatch.setattr(module, lambda name: SimpleNamespace(name=name))


def test_cell_is_relaxed_again_until_its_new_basis_agrees(
    code, family, no_plugin_needed, aiida_localhost
):
    """Then it is evaluated; a relaxation that failed otherwise ends the row."""
    family('Si')
    process, structure = process_for(silicon_set(diamond(5.46)), code(), relaxations=2)
    again = finished_attempt(aiida_localhost, 501, 'vc-relax', structure)
    done = finished_attempt(aiida_localhost, 0, 'vc-relax', structure)
    evaluated = finished_attempt(aiida_localhost, 0, 'scf', structure)
    failed = finished_attempt(aiida_localhost, 401, 'vc-relax', structure)
    assert process.next_attempt(structure, []).label == 'relax_1'
    assert process.next_attempt(structure, [again]).label == 'relax_2'
    assert process.next_attempt(structure, [again, again]) is None
    assert process.next_attempt(structure, [again, done]).label == 'evaluate'
    assert process.next_attempt(structure, [again, done, evaluated]) is None
    assert process.next_attempt(structure, [failed]) is None


def test_magnetic_elements_start_with_a_share_of_their_electrons(code, family, no_plugin_needed):
    """Iron with eight valence electrons and 5 μB starts with 5/8, silicon with nothing."""
    family('Si', 'Fe')
    crystals = CrystalSet(
        lattices=2.8 * np.eye(3)[None],
        fractional_coordinates=np.array([[0.0, 0, 0], [0.5, 0.5, 0.5]]),
        atomic_numbers=np.array([26, 14]),
        counts=np.array([2]),
    )
    process, structure = process_for(node_from_crystals(crystals), code())
    system = process.next_attempt(structure, []).inputs['pw']['parameters']['SYSTEM']
    assert system['nspin'] == 2
    assert system['starting_magnetization'] == {'Fe': 0.625, 'Si': 0.0}


def test_collection_restores_the_order_of_atoms():
    """pw.x has the atoms by element; energies are per atom, and the stress is dE/dε."""
    crystals = CrystalSet(
        lattices=4.0 * np.eye(3)[None],
        fractional_coordinates=np.array([[0.0, 0, 0], [0.5, 0, 0], [0, 0.5, 0]]),
        atomic_numbers=np.array([6, 14, 6]),
        counts=np.array([3]),
    )
    forces = np.array([[[1.0, 0, 0], [2.0, 0, 0], [3.0, 0, 0]]])
    trajectory = orm.ArrayData({'forces': forces, 'stress': np.eye(3)[None]})
    table = {'rejection': [''], 'converged': [True]}
    made = collect_quantumespresso(
        node_from_crystals(crystals),
        orm.Dict(table),
        orm.Dict({'name': 'quantumespresso'}),
        row_0000_parameters=orm.Dict({'energy': -6.0}),
        row_0000_trajectory=trajectory,
    )
    relaxed = crystals_from_node(made['relaxed'])
    assert relaxed['energy'][0] == -2.0
    assert relaxed.atom_columns['forces'].values[:, 0].tolist() == [1.0, 3.0, 2.0]
    assert np.trace(relaxed['stress'][0]) == -3.0


@real
@pytest.mark.slow
def test_diamond_lies_below_beta_tin(code, silicon_family):
    """PBE has diamond at 5.46 Å, and β-tin 0.30 eV/atom above."""
    structures = silicon_set(diamond(5.55), beta_tin(4.9, 2.6))
    _, node = run_get_node(builder_for(structures, code()))
    assert node.is_finished_ok, node.exit_message
    relaxed = crystals_from_node(node.outputs.relaxed)
    assert relaxed['converged'].all()
    assert np.cbrt(4 * relaxed.volumes[0]) == pytest.approx(5.46, rel=0.01)
    assert np.diff(relaxed['energy'])[0] == pytest.approx(0.30, abs=0.05)
    np.testing.assert_allclose(relaxed['stress'], 0, atol=0.2)
    engine = relaxed.metadata['engine']
    assert (engine['name'], engine['functional']) == ('quantumespresso', 'PBE')
    pseudo = silicon_family.get_pseudo('Si')
    assert engine['settings']['potentials'] == {'Si': f'Si.upf {pseudo.md5}'}


@real
@pytest.mark.slow
def test_failure_costs_its_row_only(code, silicon_family):
    """Out of steps, a row keeps the geometry it came to and says why; the other one finishes."""
    structures = silicon_set(diamond(5.46), diamond(5.46, 0.02))
    parameters = {'SYSTEM': {'ecutwfc': 15.0}, 'CONTROL': {'nstep': 1}}
    changes = {'freedom': 'ions', 'max_iterations': 1, 'parameters': parameters}
    _, node = run_get_node(builder_for(structures, code(), **changes))
    assert node.is_finished_ok, node.exit_message
    relaxed = crystals_from_node(node.outputs.relaxed)
    assert relaxed['converged'].tolist() == [True, False]
    assert relaxed['rejection'][0] == ''
    assert relaxed['rejection'][1].startswith('not converged after')
    assert relaxed['exit_status'][1] == 401
    assert np.isfinite(relaxed['energy']).all()


@real
@pytest.mark.slow
def test_forces_and_stress_are_derivatives_of_the_energy(code, silicon_family):
    """Small steps of an atom and of the volume change the energy by what the columns say."""
    step, strain = 0.002, 0.002
    cells = [diamond(5.4, 0.01 + shift) for shift in (-step, 0.0, step)]
    cells += [(cells[1][0] * (1 + one), cells[1][1]) for one in (-strain, strain)]
    system = {'ecutwfc': 25.0, 'nosym': True}
    builder = builder_for(
        silicon_set(*cells),
        code(),
        freedom='none',
        kpoints_spacing=None,
        kpoints_mesh=[3, 3, 3],
        parameters={'SYSTEM': system},
    )
    _, node = run_get_node(builder)
    assert node.is_finished_ok, node.exit_message
    found = crystals_from_node(node.outputs.relaxed)
    energies = 2 * found['energy']
    shift = step * found.lattices[1].sum(axis=0)
    force = found.atom_columns['forces'].values[3]
    assert (energies[2] - energies[0]) / 2 == pytest.approx(-force @ shift, rel=0.02)
    trace = np.trace(found['stress'][1]) * found.volumes[1] / 160.21766
    # At a constant cutoff the basis set changes with the volume, which adds the Pulay stress.
    assert (energies[4] - energies[3]) / (2 * strain) == pytest.approx(trace, rel=0.15)
    assert trace < 0
