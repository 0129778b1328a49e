"""Tests of `aiida_crystalgen.cli.dataset`."""

from pathlib import Path

import numpy as np
import pytest
from aiida import orm
from click.testing import CliRunner, Result
from pymatgen.core import Lattice, Structure
from pymatgen.io.cif import CifWriter

from aiida_crystalgen.cli import crystalgen
from aiida_crystalgen.data.convert import crystals_from_node, node_from_crystals
from aiida_crystalgen.data.groups import add_dataset, load_dataset
from aiida_crystalgen.science.crystals import Column
from aiida_crystalgen.science.export import write_extended_xyz
from aiida_crystalgen.science.structures import from_structures

pytestmark = pytest.mark.usefixtures('aiida_profile_clean')

DIAMOND = Structure.from_spacegroup('Fd-3m', Lattice.cubic(5.43), ['Si'], [[0, 0, 0]])


@pytest.fixture
def run():
    """Return a function that runs a command of datasets and returns what came of it."""

    def function(*arguments: object, fails: bool = False) -> Result:
        result = CliRunner().invoke(crystalgen, ['dataset', *map(str, arguments)])
        assert (result.exit_code != 0) == fails, result.output
        assert 'Traceback' not in result.output
        return result

    return function


@pytest.fixture
def folder(tmp_path) -> Path:
    """Return a folder of three CIFs, one of them with partial occupancy."""
    folder = tmp_path / 'silicon'
    folder.mkdir()
    alloy = DIAMOND.copy()
    alloy.replace(0, {'Si': 0.5, 'Ge': 0.5})
    for name, structure in (('a', DIAMOND), ('b', DIAMOND), ('alloy', alloy)):
        CifWriter(structure).write_file(folder / f'{name}.cif')
    return folder


@pytest.fixture
def known():
    """Return a dataset 'known' of three crystals with energies."""
    structures = [DIAMOND.copy().scale_lattice(160 + 10 * row) for row in range(3)]
    energies = Column(np.array([-5.1, -5.4, np.nan]), 'eV/atom')
    crystals = from_structures(structures, ['big', 'diamond', 'bigger']).with_columns(
        energy=energies
    )
    engine = {'name': 'emt', 'package': 'ase', 'version': '3.23'}
    return add_dataset(node_from_crystals(crystals.with_metadata(engine=engine)), 'known', 'mine')


def test_a_folder_becomes_a_dataset(run, folder):
    """What can be used is imported under the name of the folder, the rest is told."""
    result = run('import', folder)
    assert "Dataset 'silicon': 2 crystals of Si." in result.output
    assert 'rejected alloy.cif: structure' in result.output
    node = load_dataset('silicon')
    assert node.facts['source']['kind'] == 'files'
    assert crystals_from_node(node)['label'].tolist() == ['a.cif', 'b.cif']


def test_label_description_and_engine_are_kept(run, folder, known, tmp_path):
    """The label, the description and the engine are those that are given."""
    write_extended_xyz(crystals_from_node(known), tmp_path / 'set.extxyz')
    options = ('--label', 'mine', '--description', 'my crystals', '--engine', 'PBE')
    run('import', tmp_path / 'set.extxyz', *options)
    node = load_dataset('mine')
    assert node.description == 'my crystals'
    assert node.facts['engine'] == {'name': 'PBE'}


def test_a_taken_label_is_refused_before_anything_is_done(run, folder, known):
    """A second dataset of the same name is refused, and nothing is stored."""
    result = run('import', folder, '--label', 'known', fails=True)
    assert "there is a dataset 'known' already" in result.stderr


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        ((), 'name one source'),
        (('--group', 'a', '--materials-project', 'Si'), 'name one source'),
        (('nowhere.cif',), 'neither a file nor a folder'),
        (('--group', 'none'), "no group 'none'"),
        (('--optimade', 'http://127.0.0.1:9'), 'needs a --label'),
        (('--optimade', 'http://127.0.0.1:9', '--label', 'x'), 'needs a --filter'),
        (('--optimade', 'http://127.0.0.1:9', '--label', 'x', '--filter', 'a'), 'could not reach'),
        (('--materials-project', 'Si'), 'MP_API_KEY'),
    ],
)
def test_a_wrong_import_is_one_sentence(run, monkeypatch, arguments, message):
    """What is missing or wrong is told in one line on standard error."""
    monkeypatch.delenv('MP_API_KEY', raising=False)
    result = run('import', *arguments, fails=True)
    assert message in result.stderr.splitlines()[-1]


@pytest.fixture
def group():
    """Return a factory of AiiDA groups of scaled diamonds and one structure that is no crystal."""

    def factory(number: int) -> orm.Group:
        slab = orm.StructureData(cell=(3 * np.eye(3)).tolist(), pbc=(True, True, False))
        slab.append_atom(symbols='Si', position=(0.0, 0.0, 0.0))
        group = orm.Group('mine').store()
        group.add_nodes(slab.store())
        for row in range(number):
            structure = orm.StructureData(pymatgen=DIAMOND.copy().scale_lattice(150 + row))
            structure.label = f'Si {row}'
            group.add_nodes(structure.store())
        return group

    return factory


@pytest.mark.parametrize('number', [2, 5])
def test_a_group_is_linked_to_its_dataset(run, monkeypatch, group, number):
    """Every structure of a group is an ancestor of the set, its row in its link's label."""
    monkeypatch.setattr('aiida_crystalgen.cli.dataset_sources._STRUCTURES_PER_PROCESS', 2)
    structures = [node for node in group(number).nodes if node.label]
    result = run('import', '--group', 'mine')
    assert 'periodic along 2 of 3 directions' in result.output
    node = load_dataset('mine')
    crystals = crystals_from_node(node)
    assert crystals['label'].tolist() == [f'Si {row}' for row in range(number)]
    query = orm.QueryBuilder().append(orm.StructureData, project='uuid', tag='one')
    query.append(type(node), with_ancestors='one', filters={'id': node.pk})
    assert {*query.all(flat=True)} == {one.uuid for one in structures} == {*crystals['uuid']}
    assert len(node.facts['source']['rejected']) == 1


def test_an_empty_group_is_refused(run):
    """A group without structures is no dataset."""
    orm.Group('empty').store()
    assert "group 'empty' can be used" in run('import', '--group', 'empty', fails=True).stderr


def test_datasets_are_listed(run, known):
    """The list has label, number, formulas and engine."""
    line = run('list').output.splitlines()[1]
    assert all(text in line for text in ('known', '3', 'Si', 'emt', 'mine'))


def test_an_empty_list_says_how_to_make_a_dataset(run):
    """Without datasets there is a hint."""
    assert 'dataset import' in run('list').output


def test_a_dataset_is_shown_lowest_energy_first(run, known):
    """Crystals are in the order of their energies, unknown ones last."""
    output = run('show', 'known').output
    assert 'energy (eV/atom)' in output
    assert output.index('diamond') < output.index('big') < output.index('bigger')
    assert 'emt ase 3.23' in output


def test_as_many_rows_are_shown_as_asked_for(run, known):
    """The number of rows is limited, and the rest is counted."""
    output = run('show', known.pk, '--rows', 1).output
    assert 'diamond' in output
    assert '… and 2 more' in output
    assert 'diamond' not in run('show', 'known', '--rows', 0).output


def test_rejections_are_shown(run, folder):
    """What was rejected at the import can be seen later."""
    run('import', folder)
    assert 'alloy.cif' not in run('show', 'silicon').output
    assert 'rejected alloy.cif' in run('show', 'silicon', '--rejected').output


def test_an_unknown_dataset_is_refused_with_those_there_are(run, known):
    """A wrong label is answered with the right ones."""
    assert 'Known: known.' in run('show', 'knwon', fails=True).stderr


def test_an_export_can_be_imported_again(run, known, tmp_path):
    """Labels, energies and units survive the way out and in."""
    run('export', 'known', '-o', tmp_path / 'set.extxyz')
    run('import', tmp_path / 'set.extxyz', '--label', 'again')
    before, after = (crystals_from_node(load_dataset(one)) for one in ('known', 'again'))
    np.testing.assert_allclose(after['energy'], before['energy'])
    np.testing.assert_allclose(after.lattices, before.lattices)
    assert after['label'].tolist() == before['label'].tolist()
    assert after.columns['energy'].unit == 'eV/atom'


def test_an_export_can_be_a_folder_of_cifs(run, known, tmp_path):
    """A folder holds one CIF for each crystal."""
    result = run('export', known.uuid, '-o', tmp_path / 'cifs')
    assert '3 crystals written' in result.output
    assert len(list((tmp_path / 'cifs').glob('*.cif'))) == 3


def test_an_unknown_format_is_refused(run, known, tmp_path):
    """A file of another type is refused by its name."""
    result = run('export', 'known', '-o', tmp_path / 'set.pdf', fails=True)
    assert 'set.pdf is neither' in result.stderr


def test_prototypes_become_a_dataset(run):
    """Allotropes are relaxed, distinct, and have energies of the potential."""
    result = run('prototypes', 'Si', '--potential', 'stillinger-weber', '--maximum-atoms', 2)
    assert 'prototypes of Si, 20.03 Å³ per atom' in result.output
    node = load_dataset('Si-prototypes')
    crystals = crystals_from_node(node)
    assert node.facts['engine']['name'] == 'stillinger-weber'
    assert node.facts['source']['kind'] == 'prototypes'
    assert 'diamond' in str(crystals['label'][np.argmin(crystals['energy'])])
    assert crystals['energy'].min() == pytest.approx(-4.3363, abs=1e-3)


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        (('silicon',), "'silicon' is no formula"),
        (('Si', '--code', 'none'), "no code 'none'"),
        (('Si', '--potential', 'none'), 'none'),
        (('Si', '--protocol', 'none'), "unknown protocol 'none'"),
    ],
)
def test_wrong_prototypes_are_one_sentence(run, arguments, message):
    """What is wrong is told in one line on standard error."""
    assert message in run('prototypes', *arguments, fails=True).stderr.splitlines()[-1]


QUICK = ('--protocol', 'fast', '--potential', 'stillinger-weber', '--candidates', 4)


def test_trajectories_become_a_dataset(run):
    """Random crystals are relaxed, and those on their ways have energies of the potential."""
    sizes = ('--formula-units', 1, '--formula-units', 2, '--frames', 3, '--seed', 7)
    result = run('trajectories', 'Si', *QUICK, *sizes)
    assert '4 random crystals of Si, 20.03 Å³ per atom' in result.output
    node = load_dataset('Si-trajectories')
    crystals = crystals_from_node(node)
    assert node.facts['source']['kind'] == 'trajectories'
    assert np.bincount(crystals['trajectory']).max() <= 3
    assert set(crystals.counts) <= {1, 2}
    assert f'{node.number} crystals of 4 trajectories' in result.output
    assert 'trajectories 4' in run('show', 'Si-trajectories').output


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        (('silicon',), "'silicon': not a chemical formula"),
        (('Si', '--code', 'none'), "no code 'none'"),
        (('Si', '--potential', 'none'), "unknown potential 'none'"),
        (('Si', '--protocol', 'none'), "unknown protocol 'none'"),
        (('Ge', *QUICK), 'does not know the element Ge'),
        (('Si', '--label', 'known'), "a dataset 'known' already"),
        (('Si', '--frames', 0), '0 is not in the range'),
    ],
)
def test_wrong_trajectories_are_one_sentence(run, known, arguments, message):
    """What is wrong is told in one line on standard error, and nothing is stored."""
    assert message in run('trajectories', *arguments, fails=True).stderr.splitlines()[-1]
    assert 'Known: known.' in run('show', 'Si-trajectories', fails=True).stderr


def test_a_dataset_gets_energies(run, known):
    """The same crystals are in a new dataset, each evaluated once by the potential."""
    result = run('energies', 'known', '--potential', 'stillinger-weber', '--label', 'evaluated')
    assert '3 crystals, 0 of them unphysical' in result.output
    node = load_dataset('evaluated')
    before, after = crystals_from_node(known), crystals_from_node(node)
    np.testing.assert_array_equal(after['label'], before['label'])
    np.testing.assert_allclose(after.lattices, before.lattices)
    assert np.isfinite(after['energy']).all()
    assert (after['steps'] == 0).all()
    assert node.facts['engine']['name'] == 'stillinger-weber'
    assert node.creator.inputs.structures.uuid == known.uuid


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        (('knwon',), "there is no dataset 'knwon'"),
        (('known', '--potential', 'emt'), 'does not know the element Si'),
        (('known', '--label', 'known'), "a dataset 'known' already"),
    ],
)
def test_wrong_energies_are_one_sentence(run, known, arguments, message):
    """What is wrong is told in one line on standard error."""
    assert message in run('energies', *arguments, fails=True).stderr.splitlines()[-1]


@pytest.mark.parametrize(
    'command', ['import', 'prototypes', 'trajectories', 'energies', 'list', 'show', 'export']
)
def test_every_command_has_an_example(run, command):
    """The help of each command shows how it is used."""
    assert f'aiida-crystalgen dataset {command}' in run(command, '--help').output
