"""The engine that runs VASP, with the emulator in VASP's place."""

import os
import signal
import time

import numpy as np
import pytest
from aiida import orm
from aiida.common.links import LinkType
from aiida.engine import run_get_node, submit
from aiida.manage import get_manager

from aiida_crystalgen.calculations.functions.extract import extract
from aiida_crystalgen.data.convert import crystals_from_node, node_from_crystals
from aiida_crystalgen.science.crystals import Column, CrystalSet
from aiida_crystalgen.science.potentials.interface import load_potential
from aiida_crystalgen.workflows.protocol import available_protocols
from aiida_crystalgen.workflows.relax_vasp import VaspRelaxWorkChain

pytestmark = pytest.mark.usefixtures('aiida_profile_clean')

RESOURCES = {'num_machines': 1, 'num_mpiprocs_per_machine': 1}
OVERRIDES = {
    'potential_family': 'EMULATED',
    'kpoints_spacing': 0.5,
    'options': {'withmpi': False, 'resources': RESOURCES},
}
FAILURES = {
    'wall-time': 'VASP did not reach its end',
    'electronic': 'the electrons did not converge',
    'ionic': 'not converged after 60 steps',
    'truncated-xml': 'what VASP wrote is not complete',
    'crash': 'VASP wrote no vasprun.xml or no OUTCAR',
    'missing-contcar': 'CONTCAR is missing',
    'unreadable-contcar': '',
}


@pytest.fixture
def silicon_set():
    """Return a factory of slightly disturbed primitive cells of silicon, one for each label."""

    def build(*labels):
        random = np.random.default_rng(1)
        number = len(labels)
        cell = 2.7 * (np.ones((3, 3)) - np.eye(3))
        positions = np.tile([[0.0, 0.0, 0.0], [0.25, 0.25, 0.25]], (number, 1))
        crystals = CrystalSet(
            lattices=np.tile(cell, (number, 1, 1)),
            fractional_coordinates=positions + random.normal(scale=0.005, size=positions.shape),
            atomic_numbers=np.full(2 * number, 14),
            counts=np.full(number, 2),
            columns={'label': Column(np.array(labels, dtype=np.str_))},
        )
        return node_from_crystals(crystals).store()

    return build


def builder_for(structures, code, protocol='fast', **changes):
    """Return the builder of a small relaxation."""
    return VaspRelaxWorkChain.get_builder_from_protocol(
        structures, code, protocol=protocol, overrides={**OVERRIDES, **changes}
    )


def process_for(structures, code, **changes):
    """Return the work chain itself, not run."""
    runner = get_manager().get_runner()
    return runner.instantiate_process(builder_for(structures, code, **changes))


def finished_attempt(localhost, status, *, job_status=0, structure=None):
    """Return a finished child of aiida-vasp with one run of VASP."""
    child = orm.WorkChainNode()
    child.set_process_state('finished')
    child.set_exit_status(status)
    child.store()
    job = orm.CalcJobNode(computer=localhost)
    job.set_process_state('finished')
    job.set_exit_status(job_status)
    parameters = orm.Dict({'nsw': 60}).store()
    job.base.links.add_incoming(parameters, LinkType.INPUT_CALC, 'parameters')
    job.base.links.add_incoming(child, LinkType.CALL_CALC, 'iteration_01')
    job.store()
    if structure is not None:
        copy = structure.clone()
        copy.base.links.add_incoming(job, LinkType.CREATE, 'structure')
        copy.store()
        copy.base.links.add_incoming(child, LinkType.RETURN, 'relax__structure')
    return child


@pytest.mark.parametrize('protocol', available_protocols('relax_vasp'))
def test_every_protocol_gives_valid_inputs(silicon_set, vasp_emulator, protocol):
    """A builder validates what it is given."""
    builder = builder_for(silicon_set('one'), vasp_emulator(), protocol=protocol)
    assert builder.settings['potential_mapping']['Sn'] == 'Sn_d'
    assert builder.max_concurrent == 4


def test_paper_protocol_has_the_numbers_of_the_paper(silicon_set, vasp_emulator):
    """LDA, 500 eV, 2π × 0.02 Å⁻¹, 0.01 eV/Å, and the cell is relaxed."""
    builder = VaspRelaxWorkChain.get_builder_from_protocol(
        silicon_set('one'), vasp_emulator(), protocol='lee-chang-2021'
    )
    settings = builder.settings.get_dict()
    assert (settings['incar']['gga'], settings['incar']['encut']) == ('ca', 500)
    assert settings['kpoints_spacing'] == 0.02
    assert settings['relaxation']['force_cutoff'] == 0.01
    assert settings['freedom'] == 'cell'


def test_single_tag_is_overridden(silicon_set, vasp_emulator):
    """Any tag can be set, and None removes one, whatever the case of its letters."""
    tags = {'ENCUT': 345, 'ivdw': 12, 'lasph': None}
    process = process_for(silicon_set('one'), vasp_emulator(), incar=tags)
    structure = extract(process.inputs.structures, orm.Int(0))['row_0000']
    incar = process.next_attempt(structure, []).inputs['vasp']['parameters']['incar']
    assert (incar['encut'], incar['ivdw'], incar['gga']) == (345, 12, 'pe')
    assert 'lasph' not in incar


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        ({'incar': {'encutt': 300}}, "unknown tag 'encutt'. Did you mean 'encut'"),
        ({'incar': 300}, "'incar' is 300; it must be a mapping"),
        ({'relaxation': {'force_cutof': 1}}, "unknown key 'relaxation.force_cutof'"),
        ({'ladder': [{'encut': 300}]}, "'encut' changes the energy"),
        ({'kpoints_mesh': [2, 2, 2]}, "give either 'kpoints_spacing' or 'kpoints_mesh'"),
    ],
)
def test_overrides_that_fit_nothing_are_refused(silicon_set, vasp_emulator, changes, message):
    """The sentence names the key, and the one that was probably meant."""
    with pytest.raises(ValueError, match=message):
        builder_for(silicon_set('one'), vasp_emulator(), **changes)


@pytest.mark.parametrize(
    ('freedom', 'moves'), [('cell', (True,) * 3), ('ions', (True, False, False))]
)
def test_relaxations_compare_input_and_output(silicon_set, vasp_emulator, freedom, moves):
    """The mode of aiida-vasp that compares volumes is always chosen."""
    process = process_for(silicon_set('one'), vasp_emulator(), freedom=freedom)
    structure = extract(process.inputs.structures, orm.Int(0))['row_0000']
    attempt = process.next_attempt(structure, [])
    chosen = attempt.inputs['relax_settings']
    assert chosen['convergence_mode'] == 'inout'
    assert tuple(chosen[name] for name in ('positions', 'shape', 'volume')) == moves


def test_ladder_follows_electronic_failures_only(silicon_set, vasp_emulator, aiida_localhost):
    """Each rung is tried once; after the last, or after another failure, the row is done with."""
    ladder = [{'algo': 'all'}, {'algo': 'damped', 'time': 0.4}]
    process = process_for(silicon_set('one'), vasp_emulator(), ladder=ladder)
    structure = extract(process.inputs.structures, orm.Int(0))['row_0000']
    failed = finished_attempt(aiida_localhost, 401, job_status=701)
    for number, rung in enumerate(ladder, start=1):
        attempt = process.next_attempt(structure, [failed] * number)
        assert attempt.label == f'fine_rung_{number}'
        assert rung.items() <= attempt.inputs['vasp']['parameters']['incar'].items()
    assert process.next_attempt(structure, [failed] * 3) is None
    other = finished_attempt(aiida_localhost, 401, job_status=700)
    assert process.next_attempt(structure, [other]) is None


def test_fine_stage_starts_from_the_coarse_geometry(silicon_set, vasp_emulator, aiida_localhost):
    """The coarse stage has its own settings, and the fine one those of the protocol."""
    process = process_for(silicon_set('one'), vasp_emulator(), two_stage=True)
    structure = extract(process.inputs.structures, orm.Int(0))['row_0000']
    coarse = process.next_attempt(structure, [])
    done = finished_attempt(aiida_localhost, 600, job_status=0, structure=structure)
    fine = process.next_attempt(structure, [done])
    cutoffs = [one.inputs['relax_settings']['force_cutoff'] for one in (coarse, fine)]
    assert (coarse.label, fine.label) == ('coarse', 'fine')
    assert cutoffs[0] > cutoffs[1]
    assert fine.inputs['structure'].uuid != structure.uuid
    assert process.next_attempt(structure, [done, done]) is None


def test_magnetic_elements_start_with_a_moment(vasp_emulator):
    """Iron gets one, and silicon does not."""
    crystals = CrystalSet(
        lattices=2.8 * np.eye(3)[None],
        fractional_coordinates=np.array([[0.0, 0, 0], [0.5, 0.5, 0.5]]),
        atomic_numbers=np.array([26, 14]),
        counts=np.array([2]),
    )
    process = process_for(node_from_crystals(crystals), vasp_emulator(potcars=('Fe', 'Si')))
    structure = extract(process.inputs.structures, orm.Int(0))['row_0000']
    inputs = process.next_attempt(structure, []).inputs['vasp']
    assert inputs['magmom_mapping'].get_dict() == {'Fe': 5.0, 'Si': 0.0}


def test_evaluation_is_that_of_the_potential(vasp_emulator):
    """Energy, forces and stress belong to the atoms in the order of the set, whatever VASP's."""
    random = np.random.default_rng(2)
    crystals = CrystalSet(
        lattices=3.9 * np.eye(3)[None] + random.normal(scale=0.05, size=(1, 3, 3)),
        fractional_coordinates=np.array([[0, 0, 0], [0.5, 0.5, 0], [0.5, 0, 0.5], [0, 0.5, 0.5]])
        + random.normal(scale=0.01, size=(4, 3)),
        atomic_numbers=np.array([29, 79, 29, 79]),
        counts=np.array([4]),
    )
    code = vasp_emulator('emt', potcars=('Cu', 'Au'))
    _, node = run_get_node(builder_for(node_from_crystals(crystals), code, freedom='none'))
    assert node.is_finished_ok, node.exit_message
    found = crystals_from_node(node.outputs.relaxed)
    direct = load_potential('emt').evaluate(crystals)
    np.testing.assert_array_equal(found.atomic_numbers, crystals.atomic_numbers)
    np.testing.assert_allclose(found.atom_columns['forces'].values, direct.forces, atol=1e-6)
    np.testing.assert_allclose(found['energy'], direct.energies / 4, atol=1e-6)
    np.testing.assert_allclose(found['stress'] * 0.00624150907, direct.stresses, atol=1e-6)
    np.testing.assert_array_equal(found.lattices, crystals.lattices)
    assert found.metadata['engine']['emulated'] is True
    assert found.metadata['engine']['functional'] == 'emt'


@pytest.mark.slow
def test_set_is_relaxed_with_its_provenance(silicon_set, vasp_emulator):
    """Every row ends in diamond, a label names its row on the way, and nothing passes for VASP."""
    code = vasp_emulator()
    _, node = run_get_node(builder_for(silicon_set('a', 'b'), code, two_stage=True))
    assert node.is_finished_ok, node.exit_message
    relaxed = crystals_from_node(node.outputs.relaxed)
    np.testing.assert_allclose(relaxed.volumes, 5.431**3 / 4, rtol=3e-3)
    assert relaxed['converged'].all()
    assert (relaxed['steps'] > 1).all()
    np.testing.assert_allclose(relaxed['volume_change'], 100 * (relaxed.volumes / 39.366 - 1))
    labels = {link.link_label for link in node.base.links.get_outgoing().all()}
    assert {'extract_row_0001', 'row_0001_coarse', 'row_0001_fine', 'collect'} <= labels
    assert 'vasp' not in {relaxed.metadata['engine'][key] for key in ('name', 'package')}


@pytest.mark.slow
def test_every_failure_costs_its_row_only(silicon_set, vasp_emulator):
    """Each failure that the emulator plays ends with its reason, and the other rows finish.

    As many are worked on at a time as there may be, and not more.
    """
    rules = ' | '.join(f'{name}, label={name}-row' for name in FAILURES)
    structures = silicon_set('good', *(f'{name}-row' for name in FAILURES))
    builder = builder_for(
        structures, vasp_emulator(fail=rules), freedom='ions', max_iterations=1, ladder=[]
    )
    _, node = run_get_node(builder)
    assert node.is_finished_ok, node.exit_message
    children = [child for child in node.called if isinstance(child, orm.WorkChainNode)]
    lives = [(child.ctime, child.mtime) for child in children]
    assert max(sum(one <= begin < end for one, end in lives) for begin, _ in lives) == 4
    relaxed = crystals_from_node(node.outputs.relaxed)
    assert relaxed['rejection'][0] == ''
    for rejection, reason in zip(relaxed['rejection'][1:], FAILURES.values(), strict=True):
        assert reason in rejection
    complete = [name in {'ionic', 'unreadable-contcar'} for name in FAILURES]
    np.testing.assert_array_equal(np.isfinite(relaxed['energy'][1:]), complete)
    np.testing.assert_array_equal(relaxed['converged'], relaxed['rejection'] == '')
    assert (relaxed['exit_status'][relaxed['rejection'] != ''] != 0).all()


@pytest.mark.slow
def test_evaluation_without_forces_is_rejected(silicon_set, vasp_emulator):
    """A truncated file costs the row, also where aiida-vasp takes no offence."""
    code = vasp_emulator(fail='truncated-xml')
    _, node = run_get_node(builder_for(silicon_set('one'), code, freedom='none'))
    relaxed = crystals_from_node(node.outputs.relaxed)
    assert node.exit_status == 441
    assert relaxed['rejection'].tolist() == ['what VASP wrote is not complete']
    assert np.isnan(relaxed['energy']).all()
    assert not relaxed['converged'].any()


@pytest.mark.slow
def test_ladder_saves_a_row(silicon_set, vasp_emulator):
    """Where the electrons fail with the first tags, the next rung converges."""
    code = vasp_emulator(fail='electronic, ALGO=fast | electronic, ALGO=normal')
    ladder = [{'algo': 'all'}]
    changes = {'freedom': 'none', 'max_iterations': 1, 'ladder': ladder}
    _, node = run_get_node(builder_for(silicon_set('one'), code, **changes))
    assert node.is_finished_ok, node.exit_message
    children = {link.link_label for link in node.base.links.get_outgoing().all()}
    assert {'row_0000_fine', 'row_0000_fine_rung_1'} <= children


@pytest.mark.slow
def test_rows_survive_the_death_of_the_daemon(
    started_daemon_client, silicon_set, vasp_emulator, aiida_localhost
):
    """Workers killed in the middle lose no row, and start none twice."""
    code = vasp_emulator()
    structures = silicon_set('a', 'b', 'c', 'd')
    node = submit(builder_for(structures, code, freedom='none', max_concurrent=2))

    def rows():
        links = node.base.links.get_outgoing().all()
        return [one for one in links if one.link_label.startswith('row_')]

    wait_for(lambda: any(link.node.called for link in rows()))
    for worker in started_daemon_client.get_worker_info()['info']:
        os.kill(int(worker), signal.SIGKILL)
    wait_for(lambda: node.is_terminated)
    assert node.is_finished_ok, node.exit_message
    labels = [link.link_label for link in rows() if not link.node.is_killed]
    assert sorted(labels) == [f'row_{row:04d}_fine' for row in range(4)]
    assert crystals_from_node(node.outputs.relaxed)['converged'].all()


def wait_for(condition, seconds=200):
    """Return once the condition holds."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, 'waited in vain'
        time.sleep(0.2)
