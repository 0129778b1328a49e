"""Tests of `aiida_crystalgen.science.export`."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from ase.build import molecule
from ase.io import read
from pymatgen.core import Structure
from pymatgen.io.cif import CifFile

from aiida_crystalgen.science.crystals import Column, CrystalSet
from aiida_crystalgen.science.export import (
    facts_of_crystal,
    write_cifs,
    write_csv,
    write_extended_xyz,
    write_json,
    write_poscars,
)
from aiida_crystalgen.science.sources.files import read_files

TEXTS = ['', 'diamond (A_cF8_227_a)', '12', 'T', 'nan', 'a "quoted" = x\\y', 'Å', 'true']


@pytest.fixture
def crystals():
    """Return crystals with columns of every kind."""
    random = np.random.default_rng(3)
    number = len(TEXTS)
    return CrystalSet(
        lattices=5 * np.eye(3) + random.normal(scale=0.2, size=(number, 3, 3)),
        fractional_coordinates=np.tile([[0, 0, 0], [0.5, 0.5, 0.4]], (number, 1))
        + random.normal(scale=0.01, size=(2 * number, 3)),
        atomic_numbers=np.tile([50, 34], number),
        counts=np.full(number, 2),
        columns={
            'label': Column(np.array([f'crystal {row}' for row in range(number)])),
            'energy': Column(random.random(number), 'eV/atom'),
            'pressure': Column(np.where(np.arange(number) % 2, 0.5, np.nan), 'GPa'),
            'rejection': Column(np.array(TEXTS)),
            'converged': Column(np.arange(number) % 3 == 0),
            'fingerprint': Column(random.random((number, 3))),
            'steps': Column(np.arange(number)),
        },
    )


def read_back(path: Path) -> CrystalSet:
    """Return the crystals in a file or folder."""
    return read_files([path], shortest_distance=0.1)


def test_extended_xyz_keeps_every_column(crystals, tmp_path):
    """What is exported and imported again is the same set, units included."""
    path = tmp_path / 'set.extxyz'
    write_extended_xyz(crystals, path)
    back = read_back(path)
    assert back.metadata['source']['rejected'] == {}
    np.testing.assert_allclose(back.lattices, crystals.lattices, atol=1e-12)
    np.testing.assert_allclose(
        back.cartesian_coordinates, crystals.cartesian_coordinates, atol=1e-7
    )
    assert {*back.columns} == {*crystals.columns}
    for name, column in crystals.columns.items():
        assert back.columns[name].unit == column.unit
        np.testing.assert_array_almost_equal_nulp(
            *(np.nan_to_num(one) for one in (back[name], column.values)), nulp=4
        ) if column.values.dtype.kind == 'f' else np.testing.assert_array_equal(
            back[name], column.values
        )


def test_extended_xyz_holds_the_energy_of_the_cell(crystals, tmp_path):
    """ASE reads the energy of the whole cell in eV."""
    path = tmp_path / 'set.extxyz'
    write_extended_xyz(crystals, path)
    energies = [atoms.get_potential_energy() for atoms in read(path, ':')]
    np.testing.assert_allclose(energies, 2 * crystals['energy'])


def test_cifs_are_named_by_row_and_label(crystals, tmp_path):
    """A folder of CIFs holds the same crystals in the same order."""
    files = write_cifs(crystals, tmp_path / 'new' / 'cifs')
    assert [file.name for file in files[:2]] == ['0_crystal_0.cif', '1_crystal_1.cif']
    back = read_back(tmp_path / 'new')
    np.testing.assert_allclose(back.volumes, crystals.volumes, rtol=1e-6)
    assert sorted(back.atomic_numbers[:2]) == [34, 50]


def test_cifs_need_no_labels(crystals, tmp_path):
    """Without labels the files are numbered."""
    files = write_cifs(crystals.without_columns(), tmp_path)
    assert [file.name for file in files] == [f'{row}.cif' for row in range(len(TEXTS))]


@pytest.fixture
def emulated(crystals):
    """Return the same crystals with numbers of a stand-in in the first of them."""
    return crystals.with_columns(emulated=np.arange(len(crystals)) == 0)


def test_cif_items_come_back(crystals, tmp_path):
    """Another reader finds every property under its name with its unit, text as it was."""
    for row, file in enumerate(write_cifs(crystals, tmp_path)):
        (block,) = CifFile.from_file(file).data.values()
        found = {name: block.data[f'_crystalgen_{name}'] for name in ('rejection', 'steps')}
        assert int(found['steps']) == row
        if TEXTS[row].isascii():
            assert found['rejection'] == TEXTS[row]
        energy = float(block.data['_crystalgen_energy_eV_per_atom'])
        assert energy == pytest.approx(crystals['energy'][row], abs=1e-9)
        assert (block.data['_crystalgen_pressure_GPa'] == '?') == (row % 2 == 0)
        assert block.data['_crystalgen_converged'] == ('yes' if row % 3 == 0 else 'no')


def test_poscars_say_all_in_their_first_line(crystals, tmp_path):
    """The crystal is the same, and its properties stand before it."""
    for row, file in enumerate(write_poscars(crystals, tmp_path)):
        structure = Structure.from_file(file)
        assert structure.volume == pytest.approx(crystals.volumes[row], rel=1e-12)
        first = file.read_text().splitlines()[0]
        assert f'label crystal {row}; energy {crystals["energy"][row]} eV/atom' in first


@pytest.mark.parametrize('write', [write_cifs, write_poscars])
def test_emulated_numbers_are_marked(emulated, tmp_path, write):
    """The first line of what a stand-in calculated says so in capitals, no other does."""
    marked = ['EMULATED' in file.read_text().splitlines()[0] for file in write(emulated, tmp_path)]
    assert marked == [True] + [False] * (len(emulated) - 1)


def test_csv_has_a_line_for_each_crystal(crystals, tmp_path):
    """Units are in the headings, and numbers keep all digits."""
    write_csv(crystals, tmp_path / 'set.csv')
    with (tmp_path / 'set.csv').open(newline='') as handle:
        rows = list(csv.DictReader(handle))
    assert [float(row['energy (eV/atom)']) for row in rows] == crystals['energy'].tolist()
    assert [row['rejection'] for row in rows] == TEXTS
    assert {row['formula'] for row in rows} == {'Sn1Se1'}
    assert [row['pressure (GPa)'] for row in rows[:2]] == ['', '0.5']


def test_json_has_structures_and_facts(crystals, tmp_path):
    """What is read back are the same facts and the same crystals."""
    write_json(crystals, tmp_path / 'set.json')
    objects = json.loads((tmp_path / 'set.json').read_text())
    for row, one in enumerate(objects):
        structure = Structure.from_dict(one['structure'])
        np.testing.assert_allclose(structure.lattice.matrix, crystals.lattices[row])
        assert {name: one[name] for name in facts_of_crystal(crystals, row)} == facts_of_crystal(
            crystals, row
        )
        assert one['units'] == {'energy': 'eV/atom', 'pressure': 'GPa'}


@pytest.fixture
def clusters(to_clusters):
    """Return two molecules with an energy."""
    molecules = to_clusters(molecule('H2O'), molecule('CH4'))
    return molecules.with_columns(energy=Column(np.array([-1.0, -2.0]), 'eV/atom'))


def test_clusters_come_back_from_extended_xyz(clusters, tmp_path):
    """They are periodic along no direction, and stay where they are."""
    write_extended_xyz(clusters, tmp_path / 'clusters.extxyz')
    assert (tmp_path / 'clusters.extxyz').read_text().count('pbc="F F F"') == 2
    again = read_files([tmp_path / 'clusters.extxyz'], shortest_distance=0.5)
    assert not again.periodic
    np.testing.assert_allclose(
        again.cartesian_coordinates, clusters.cartesian_coordinates, atol=1e-7
    )
    np.testing.assert_allclose(again['energy'], clusters['energy'])


def test_no_cif_makes_a_crystal_of_a_cluster(clusters, tmp_path):
    """What a CIF cannot say is not written."""
    with pytest.raises(ValueError, match='these are clusters'):
        write_cifs(clusters, tmp_path / 'cifs')
    assert not (tmp_path / 'cifs').exists()


def test_other_formats_say_what_clusters_are(clusters, tmp_path):
    """POSCARs name the box, tables leave out its volume, JSON keeps the periodicity."""
    (first, _) = write_poscars(clusters, tmp_path / 'poscars')
    assert first.read_text().startswith('cluster in a box; H2 O1'.replace(' O', 'O'))
    write_csv(clusters, tmp_path / 'clusters.csv')
    assert 'volume' not in (tmp_path / 'clusters.csv').read_text()
    write_json(clusters, tmp_path / 'clusters.json')
    assert not read_files([tmp_path / 'clusters.json'], shortest_distance=0.5).periodic
