"""Laws of the random crystals of a given space group."""

from __future__ import annotations

import numpy as np
import pytest
import spglib
from ase import Atoms
from ase.neighborlist import neighbor_list
from scipy.stats import kstest

from aiida_crystalgen.science.structures import formulas
from aiida_crystalgen.science.symmetry.compatibility import compatible_space_groups
from aiida_crystalgen.science.symmetry.lattices import primitive_basis
from aiida_crystalgen.science.symmetry.random_crystals import CellContents, random_crystals
from aiida_crystalgen.science.symmetry.random_numbers import crystal_seeds
from aiida_crystalgen.science.symmetry.wyckoff import wyckoff_table

# Amounts, volume per atom in Å³, distances in Å, and groups in which no combination keeps them.
CASES = {
    'Si8': ({'Si': 8}, 23.0, {'Si-Si': 2.1}, {214}),
    'Si16': ({'Si': 16}, 23.0, {'Si-Si': 2.1}, set()),
    'Na4Cl4': ({'Na': 4, 'Cl': 4}, 22.4, {'Na-Na': 2.2, 'Na-Cl': 2.1, 'Cl-Cl': 2.2}, {212, 213}),
    'Sn12Se12': (
        {'Sn': 12, 'Se': 12},
        686 / 24,
        {'Sn-Sn': 2.0, 'Sn-Se': 2.1, 'Se-Se': 2.2},
        set(),
    ),
    'Mg4Si4O12': (
        {'Mg': 4, 'Si': 4, 'O': 12},
        10.4,
        {'Mg-Mg': 1.8, 'Mg-Si': 1.8, 'Si-Si': 1.8, 'Mg-O': 1.6, 'Si-O': 1.4, 'O-O': 1.6},
        set(),
    ),
}


def contents_of(case, *, cell='conventional', attempts=2000):
    """Return what the cells of a case hold."""
    amounts, volume, distances, _ = CASES[case]
    return CellContents(amounts, cell, volume, 0.1, distances, attempts)


def crystals_of(case, *, each=2, cell='conventional', attempts=2000):
    """Return crystals of every compatible space group."""
    contents = contents_of(case, cell=cell, attempts=attempts)
    groups = np.tile(compatible_space_groups(contents.amounts, cell), each)
    return random_crystals(contents, groups, crystal_seeds(1, len(groups)))


@pytest.fixture(scope='module', params=CASES)
def case(request):
    """Return the name of a case, its crystals, and which of them are valid."""
    crystals = crystals_of(request.param)
    return request.param, crystals, crystals['rejection'] == ''


def misfit(operations, coordinates, numbers):
    """Return how far operations carry atoms from the nearest atom of their element, in cells."""
    images = coordinates @ np.swapaxes(operations[:, :, :3], 1, 2) + operations[:, None, :, 3]
    gaps = images[:, :, None] - coordinates
    gaps = np.abs(gaps - np.rint(gaps)).max(axis=-1)
    return np.where(numbers[:, None] == numbers, gaps, 1.0).min(axis=-1).max()


def test_every_operation_maps_the_crystal_onto_itself(case):
    """All operations of the requested group are symmetries, of failed crystals as well."""
    _, crystals, _ = case
    for row, group in enumerate(crystals['requested_space_group']):
        atoms = crystals.atoms(row)
        operations = wyckoff_table().operations(int(group))
        coordinates = crystals.fractional_coordinates[atoms]
        assert misfit(operations, coordinates, crystals.atomic_numbers[atoms]) < 1e-9


@pytest.mark.filterwarnings('ignore:Set OLD_ERROR_HANDLING:DeprecationWarning')
def test_spglib_finds_at_least_the_symmetry_asked_for(case):
    """As many operations as the requested group has, or more, in the same cell."""
    _, crystals, is_valid = case
    for row in np.flatnonzero(is_valid).tolist():
        atoms = crystals.atoms(row)
        cell = (
            crystals.lattices[row],
            crystals.fractional_coordinates[atoms],
            crystals.atomic_numbers[atoms],
        )
        found = spglib.get_symmetry(cell, symprec=1e-4)
        group = int(crystals['requested_space_group'][row])
        assert len(found['rotations']) >= len(wyckoff_table().operations(group))


def test_compositions_are_exact(case):
    """Every cell has the formula asked for."""
    name, crystals, _ = case
    assert set(formulas(crystals)) == {name}


def test_volumes_are_within_the_tolerance(case):
    """Volumes fill the range of ± 10 % and stay inside."""
    name, crystals, _ = case
    deviations = crystals.volumes / crystals.counts / CASES[name][1] - 1
    assert np.abs(deviations).max() <= 0.1 + 1e-9
    assert kstest(deviations, 'uniform', (-0.1, 0.2)).pvalue > 1e-3


def has_close_atoms(crystals, row, distances):
    """Return whether ASE finds atoms or images of them closer than allowed."""
    atoms = crystals.atoms(row)
    one = Atoms(
        crystals.atomic_numbers[atoms],
        cell=crystals.lattices[row],
        scaled_positions=crystals.fractional_coordinates[atoms],
        pbc=True,
    )
    limits = {tuple(pair.split('-')): limit - 1e-6 for pair, limit in distances.items()}
    return len(neighbor_list('i', one, limits)) > 0


def test_distances_are_kept(case):
    """ASE finds no pair of atoms or images closer than allowed."""
    name, crystals, is_valid = case
    for row in np.flatnonzero(is_valid)[::2].tolist():
        assert not has_close_atoms(crystals, row, CASES[name][2])


@pytest.mark.parametrize('group', [1, 2, 3, 8, 146, 148])
def test_distances_longer_than_the_cell_are_kept(group):
    """Unlike atoms far apart in a small cell of like ones: more images have to be searched."""
    distances = {'Na-Na': 1.5, 'Cl-Cl': 1.5, 'Na-Cl': 2.4}
    contents = CellContents({'Na': 1, 'Cl': 1}, 'primitive', 14.0, 0.5, distances, 2000)
    crystals = random_crystals(contents, np.full(50, group), crystal_seeds(0, 50))
    assert (crystals['rejection'] == '').all()
    for row in range(50):
        assert not has_close_atoms(crystals, row, distances)


def test_only_impossible_groups_fail(case):
    """Every compatible group but the listed ones gives crystals."""
    name, crystals, is_valid = case
    assert set(crystals['requested_space_group'][~is_valid].tolist()) == CASES[name][3]


def test_failures_say_what_was_tried():
    """The reason names the group and the number of attempts, and the attempts are counted."""
    crystals = random_crystals(
        contents_of('Si8', attempts=30), np.array([214, 227]), crystal_seeds(0, 2)
    )
    assert crystals['rejection'].tolist() == ['no crystal of space group 214 in 30 attempts', '']
    assert crystals['attempts'][0] == 30
    assert 1 <= crystals['attempts'][1] <= 30


def test_a_crystal_does_not_depend_on_its_batch():
    """Bit for bit the same, alone, among others, or a second time."""
    contents = contents_of('Na4Cl4', attempts=50)
    groups = np.resize(compatible_space_groups(contents.amounts, 'conventional'), 400)
    seeds = crystal_seeds(4, 400)
    together = random_crystals(contents, groups, seeds)
    again = random_crystals(contents, groups, seeds)
    assert np.array_equal(together.fractional_coordinates, again.fractional_coordinates)
    for row in range(0, 400, 21):
        alone = random_crystals(contents, groups[row : row + 1], seeds[row : row + 1])
        atoms = together.atoms(row)
        assert np.array_equal(alone.lattices[0], together.lattices[row])
        assert np.array_equal(alone.fractional_coordinates, together.fractional_coordinates[atoms])
        assert all(alone[name][0] == together[name][row] for name in together.columns)


def test_a_crystal_does_not_depend_on_the_size_of_blocks(monkeypatch):
    """Working on few or many attempts at a time changes nothing."""
    from aiida_crystalgen.science.symmetry import drawing

    usual = crystals_of('Si8', each=1, attempts=40)
    monkeypatch.setattr(drawing, '_BLOCK_ATOMS', 100)
    small = crystals_of('Si8', each=1, attempts=40)
    assert np.array_equal(usual.fractional_coordinates, small.fractional_coordinates)
    assert np.array_equal(usual['attempts'], small['attempts'])


@pytest.mark.parametrize('case_name', ['Si8', 'Na4Cl4'])
def test_primitive_cells_are_the_same_crystals(case_name):
    """A primitive cell has the symmetry asked for, its composition and its volume."""
    crystals = crystals_of(case_name, each=1, cell='primitive', attempts=1000)
    assert set(formulas(crystals)) == {case_name}
    per_atom = crystals.volumes / crystals.counts
    assert per_atom == pytest.approx(np.full(len(crystals), CASES[case_name][1]), rel=0.1 + 1e-9)
    for row, group in enumerate(crystals['requested_space_group']):
        atoms = crystals.atoms(row)
        basis = primitive_basis(int(group)).T
        operations = wyckoff_table().operations(int(group)).copy()
        operations[:, :, :3] = np.linalg.inv(basis) @ operations[:, :, :3] @ basis
        operations[:, :, 3] = operations[:, :, 3] @ np.linalg.inv(basis).T
        coordinates = crystals.fractional_coordinates[atoms]
        assert misfit(operations, coordinates, crystals.atomic_numbers[atoms]) < 1e-9


def test_wyckoff_text_tells_the_orbits():
    """The cesium chloride structure has one atom on each of two fixed positions."""
    distances = {'Cs-Cs': 3.0, 'Cl-Cl': 3.0, 'Cs-Cl': 3.0}
    contents = CellContents({'Cs': 1, 'Cl': 1}, 'conventional', 34.0, 0.0, distances, 10)
    crystals = random_crystals(contents, np.full(20, 221), crystal_seeds(0, 20))
    assert set(crystals['wyckoff'].tolist()) == {'Cs: 1a; Cl: 1b', 'Cs: 1b; Cl: 1a'}


def test_repeated_positions_are_counted():
    """Eight atoms of P1 are eight orbits of one position."""
    crystals = random_crystals(contents_of('Si8'), np.array([1]), crystal_seeds(0, 1))
    assert crystals['wyckoff'].tolist() == ['Si: 8*1a']


def test_free_parameters_are_uniform():
    """With no distance to keep, coordinates in P1 and along the axes of P4mm are uniform."""
    contents = CellContents({'Si': 4}, 'conventional', 20.0, 0.1, {'Si-Si': 1e-3}, 1)
    crystals = random_crystals(contents, np.full(2000, 1), crystal_seeds(0, 2000))
    for axis in range(3):
        assert kstest(crystals.fractional_coordinates[:, axis], 'uniform').pvalue > 1e-3
    crystals = random_crystals(contents, np.full(2000, 99), crystal_seeds(0, 2000))
    assert kstest(crystals.fractional_coordinates[::4, 2], 'uniform').pvalue > 1e-3


def labels(text):
    """Return the labels of a crystal of one element, with repetitions, as in ['4a', '4c', '4c']."""
    parts = [part.rpartition('*') for part in text.split(': ')[1].split()]
    return tuple(sorted(label for count, _, label in parts for _ in range(int(count or 1))))


@pytest.mark.parametrize('group', [12, 62, 194, 225])
def test_combinations_are_as_broad_as_those_of_pyxtal(group):
    """Among valid crystals of Si8, every combination that PyXtal gets we get too."""
    from pyxtal.crystal import random_crystal
    from pyxtal.lattice import Lattice
    from pyxtal.symmetry import Group
    from pyxtal.tolerance import Tol_matrix

    rng, tolerance, theirs = np.random.default_rng(0), Tol_matrix(('Si', 'Si', 2.1)), set()
    for _ in range(20):
        options = {
            'lattice': Lattice(Group(group).lattice_type, 184.0, random_state=rng),
            'tm': tolerance,
            'random_state': rng,
        }
        crystal = random_crystal(3, group, ['Si'], [8], **options)
        if crystal.valid:
            theirs.add(tuple(sorted(site.wp.get_label() for site in crystal.atom_sites)))
    ours = random_crystals(contents_of('Si8'), np.full(2000, group), crystal_seeds(0, 2000))
    assert theirs <= {labels(text) for text in ours['wyckoff']}


def test_impossible_groups_are_refused():
    """The message names the groups and the composition."""
    with pytest.raises(ValueError, match=r'space groups \[144, 228\] hold'):
        random_crystals(contents_of('Si8'), np.array([144, 1, 228]), crystal_seeds(0, 3))


def test_missing_distances_are_named():
    """A pair without a distance is refused."""
    contents = CellContents({'Na': 1, 'Cl': 1}, 'primitive', 20.0, 0.1, {'Na-Na': 2.0}, 5)
    with pytest.raises(ValueError, match='no value for Na-Cl'):
        random_crystals(contents, np.array([1]), crystal_seeds(0, 1))


def test_progress_reaches_the_total():
    """Finished crystals are reported, failed ones included, and never more than there are."""
    reports = []
    contents = contents_of('Si8', attempts=20)
    random_crystals(
        contents,
        np.array([1, 214, 227]),
        crystal_seeds(0, 3),
        progress=lambda done, total, message='': reports.append((done, total)),
    )
    assert reports[-1] == (3, 3)
    assert [done for done, _ in reports] == sorted(done for done, _ in reports)
