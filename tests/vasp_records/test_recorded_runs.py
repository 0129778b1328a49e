"""Genuine runs of VASP, replayed through the relaxation of a set."""

import ase.io
import numpy as np
import pytest
from aiida import orm
from aiida.engine import run_get_node
from ase import Atoms
from ase.build import bulk

from aiida_crystalgen.data.convert import (
    crystals_from_node,
    crystals_from_structures,
    node_from_crystals,
)
from aiida_crystalgen.workflows.protocol import protocol_inputs
from aiida_crystalgen.workflows.relax_vasp import VaspRelaxWorkChain

pytestmark = pytest.mark.slow

OPTIONS = {'withmpi': False, 'resources': {'num_machines': 1, 'num_mpiprocs_per_machine': 1}}
# INCAR of the recorded relaxations of silicon, save what the kind of relaxation decides.
SILICON = {
    'algo': 'fast', 'ediff': 2e-6, 'encut': 250, 'gga': 'ps', 'ismear': 0, 'ispin': 2,
    'lasph': True, 'lcharg': False, 'lreal': False, 'lvhar': True, 'lwave': False, 'nedos': 100,
    'nelm': 200, 'nelmin': 4, 'nwrite': 1, 'prec': 'normal', 'sigma': 0.05,
}  # fmt: skip
ONE_ATOM = {'ediff': 1e-9, 'ismear': 0, 'nelm': 15, 'potim': 0.1, 'sigma': 0.1}
CONTINUED = {
    'vasp_wc_ionic_continue': ({'encut': 240}, (8, 8, 8), 5),
    'vasp_wc_ionic_unfinished': ({'encut': 500, 'isym': 0}, (16, 16, 16), 20),
}
PBESOL = ('183a9b15ab65b5d7b2bd23b6bd46c9e5', 'be8db5769e799754bf5ccfed59173ab6',
          '83ebb07ffe3d25d8f15d91dda8269e03')  # fmt: skip
PBE = ('8a3ec8db6064ec821934b23ace8fa6b1', 'ba642aac0ec2b7af08fc08d861b81ab6',
       '594a6e625700e95f63bd58245186bf18')  # fmt: skip
PBE_400 = ('757da1774293523a9279a3ff531512cd', '878a22d6ffe82cada3df69b9c5fd410e')
STEPS = {'vasp_wc_ionic_continue': 8, 'vasp_wc_ionic_unfinished': 6}
RELAXATION = {'force_cutoff': 0.03, 'steps': 60}


def relax(code, atoms, mesh, incar, **changes):
    """Return the node of the relaxation of one structure, its inputs those of a record."""
    own_tags = dict.fromkeys(protocol_inputs('relax_vasp', 'balanced')['incar'])
    overrides = {
        'potential_family': 'EMULATED',
        'kpoints_spacing': None,
        'kpoints_mesh': mesh,
        'incar': {**own_tags, **incar},
        'options': OPTIONS,
        'relaxation': RELAXATION,
        **changes,
    }
    structures = node_from_crystals(crystals_from_structures([orm.StructureData(ase=atoms)]))
    builder = VaspRelaxWorkChain.get_builder_from_protocol(structures, code, overrides=overrides)
    return run_get_node(builder).node


def silicon(code, incar=(), **changes):
    """Return node and set of a recorded relaxation of diamond silicon."""
    atoms = bulk('Si', 'diamond', 5.4)
    node = relax(code, atoms, (7, 7, 7), {**SILICON, **dict(incar)}, **changes)
    assert node.is_finished_ok, node.exit_message
    return crystals_from_node(node.outputs.relaxed)


def assert_is_recorded(crystals, record):
    """Check energy and volume of the only crystal, to the digits that VASP writes."""
    energy, volume = record
    assert crystals['energy'][0] * crystals.counts[0] == pytest.approx(energy, abs=1e-7)
    assert crystals.volumes[0] == pytest.approx(volume, abs=1e-5)


def test_relaxation_with_pbesol_is_replayed(potential_family, replay, recorded):
    """The cell that changed by 1.8 % was relaxed again, and then evaluated at its own basis set."""
    runs = [f'mock_silicon_relax-{one}' for one in PBESOL]
    crystals = silicon(replay(*runs))
    assert_is_recorded(crystals, recorded(runs[2]))
    engine = crystals.metadata['engine']
    assert (engine['name'], engine['version'], engine['functional']) == ('vasp', '6.2.0', 'PBEsol')
    assert 'emulated' not in engine
    assert crystals['volume_change'][0] == pytest.approx(100 * (recorded(runs[1])[1] / 39.366 - 1))


def test_relaxation_with_pbe_is_replayed(potential_family, replay, recorded):
    """Energy, volume and functional are those of the record."""
    runs = [f'mock_silicon_relax_staged-{one}' for one in PBE]
    crystals = silicon(replay(*runs), {'gga': 'pe'})
    assert_is_recorded(crystals, recorded(runs[2]))
    engine = crystals.metadata['engine']
    assert (engine['version'], engine['functional']) == ('6.4.2', 'PBE')


def test_relaxation_in_two_stages_is_replayed(potential_family, replay, recorded):
    """The fine relaxation starts from the end of the coarse one."""
    runs = [f'mock_silicon_relax_staged-{one}' for one in (*PBE, *PBE_400)]
    coarse = {
        'kpoints_spacing': None,
        'incar': {'encut': 250, 'prec': 'normal', 'ediff': 2e-6},
        'relaxation': {**RELAXATION, 'convergence_max_iterations': 5},
    }
    tags = {'gga': 'pe', 'encut': 400}
    crystals = silicon(replay(*runs), tags, two_stage=True, coarse=coarse)
    assert_is_recorded(crystals, recorded(runs[4]))


def one_atom(run, code, **changes):
    """Return the set that comes out of a recorded relaxation of one atom, which never converges.

    Its volume would have to stay the same to a billionth.
    """
    tags, mesh, steps = CONTINUED[run]
    cell = 1.95 * np.array([[1, 1, 0], [0, 1, 1], [1, 0, 1]])
    atoms = Atoms('Si', cell=cell, scaled_positions=[[0.1, 0, 0]], pbc=True)
    relaxation = {
        **RELAXATION,
        'algo': 'rd',
        'steps': steps,
        'convergence_max_iterations': 1,
        'convergence_volume': 1e-9,
    }
    node = relax(code, atoms, mesh, {**ONE_ATOM, **tags}, relaxation=relaxation, **changes)
    assert node.exit_status == 441
    return crystals_from_node(node.outputs.relaxed)


@pytest.mark.parametrize(('run', 'steps'), STEPS.items())
def test_repaired_relaxation_is_replayed(potential_family, replay, recorded, run, steps):
    """A run that spent its steps, or was cut short, goes on from where it came to."""
    code = replay(f'{run}/calc-000', f'{run}/calc-001', tags='EDIFFG = -0.03')
    crystals = one_atom(run, code, max_iterations=2)
    assert_is_recorded(crystals, recorded(f'{run}/calc-001'))
    assert crystals['rejection'].tolist() == [f'not converged after {steps} steps']
    assert crystals['converged'].tolist() == [False]
    assert crystals['exit_status'].tolist() == [600]


def test_last_geometry_of_an_unconverged_run_comes_out(potential_family, replay, recorded):
    """Where no repair is allowed, energy and volume are those of the last of five steps."""
    run = 'vasp_wc_ionic_continue'
    crystals = one_atom(run, replay(f'{run}/calc-000', tags='EDIFFG = -0.03'), max_iterations=1)
    assert_is_recorded(crystals, recorded(f'{run}/calc-000'))
    assert crystals['rejection'].tolist() == ['not converged after 5 steps']
    assert crystals['exit_status'].tolist() == [401]


@pytest.mark.parametrize(
    ('run', 'vasprun', 'reason'),
    [
        ('exit_codes/elec-unconverged', None, 'the electrons did not converge'),
        ('exit_codes/unfinished', None, 'VASP did not reach its end'),
        ('exit_codes/unfinished', 'relax-truncated', 'VASP did not reach its end'),
    ],
)
def test_recorded_failures_are_told_apart(
    potential_family, playback, records, run, vasprun, reason
):
    """Each costs its row, which keeps its geometry, with the reason and without numbers."""
    atoms = ase.io.read(records / run / 'out' / 'POSCAR', format='vasp')
    code = playback(run, vasprun)
    node = relax(code, atoms, (2, 2, 2), {}, freedom='none', max_iterations=1, ladder=[])
    crystals = crystals_from_node(node.outputs.relaxed)
    assert crystals['rejection'].tolist() == [reason]
    assert crystals['exit_status'].tolist() == [401]
    assert np.isnan(crystals['energy']).all()
    assert crystals.volumes[0] == pytest.approx(atoms.get_volume())
    assert node.exit_status == 441
    assert reason in node.exit_message


def test_recorded_evaluation_without_moves_is_replayed(potential_family, playback, records):
    """A single evaluation gives energy, and keeps the geometry to the last bit."""
    run = 'exit_codes/converged'
    atoms = ase.io.read(records / run / 'out' / 'POSCAR', format='vasp')
    node = relax(playback(run), atoms, (2, 2, 2), {}, freedom='none')
    assert node.is_finished_ok, node.exit_message
    crystals = crystals_from_node(node.outputs.relaxed)
    assert crystals['energy'][0] == pytest.approx(-6.5016163 / 2, abs=1e-6)
    assert crystals['steps'].tolist() == [0]
