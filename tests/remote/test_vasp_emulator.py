"""The VASP emulator gives the numbers of its potential, in VASP's files."""

import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from ase.units import GPa
from pymatgen.core import Structure
from pymatgen.io.vasp import Oszicar, Vasprun

from aiida_crystalgen.remote.vasp_emulator.identity import emulating_engine, is_emulated, notice
from aiida_crystalgen.remote.vasp_emulator.incar import read_incar
from aiida_crystalgen.remote.vasp_emulator.poscar import read_poscar, write_poscar
from aiida_crystalgen.science.potentials.interface import load_potential
from aiida_crystalgen.science.structures import from_structures

KILOBAR = 0.1 * GPa
RELAXATION = {'NSW': 60, 'IBRION': 2, 'EDIFFG': -0.001}


def read_vasprun(folder):
    """Return pymatgen's reading of vasprun.xml."""
    return Vasprun(folder / 'vasprun.xml', parse_potcar_file=False)


def cell_of(folder, name='CONTCAR'):
    """Return the lattice vectors of a file, and the fractional coordinates."""
    structure = Structure.from_file(folder / name)
    return structure.lattice.matrix, structure.frac_coords


def test_forces_stress_and_energy_are_those_of_the_potential(run_emulator):
    """Every number in vasprun.xml is that of the potential on the same structure."""
    _, folder = run_emulator()
    step = read_vasprun(folder).ionic_steps[-1]
    crystal = from_structures([Structure.from_file(folder / 'POSCAR')])
    direct = load_potential('stillinger-weber').evaluate(crystal)
    assert np.allclose(step['forces'], direct.forces, rtol=0, atol=1e-12)
    assert np.allclose(-KILOBAR * np.array(step['stress']), direct.stresses[0], rtol=0, atol=1e-12)
    assert abs(step['e_0_energy'] - direct.energies[0]) < 1e-11


@pytest.mark.parametrize('ibrion', [1, 2, 3])
def test_relaxation_ends_without_forces_and_stress(run_emulator, ibrion):
    """Ions and cell relax to diamond at 5.431 Å, before all steps are spent."""
    status, folder = run_emulator(**{**RELAXATION, 'ISIF': 3, 'IBRION': ibrion, 'NSW': 200})
    run = read_vasprun(folder)
    last = run.ionic_steps[-1]
    assert status == 0
    assert run.converged
    assert np.abs(last['forces']).max() < 0.001
    assert np.abs(last['stress']).max() < 0.2
    assert abs(run.final_structure.volume - 5.431**3 / 4) < 0.02


def test_every_ionic_step_goes_downhill_with_its_own_geometry(run_emulator):
    """The trajectory is the relaxation's: each step has other forces and a lower energy."""
    _, folder = run_emulator(**RELAXATION)
    run = read_vasprun(folder)
    energies = [step['e_0_energy'] for step in run.ionic_steps]
    positions = [step['structure'].frac_coords for step in run.ionic_steps]
    assert 1 < len(energies) < 60
    assert energies[-1] < energies[0]
    assert all(not np.allclose(one, two) for one, two in pairwise(positions))


def test_contcar_is_the_last_step_to_full_precision(run_emulator):
    """CONTCAR, the last calculation and the final structure agree to 16 digits."""
    _, folder = run_emulator(**RELAXATION, ISIF=3)
    run = read_vasprun(folder)
    for structure in (run.ionic_steps[-1]['structure'], run.final_structure):
        assert np.allclose(structure.lattice.matrix, cell_of(folder)[0], rtol=0, atol=1e-14)
        assert np.allclose(structure.frac_coords, cell_of(folder)[1], rtol=0, atol=1e-14)


@pytest.mark.parametrize('isif', [0, 1, 2])
def test_cell_stays_with_low_isif(run_emulator, isif):
    """ISIF 0 to 2 moves ions in a fixed cell."""
    _, folder = run_emulator(**RELAXATION, ISIF=isif)
    assert np.allclose(cell_of(folder)[0], cell_of(folder, 'POSCAR')[0], rtol=0, atol=1e-12)
    assert not np.allclose(cell_of(folder)[1], cell_of(folder, 'POSCAR')[1])


@pytest.mark.parametrize('isif', [5, 6, 7])
def test_ions_stay_with_high_isif(run_emulator, isif):
    """ISIF 5 to 7 keeps the fractional coordinates."""
    _, folder = run_emulator(**RELAXATION, ISIF=isif)
    assert np.allclose(cell_of(folder)[1], cell_of(folder, 'POSCAR')[1], rtol=0, atol=1e-12)
    assert not np.allclose(cell_of(folder)[0], cell_of(folder, 'POSCAR')[0])


@pytest.mark.parametrize('isif', [4, 5])
def test_volume_stays_where_isif_says_so(run_emulator, isif):
    """ISIF 4 and 5 change the shape of the cell at constant volume."""
    _, folder = run_emulator(**RELAXATION, ISIF=isif)
    start, end = cell_of(folder, 'POSCAR')[0], cell_of(folder)[0]
    assert abs(np.linalg.det(end) / np.linalg.det(start) - 1) < 1e-10
    assert not np.allclose(start, end)


@pytest.mark.parametrize('isif', [7, 8])
def test_shape_stays_where_isif_says_so(run_emulator, isif):
    """ISIF 7 and 8 scale the cell."""
    _, folder = run_emulator(**RELAXATION, ISIF=isif)
    ratio = np.linalg.solve(cell_of(folder, 'POSCAR')[0], cell_of(folder)[0])
    assert np.allclose(ratio, ratio[0, 0] * np.eye(3), rtol=0, atol=1e-10)
    assert abs(ratio[0, 0] - 1) > 1e-3


def test_relaxation_under_pressure_ends_at_that_pressure(run_emulator):
    """With PSTRESS the stress of the crystal is that of the outside, in kB."""
    _, folder = run_emulator(**RELAXATION, ISIF=3, PSTRESS=50)
    stress = np.array(read_vasprun(folder).ionic_steps[-1]['stress'])
    assert np.allclose(stress, 50 * np.eye(3), atol=0.2)
    assert 'enthalpy is' in (folder / 'OUTCAR').read_text()


def test_positive_ediffg_ends_with_a_small_change_of_energy(run_emulator):
    """EDIFFG > 0 is met by the last change of the energy and by none before."""
    _, folder = run_emulator(NSW=60, IBRION=1, EDIFFG=1e-3)
    energies = [step['e_0_energy'] for step in read_vasprun(folder).ionic_steps]
    changes = np.abs(np.diff(energies))
    assert changes[-1] < 1e-3
    assert (changes[:-1] >= 1e-3).all()


@pytest.mark.parametrize(('nsw', 'ibrion', 'steps'), [(0, -1, 1), (5, -1, 1), (1, 2, 1), (3, 2, 3)])
def test_no_more_than_nsw_steps(run_emulator, nsw, ibrion, steps):
    """NSW limits the evaluations; where nothing moves there is one."""
    _, folder = run_emulator(NSW=nsw, IBRION=ibrion, EDIFFG=-1e-6)
    assert (folder / 'vasprun.xml').read_text().count('<calculation>') == steps


def test_atoms_keep_the_order_of_poscar(run_emulator):
    """Blocks of one species may alternate, as aiida-vasp writes them."""
    poscar = '\n'.join(
        ['', '1', '5 0 0', '0 5 0', '0 0 5', 'Si1 Si2 Si1', '1 2 1', 'Cartesian']
        + [f'{x} {x} {0.5 * x}' for x in (0.1, 1.4, 2.6, 3.9)]
    )
    status, folder = run_emulator(poscar=poscar, potcars=('Si', 'Si', 'Si'))
    run = read_vasprun(folder)
    assert status == 0
    assert np.allclose(run.final_structure.cart_coords[:, 0], [0.1, 1.4, 2.6, 3.9])


def test_nothing_electronic_is_invented(run_emulator):
    """There are no bands, no Fermi level and no k-points beyond the mesh that was asked for."""
    _, folder = run_emulator()
    text = (folder / 'vasprun.xml').read_text()
    run = read_vasprun(folder)
    assert run.eigenvalues is None
    assert run.efermi is None
    assert not any(word in text for word in ('eigenvalues', '<dos', 'efermi', 'NELECT', 'NBANDS'))
    assert run.kpoints.kpts == [(2, 2, 2)]
    assert len(run.actual_kpoints) == 0


def test_every_file_says_that_it_is_emulated(run_emulator):
    """The notice with the name of the potential stands in all long outputs."""
    _, folder = run_emulator()
    engine = load_potential('stillinger-weber').engine
    for name in ('vasprun.xml', 'OUTCAR', 'vasp_output'):
        text = (folder / name).read_text()
        assert all(line in text for line in notice(engine))
        assert emulating_engine([text]) == engine
    assert is_emulated(read_vasprun(folder).vasp_version)
    assert read_vasprun(folder).potcar_symbols == ['EMULATED Si']


@pytest.mark.parametrize('version', ['5.4.4', '6.3.2', '6.4.2 18Apr23'])
def test_versions_of_vasp_are_not_emulated(version):
    """The mark cannot be met by VASP, nor by a message of it."""
    assert not is_emulated(version)
    assert emulating_engine(['You use a magnetic or noncollinear calculation']) is None


def test_pymatgen_reads_the_short_account(run_emulator):
    """OSZICAR has one electronic step in each ionic one, and the final energy."""
    _, folder = run_emulator(**RELAXATION)
    run, short = read_vasprun(folder), Oszicar(folder / 'OSZICAR')
    assert abs(short.final_energy - run.final_energy) < 1e-6
    assert [len(steps) for steps in short.electronic_steps] == [1] * run.nionic_steps


def test_poscar_is_read_with_any_scale(run_emulator):
    """A factor, a volume, Cartesian and fractional coordinates describe the same crystal."""
    lattice = '1 0 0\n0 1 0\n0 0 2\nSi\n1\n'
    texts = [
        f'a\n3\n{lattice}Direct\n0.5 0.5 0.25\n',
        f'b\n-54\n{lattice}Cartesian\n0.5 0.5 0.5\n',
        'c\n1\n3 0 0\n0 3 0\n0 0 6\nSi\n1\ncart\n1.5 1.5 1.5\n',
    ]
    for poscar in map(read_poscar, texts):
        assert np.allclose(poscar.lattice, np.diag([3, 3, 6]))
        assert np.allclose(poscar.fractions, [[0.5, 0.5, 0.25]])


def test_contcar_is_a_poscar(run_emulator):
    """What is written is read back as it was."""
    poscar = read_poscar('x\n1.0\n3.1 0 0\n0 3.2 0\n1e-3 0 6\nSn Se\n1 1\nD\n0.1 0.2 0.3\n0 0 0\n')
    again = read_poscar(write_poscar(poscar, poscar.lattice, poscar.fractions))
    assert again.comment == poscar.comment
    assert (again.species, again.amounts) == (poscar.species, poscar.amounts)
    assert np.array_equal(again.lattice, poscar.lattice)
    assert np.array_equal(again.fractions, poscar.fractions)


def test_incar_is_read_as_vasp_reads_it():
    """Comments, several tags in a line, continued lines and Fortran's exponents are understood."""
    incar = read_incar('nsw = 5 ; IBRION=2 # NSW = 7\nEDIFF = 1.0D-5 ! no\n\nMAGMOM = 1 \\\n 2\n')
    assert (incar.nsw, incar.ibrion, incar.ediff) == (5, 2, 1e-5)
    assert incar.ediffg == 1e-4
    assert incar.tags['MAGMOM'].split() == ['1', '2']
    assert (read_incar('').ibrion, read_incar('').isif) == (-1, 2)


@pytest.mark.parametrize(
    ('tags', 'sentence'),
    [
        ({'NSW': 5}, 'IBRION = 0 cannot be emulated'),
        ({'NSW': 5, 'IBRION': 6}, 'IBRION = 6 cannot be emulated'),
        ({'NSW': 5, 'IBRION': 2, 'ISIF': 9}, 'ISIF = 9 cannot be emulated'),
        ({'NSW': 'many'}, "NSW in INCAR is 'many'"),
        ({'potcars': ('C',)}, 'POSCAR has the species Si, but POTCAR has C'),
        ({'poscar': 'too\nshort\n'}, 'POSCAR is not of VASP 5'),
    ],
)
def test_what_cannot_be_done_is_said_in_one_sentence(run_emulator, tags, sentence):
    """A refused run has a status, a sentence in the standard output, and no vasprun.xml."""
    status, folder = run_emulator(**tags)
    assert status == 1
    assert sentence in (folder / 'vasp_output').read_text()
    assert not (folder / 'vasprun.xml').exists()


def test_unknown_element_stops_the_run(run_emulator):
    """A potential that does not know an element says which ones it knows."""
    poscar = 'Ge\n1\n4 0 0\n0 4 0\n0 0 4\nGe\n1\nDirect\n0 0 0\n'
    status, folder = run_emulator(poscar=poscar, potcars=('Ge',))
    assert status == 1
    assert 'does not know the element Ge' in (folder / 'vasp_output').read_text()


def test_crystal_that_leaves_the_range_of_the_potential_stops_the_run(run_emulator):
    """An expansion without end is no relaxation; the files end like those of a crash."""
    status, folder = run_emulator(**RELAXATION, ISIF=3, PSTRESS=-2000)
    assert status == 1
    assert 'volume per atom became' in (folder / 'vasp_output').read_text()
    assert 'General timing' not in (folder / 'OUTCAR').read_text()


def test_executable_wants_to_know_its_potential(tmp_path):
    """Without the variable, the message names it and the potentials there are."""
    executable = Path(sys.executable).with_name('crystalgen-vasp-emulator')
    (tmp_path / 'INCAR').write_text('')
    result = subprocess.run([executable], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert 'POSCAR is missing' in result.stdout
    assert 'CRYSTALGEN_EMULATOR_POTENTIAL' in subprocess.check_output([executable, '-h'], text=True)
