"""A search for clusters, from a file of molecules to the report, without a crystal anywhere."""

import re
from pathlib import Path

import numpy as np
import pytest
from aiida.engine import run_get_node
from ase import Atoms
from ase.cluster import Icosahedron, Octahedron
from ase.io import read, write
from click.testing import CliRunner

from aiida_crystalgen import queries
from aiida_crystalgen.cli import crystalgen
from aiida_crystalgen.cli.search_file import read_search_file
from aiida_crystalgen.cli.search_inputs import build_search
from aiida_crystalgen.data.convert import crystals_from_node, node_from_crystals
from aiida_crystalgen.data.groups import add_dataset
from aiida_crystalgen.data.structure_set import StructureSetData

SEARCH_FILE = """\
composition: Pt7
references: {dataset: platinum}
protocol: fast
formula_units: [1]
candidates: 6
generators:
  - {method: random_symmetric}
screening: {similar_to: [], limit: 4}
relax: {potential: emt, processes: 1}
seed: 3
"""


@pytest.fixture(scope='module')
def folder(tmp_path_factory) -> Path:
    """Return a folder with the known clusters as XYZ, and the file of a search for others."""
    folder = tmp_path_factory.mktemp('clusters')
    octahedron = Octahedron('Pt', 3, cutoff=1)  # 13 atoms
    icosahedron = Icosahedron('Pt', 2)
    seven = icosahedron[:7]
    write(folder / 'platinum.xyz', [Atoms(one, pbc=False) for one in (seven, octahedron)])
    (folder / 'search.yaml').write_text(SEARCH_FILE)
    return folder


def call(*arguments: object) -> str:
    """Return what a command prints."""
    result = CliRunner().invoke(crystalgen, [str(one) for one in arguments])
    assert result.exit_code == 0, result.output
    return result.output


@pytest.fixture(scope='module')
def search(aiida_profile, folder):
    """Return a search for clusters of platinum."""
    aiida_profile.reset_storage()
    assert '2 clusters of Pt13, Pt7' in call('dataset', 'import', folder / 'platinum.xyz')
    check = call('search', 'check', folder / 'search.yaml')
    assert 'space group' not in check
    _, node = run_get_node(build_search(read_search_file(folder / 'search.yaml')))
    assert node.is_finished_ok, node.exit_message
    return node


def relaxation_of(search):
    """Return what was relaxed in the first round, and what became of it."""
    return search.outputs.accepted, search.outputs.rounds.round_1.relaxed


@pytest.mark.parametrize(
    ('old', 'new', 'problem'),
    [
        ('seed: 3', 'verify: {engine: potential}', "'verify' is set, but the references are clus"),
        ('seed: 3', 'verify: {engine: vasp}', "'verify' is set, but the references are clusters"),
        ('processes: 1', 'pressure: 5.0', "'relax.pressure' is 5.0 GPa, but the references are"),
        ('seed: 3', 'space_groups: [225]', 'clusters have no space group'),
        ('seed: 3', 'training: {dataset: silicon}', "'training' is a dataset of crystals, but"),
    ],
)
def test_what_only_crystals_have_is_refused(search, silicon, tmp_path, old, new, problem):
    """The check of a search says what cannot be asked of clusters."""
    if 'silicon' in new:
        add_dataset(node_from_crystals(silicon(5.4)), 'silicon')
    path = tmp_path / 'search.yaml'
    path.write_text(SEARCH_FILE.replace(old, new))
    result = CliRunner().invoke(crystalgen, ['search', 'check', str(path)])
    assert result.exit_code != 0
    assert problem in result.output


def test_every_set_of_the_search_is_of_clusters(search):
    """Nothing on the way takes a cluster for a crystal, and no box moves."""
    nodes = [
        link.node for one in search.called_descendants for link in one.base.links.get_outgoing()
    ]
    sets = [node for node in nodes if isinstance(node, StructureSetData)]
    assert len(sets) > 4
    assert not any(node.periodic for node in sets)
    accepted, relaxed = (crystals_from_node(one) for one in relaxation_of(search))
    np.testing.assert_array_equal(accepted.lattices, relaxed.lattices)
    structures = [one for name, one in search.outputs.records.items() if 'structure' in name]
    assert {structure.pbc for structure in structures} == {(False, False, False)}


def test_phases_have_a_point_group_but_neither_space_group_nor_hull(search):
    """A cluster is above the lowest one of its composition, and has no volume."""
    rows = queries.phases(search=search.pk).rows
    assert rows
    for row in rows:
        assert (row.periodic, row.space_group, row.energy_above_hull) == (False, 0, None)
        assert row.formula == row.reduced_formula == 'Pt7'
        assert row.volume_per_atom is row.density is None
        assert row.symmetry == row.point_group
    assert min(row.energy_above_lowest for row in rows) == 0


def test_clusters_are_found_by_their_whole_formula(search):
    """Clusters of another size are another composition."""
    assert len(queries.phases(search=search.pk, composition='Pt7')) > 0
    assert len(queries.phases(search=search.pk, composition='Pt13')) == 0


def test_tables_name_the_point_group(search):
    """The tables of clusters have columns neither for a space group nor for the hull."""
    table = call('phases', 'list', '--search', search.pk)
    shown = call('phases', 'show', 'P1', '--search', search.pk)
    for text in (table, shown):
        assert 'point group' in text
        assert 'space group' not in text
        assert 'hull' not in text


def test_the_way_back_leads_to_the_request(search):
    """The trace of a cluster names its generator and what was asked, and no space group."""
    text = call('phases', 'trace', 'P1', '--search', search.pk)
    assert 'proposed by random_symmetric' in text
    assert 'Pt7 × 1, clusters in balls of' in text
    assert 'space group' not in text


def test_what_is_exported_is_periodic_nowhere(search, tmp_path):
    """Extended XYZ keeps clusters; a CIF is refused, as it would make crystals of them."""
    call('phases', 'export', '--search', search.pk, '-o', tmp_path / 'phases.xyz')
    assert not np.any([atoms.pbc for atoms in read(tmp_path / 'phases.xyz', index=':')])
    assert 'pbc="F F F"' in (tmp_path / 'phases.xyz').read_text()
    arguments = ['phases', 'export', '--search', str(search.pk), '-o', str(tmp_path / 'cifs')]
    assert 'these are clusters' in CliRunner().invoke(crystalgen, arguments).output


@pytest.mark.parametrize(
    ('what', 'reason'),
    [('hull', 'no hull'), ('xrd', 'no X-ray peaks'), ('bands', 'no phonon bands')],
)
def test_pictures_of_crystals_are_refused(search, tmp_path, what, reason):
    """There is no hull, X-ray pattern or band structure to draw."""
    arguments = ['phases', 'plot', 'P1', '--search', str(search.pk), '--what', what]
    result = CliRunner().invoke(crystalgen, [*arguments, '-o', str(tmp_path / 'figure.png')])
    assert result.exit_code != 0
    assert reason in result.output


def test_a_cluster_is_drawn(search, tmp_path):
    """The picture of a cluster can be made."""
    picture = tmp_path / 'cluster.svg'
    call('phases', 'plot', 'P1', '--search', search.pk, '-o', picture)
    assert picture.stat().st_size > 0


def test_the_report_claims_no_crystal(search, tmp_path):
    """The page shows clusters and their point groups, without space groups, volumes or a hull."""
    page = tmp_path / 'report.html'
    call('search', 'report', search.pk, '-o', page)
    text = re.sub(r'<script.*?</script>', '', page.read_text(), flags=re.DOTALL)
    assert 'Point group' in text
    for claim in ('Space group', 'hull', 'Density', 'Å³/atom', 'known crystals'):
        assert claim not in text
