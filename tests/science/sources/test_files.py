"""Tests of `aiida_crystalgen.science.sources.files`."""

import gzip
import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, molecule
from ase.calculators.singlepoint import SinglePointCalculator
from ase.io import write
from pymatgen.core import DummySpecies, Lattice, Structure
from pymatgen.core.structure_matcher import StructureMatcher
from pymatgen.entries.computed_entries import ComputedStructureEntry
from pymatgen.io.cif import CifWriter
from pymatgen.io.vasp.inputs import Poscar

from aiida_crystalgen.science.crystals import CrystalSet
from aiida_crystalgen.science.sources.files import read_files
from aiida_crystalgen.science.structures import to_structure

DIAMOND = Structure.from_spacegroup('Fd-3m', Lattice.cubic(5.43), ['Si'], [[0, 0, 0]])
ROCK_SALT = Structure.from_spacegroup(
    'Fm-3m', Lattice.cubic(6.0), ['Sn', 'Se'], [[0, 0, 0], [0.5, 0, 0]]
)


def read(*paths: Path, shortest_distance: float = 0.5) -> CrystalSet:
    """Return the crystals in the paths."""
    return read_files(paths, shortest_distance=shortest_distance)


def rejections(crystals: CrystalSet) -> dict[str, str]:
    """Return the reasons of what was rejected."""
    return crystals.metadata['source']['rejected']


def disordered() -> Structure:
    """Return diamond with half of one site germanium."""
    structure = DIAMOND.copy()
    structure.replace(0, {'Si': 0.5, 'Ge': 0.5})
    return structure


WRITERS = {
    'Si.cif': lambda one, path: CifWriter(one).write_file(path),
    'POSCAR': lambda one, path: Poscar(one).write_file(path),
    'CONTCAR_relaxed': lambda one, path: Poscar(one).write_file(path, direct=False),
    'Si.vasp': lambda one, path: Poscar(one).write_file(path),
    'Si.json': lambda one, path: path.write_text(json.dumps(one.as_dict())),
    'list.json': lambda one, path: path.write_text(json.dumps([one.as_dict()])),
    'Si.extxyz': lambda one, path: write(path, one.to_ase_atoms()),
    'Si.cif.gz': lambda one, path: path.write_bytes(gzip.compress(str(CifWriter(one)).encode())),
}


@pytest.mark.parametrize('structure', [DIAMOND, ROCK_SALT], ids=['diamond', 'rock salt'])
@pytest.mark.parametrize('name', WRITERS)
def test_every_format_gives_the_same_crystal(tmp_path, name, structure):
    """A crystal written by pymatgen or ASE is read as the same crystal."""
    path = tmp_path / name
    WRITERS[name](structure, path)
    crystals = read(path)
    assert crystals['label'].tolist() == [name]
    assert StructureMatcher(primitive_cell=False, scale=False).fit(
        to_structure(crystals, 0), structure
    )


SYMMETRIC = """data_Si
_cell_length_a 5.43(1)
_cell_length_b 5.43
_cell_length_c 5.43
_cell_angle_alpha 90
_cell_angle_beta 90
_cell_angle_gamma 90
_symmetry_space_group_name_H-M 'F d -3 m'
loop_
_atom_site_label
_atom_site_type_symbol
_atom_site_fract_x
_atom_site_fract_y
_atom_site_fract_z
Si1 Si 0 0 0
"""


def test_symmetry_of_a_cif_is_applied(tmp_path):
    """A site of the asymmetric unit becomes all sites of the cell."""
    (tmp_path / 'Si.cif').write_text(SYMMETRIC)
    crystals = read(tmp_path)
    assert StructureMatcher(primitive_cell=False).fit(to_structure(crystals, 0), DIAMOND)


@pytest.fixture
def folder(tmp_path) -> Path:
    """Return a folder of twenty CIFs, one of them with partial occupancy, and a text."""
    folder = tmp_path / 'cifs'
    (folder / 'more').mkdir(parents=True)
    for number in range(19):
        place = folder / 'more' if number > 9 else folder
        CifWriter(DIAMOND.copy().scale_lattice(150 + number)).write_file(place / f'{number}.cif')
    CifWriter(disordered()).write_file(folder / 'alloy.cif')
    (folder / 'README.md').write_text('about these files')
    (folder / '.hidden.cif').write_text('not meant to be read')
    return folder


def test_a_folder_is_read_but_for_what_cannot_be_used(folder):
    """Nineteen of twenty crystals are read, and the reason for the other is told."""
    crystals = read(folder)
    assert len(crystals) == 19
    assert list(rejections(crystals)) == ['alloy.cif']
    assert 'partial occupancy' in rejections(crystals)['alloy.cif']


def test_labels_are_sorted_paths_below_the_folder(folder):
    """The order and the names of crystals do not depend on where the folder is."""
    labels = read(folder)['label'].tolist()
    assert labels == sorted(labels)
    assert labels[0] == '0.cif'
    assert labels[-1] == 'more/18.cif'


def test_files_are_named_so_that_no_two_agree(folder):
    """Files of the same name in two folders are told apart, and none is read twice."""
    crystals = read(folder / 'more', folder, folder / '1.cif')
    assert len(set(crystals['label'])) == len(crystals) == 19


def test_files_are_remembered_by_their_hash(folder):
    """The source holds the SHA-256 of each file that was read, usable or not."""
    source = read(folder).metadata['source']
    assert source['kind'] == 'files'
    assert len(source['files']) == 20
    content = (folder / 'alloy.cif').read_bytes()
    assert source['files']['alloy.cif'] == hashlib.sha256(content).hexdigest()


def test_progress_is_told_for_each_file(folder):
    """Every file is reported, the last as the end."""
    told = []
    read_files([folder], shortest_distance=0.5, progress=lambda *told_now: told.append(told_now))
    assert [done for done, _, _ in told] == list(range(1, 21))
    assert {total for _, total, _ in told} == {20}


VASP_4 = 'no species\n1.0\n3 0 0\n0 3 0\n0 0 3\n1\nDirect\n0 0 0\n'
OMITTED = str(CifWriter(DIAMOND)).replace(
    '_chemical_formula_sum   Si8', "_chemical_formula_sum 'Si8 H4'"
)
BAD_TEXTS = {
    'empty.cif': ('', 'cannot be read'),
    'text.cif': ('hello', 'cannot be read'),
    'cut.cif': (str(CifWriter(DIAMOND))[:300], 'cannot be read'),
    'omitted.cif': (OMITTED, 'Missing elements H'),
    'POSCAR': (VASP_4, 'cannot be determined'),
    'cut.vasp': (VASP_4[:30], 'cannot be read'),
    'empty.extxyz': ('', 'cannot be read'),
    'cut.extxyz': ('8\nLattice="3 0 0 0 3 0 0 0 3"\nSi 0 0 0\n', 'cannot be read'),
    'not.json': ('{', 'cannot be read'),
    'other.json': ('{"a": 1}', "KeyError: 'lattice'"),
    'numbers.json': ('[1, 2]', 'cannot be read'),
    'what.pdf': ('%PDF', 'type is not known'),
    'broken.cif.gz': ('no gzip', 'cannot be read'),
}


@pytest.mark.parametrize('name', BAD_TEXTS)
def test_unreadable_files_are_rejected_with_a_reason(tmp_path, name):
    """A bad file costs itself, not the import."""
    text, reason = BAD_TEXTS[name]
    CifWriter(DIAMOND).write_file(tmp_path / 'good.cif')
    (tmp_path / name).write_text(text)
    crystals = read(tmp_path / 'good.cif', tmp_path / name)
    assert len(crystals) == 1
    assert reason in rejections(crystals)[name]
    assert '\n' not in rejections(crystals)[name]


def test_binary_files_are_rejected(tmp_path):
    """Bytes that are no text are no CIF."""
    (tmp_path / 'image.cif').write_bytes(bytes(range(256)))
    with pytest.raises(ValueError, match=r"none of 1 .* 'image\.cif': it cannot be read"):
        read(tmp_path)


def overlapping() -> Structure:
    """Return two atoms that are 0.3 Å apart through the boundary of the cell."""
    return Structure(Lattice.cubic(4), ['Si', 'Si'], [[0.04, 0, 0], [0.965, 0, 0]])


BAD_STRUCTURES = {
    'disordered': (disordered(), 'partial occupancy'),
    'vacancies': (Structure(Lattice.cubic(3), [{'Si': 0.8}], [[0, 0, 0]]), 'partial occupancy'),
    'overlapping': (overlapping(), 'shortest distance is 0.300 Å, less than 0.5 Å'),
    'tiny': (Structure(Lattice.cubic(0.3), ['Si'], [[0, 0, 0]]), '0.027 Å³ per atom'),
    'slab': (
        Structure(Lattice(3 * np.eye(3), pbc=(True, True, False)), ['Si'], [[0, 0, 0]]),
        'periodic along 2 of 3',
    ),
    'dummy': (Structure(Lattice.cubic(3), [DummySpecies('X')], [[0, 0, 0]]), 'is no element'),
}


@pytest.mark.parametrize('kind', BAD_STRUCTURES)
def test_what_is_no_crystal_is_rejected(tmp_path, kind):
    """Structures that cannot be used are named with the reason, the others are read."""
    structure, reason = BAD_STRUCTURES[kind]
    content = [one.as_dict() for one in (DIAMOND, structure, ROCK_SALT)]
    (tmp_path / 'three.json').write_text(json.dumps(content))
    crystals = read(tmp_path)
    assert crystals['label'].tolist() == ['three.json[0]', 'three.json[2]']
    assert reason in rejections(crystals)['three.json[1]']


def test_molecules_are_clusters_with_room(tmp_path):
    """A frame of XYZ without a cell is a cluster, in a box that leaves 10 Å to its images."""
    water = molecule('H2O')
    write(tmp_path / 'water.xyz', water)
    crystals = read(tmp_path)
    assert not crystals.periodic
    extent = np.ptp(water.positions, axis=0)
    np.testing.assert_allclose(crystals.lattices[0], np.diag(extent + 10))
    found = crystals.cartesian_coordinates
    np.testing.assert_allclose(found - found[0], water.positions - water.positions[0], atol=1e-7)


def test_a_box_with_room_is_kept(tmp_path):
    """Atoms in a wide box that is periodic nowhere stay where they are."""
    water = Atoms(molecule('H2O'), cell=[30, 20, 15], pbc=False)
    water.center()
    write(tmp_path / 'water.extxyz', water)
    crystals = read(tmp_path)
    np.testing.assert_allclose(crystals.lattices[0], np.diag([30, 20, 15]))
    np.testing.assert_allclose(crystals.cartesian_coordinates, water.positions, atol=1e-7)


def test_crystals_and_clusters_do_not_mix(tmp_path):
    """A dataset is of the ones or the others; which one differs is said."""
    write(tmp_path / 'water.xyz', molecule('H2O'))
    WRITERS['Si.cif'](DIAMOND, tmp_path / 'Si.cif')
    with pytest.raises(ValueError, match=r'1 of 2 structures, among them .* are clusters'):
        read(tmp_path)


def test_nothing_to_read_is_refused(tmp_path):
    """An empty folder is no dataset."""
    with pytest.raises(ValueError, match='no structures were found'):
        read(tmp_path)


def test_a_missing_path_is_refused(tmp_path):
    """A path that does not exist is named."""
    with pytest.raises(ValueError, match=r'nowhere\.cif is neither a file nor a folder'):
        read(tmp_path / 'nowhere.cif')


def frames(**info) -> list[Atoms]:
    """Return diamond and rock salt with energies and other properties."""
    result = [bulk('Si'), bulk('NaCl', 'rocksalt', a=5.6, cubic=True)]
    for row, atoms in enumerate(result):
        atoms.info.update({name: values[row] for name, values in info.items()})
    return result


def test_energies_of_extended_xyz_become_energies_per_atom(tmp_path):
    """The energy of the cell is divided by the number of atoms."""
    structures = frames()
    for atoms, energy in zip(structures, (-10.8, -27.2), strict=True):
        atoms.calc = SinglePointCalculator(atoms, energy=energy)
    write(tmp_path / 'set.extxyz', structures)
    crystals = read(tmp_path)
    np.testing.assert_allclose(crystals['energy'], [-5.4, -3.4])
    assert crystals.columns['energy'].unit == 'eV/atom'


def test_properties_that_all_have_become_columns(tmp_path):
    """Numbers, truth values and texts are kept; what one lacks or mixes is left out."""
    structures = frames(
        gap=[0.6, 5], name=['diamond', 'halite'], ok=[True, False], mixed=[1, 'one']
    )
    structures[0].info['alone'] = 1.0
    write(tmp_path / 'set.extxyz', structures)
    crystals = read(tmp_path)
    assert {*crystals.columns} == {'label', 'gap', 'name', 'ok'}
    assert crystals['label'].tolist() == ['diamond', 'halite']
    assert crystals['gap'].tolist() == [0.6, 5.0]
    assert crystals['ok'].tolist() == [True, False]


def test_names_of_properties_become_words(tmp_path):
    """A column has a name that a file can have."""
    write(tmp_path / 'set.extxyz', frames(**{'e-above-hull': [0.0, 0.1]}))
    assert read(tmp_path)['e_above_hull'].tolist() == [0.0, 0.1]


def test_energies_are_kept_only_if_all_have_them(tmp_path):
    """A file without energies leaves the set without energies."""
    write(tmp_path / 'set.extxyz', frames(energy_per_atom=[-5.4, -3.4]))
    assert 'energy' in read(tmp_path)
    CifWriter(DIAMOND).write_file(tmp_path / 'Si.cif')
    assert 'energy' not in read(tmp_path)


def test_entries_of_pymatgen_keep_their_energy(tmp_path):
    """A computed entry gives its corrected energy per atom and its identifier."""
    entry = ComputedStructureEntry(DIAMOND, -43.2, correction=-0.8, entry_id='mp-149')
    (tmp_path / 'entry.json').write_text(json.dumps(entry.as_dict()))
    crystals = read(tmp_path)
    np.testing.assert_allclose(crystals['energy'], [-5.5])
    assert crystals['label'].tolist() == ['mp-149']


def test_json_imports_nothing(tmp_path):
    """A class that a file names is not looked up."""
    content = DIAMOND.as_dict()
    evil = {'@module': 'no.such.module', '@class': 'Trap'}
    content['properties'] = {'trap': evil}
    content['sites'][0]['properties'] = {'trap': evil}
    (tmp_path / 'Si.json').write_text(json.dumps(content))
    assert len(read(tmp_path)) == 1


def test_left_handed_cells_are_crystals(tmp_path):
    """The handedness of a cell is kept."""
    structure = Structure(Lattice(-np.eye(3) * 3), ['Po'], [[0, 0, 0]])
    Poscar(structure).write_file(tmp_path / 'POSCAR')
    assert read(tmp_path).volumes[0] == pytest.approx(27)
