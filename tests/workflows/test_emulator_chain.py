"""aiida-vasp's own work chains, unchanged, run with the emulator in VASP's place."""

import numpy as np
import pytest
from aiida import orm
from aiida.engine import run_get_node
from aiida.plugins import WorkflowFactory
from ase.build import bulk
from ase.units import GPa

from aiida_crystalgen.remote.vasp_emulator.identity import emulating_engine, is_emulated
from aiida_crystalgen.science.crystals import CrystalSet
from aiida_crystalgen.science.potentials.interface import load_potential

pytestmark = pytest.mark.usefixtures('aiida_profile_clean')

KILOBAR = 0.1 * GPa
STATIC = {'ibrion': -1, 'nsw': 0}
VASP = WorkflowFactory('vasp.v2.vasp')


@pytest.fixture
def strained_silicon():
    """Return diamond silicon with a strain and displaced atoms, so that nothing is zero."""
    atoms = bulk('Si', 'diamond', a=5.4)
    atoms.set_cell(atoms.cell @ (np.eye(3) + 0.02 * np.arange(9).reshape(3, 3) / 9), True)
    atoms.rattle(0.05, seed=1)
    return orm.StructureData(ase=atoms)


def inputs_for(code, structure, **incar):
    """Return the inputs of ``vasp.v2.vasp`` save the structure."""
    return {
        'code': code,
        'structure': structure,
        'parameters': {'incar': {'encut': 300, 'ediff': 1e-6, **incar}},
        'kpoints_spacing': 0.5,
        'potential_family': 'EMULATED',
        'potential_mapping': {'Si': 'Si'},
        'settings': {'poscar_precision': 16},
        'calc': {'metadata': {'options': {'resources': {'num_machines': 1}}}},
        'clean_workdir': False,
    }


def test_forces_stress_and_energy_are_those_of_the_potential(vasp_emulator, strained_silicon):
    """What comes out of the chain is what the potential gives for the structure that went in."""
    inputs = inputs_for(vasp_emulator(), strained_silicon, **STATIC)
    results, node = run_get_node(VASP, **inputs)
    assert node.is_finished_ok, node.exit_message
    misc = results['misc'].get_dict()
    atoms = strained_silicon.get_ase()
    crystal = CrystalSet(
        atoms.cell.array[None], atoms.get_scaled_positions(), atoms.numbers, np.array([len(atoms)])
    )
    direct = load_potential('stillinger-weber').evaluate(crystal)
    assert np.allclose(misc['forces'], direct.forces, rtol=0, atol=1e-9)
    assert np.allclose(-KILOBAR * np.array(misc['stress']), direct.stresses[0], rtol=0, atol=1e-9)
    assert np.isclose(misc['total_energies']['energy_extrapolated'], direct.energies[0], atol=1e-9)


def test_results_are_marked_as_emulated(vasp_emulator, strained_silicon):
    """Version, notifications and potentials say it, and nothing electronic is there."""
    inputs = inputs_for(vasp_emulator(), strained_silicon, **STATIC)
    results, node = run_get_node(VASP, **inputs)
    misc = results['misc'].get_dict()
    engine = emulating_engine(one['message'] for one in misc['notifications'])
    assert is_emulated(misc['version'])
    assert engine['name'] == 'stillinger-weber'
    assert node.called[0].inputs.potential.Si.title == 'EMULATED Si'
    assert misc.get('fermi_level') is misc.get('band_properties') is None
    assert not {'bands', 'dos'} & set(results)


def test_relaxation_ends_in_diamond(vasp_emulator, strained_silicon):
    """The relaxation of aiida-vasp converges to the lattice constant of the potential, 5.431 Å."""
    inputs = inputs_for(vasp_emulator(), strained_silicon)
    results, node = run_get_node(
        WorkflowFactory('vasp.v2.relax'),
        structure=inputs.pop('structure'),
        vasp=inputs,
        relax_settings={'force_cutoff': 0.01, 'steps': 60, 'convergence_mode': 'inout'},
    )
    assert node.is_finished_ok, node.exit_message
    relaxed = results['relax']['structure']
    assert np.isclose(relaxed.get_cell_volume(), 5.431**3 / 4, rtol=1e-3)
    assert np.abs(results['misc']['forces']).max() < 0.01


def test_too_few_steps_are_an_unconverged_relaxation(vasp_emulator, strained_silicon):
    """A run that spends all of NSW has aiida-vasp's 702; the chain keeps its last geometry."""
    inputs = inputs_for(vasp_emulator(), strained_silicon, nsw=2, ibrion=2, isif=3, ediffg=-1e-4)
    _, node = run_get_node(VASP, **inputs, max_iterations=1)
    assert node.called[0].exit_status == 702
    assert node.exit_status == 401  # more restarts would be needed than there may be
    last = node.called[0].outputs.structure
    assert abs(last.get_cell_volume() - strained_silicon.get_cell_volume()) > 1e-3


def test_crash_leaves_nothing_to_inspect(vasp_emulator, strained_silicon):
    """A crash has aiida-vasp's 352 in the job and its 500 in the chain."""
    code = vasp_emulator(fail='crash')
    _, node = run_get_node(VASP, **inputs_for(code, strained_silicon, **STATIC))
    assert node.called[0].exit_status == 352
    assert node.exit_status == 500


def test_wall_time_is_recovered_from(vasp_emulator, strained_silicon):
    """A run that is cut short once is continued from its last geometry, and then converges."""
    code = vasp_emulator(fail='wall-time, first=1')
    relaxation = {'nsw': 60, 'ibrion': 2, 'isif': 3, 'ediffg': -0.01}
    _, node = run_get_node(VASP, **inputs_for(code, strained_silicon, **relaxation))
    first, second = node.called
    assert (first.exit_status, second.exit_status) == (700, 0)
    assert second.inputs.structure.uuid == first.outputs.structure.uuid


def test_electronic_failure_is_recovered_from(vasp_emulator, strained_silicon):
    """A failure that depends on NELM ends when aiida-vasp's handler raises it."""
    code = vasp_emulator(fail='electronic, NELM=60')
    inputs = inputs_for(code, strained_silicon, nelm=60, **STATIC)
    _, node = run_get_node(VASP, **inputs)
    assert [job.exit_status for job in node.called] == [701, 0]
    assert node.is_finished_ok


def test_potential_that_is_not_in_the_family_is_named(vasp_emulator, strained_silicon):
    """An element without placeholder stops the chain before anything is submitted."""
    inputs = inputs_for(vasp_emulator(potcars=('Ge',)), strained_silicon, **STATIC)
    _, node = run_get_node(VASP, **inputs)
    assert node.exit_status == 702
    assert 'No POTCAR found for full name Si in family EMULATED' in node.exit_message
    assert not node.called
