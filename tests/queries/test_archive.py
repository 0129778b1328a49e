"""Archives of searches."""

import pytest
from aiida import orm
from aiida.storage.sqlite_zip.backend import SqliteZipBackend

from aiida_crystalgen import queries
from aiida_crystalgen.data.groups import DatasetGroup, PhaseGroup
from aiida_crystalgen.queries.archive import groups_within, write_archive
from aiida_crystalgen.queries.graph import graph_of_search, values_of_nodes
from aiida_crystalgen.queries.searches import SEARCH


@pytest.fixture
def search(state, exit_status):
    """Return a search that got this far."""
    node = orm.WorkChainNode(process_type=SEARCH)
    node.base.attributes.set_many({'process_state': state, 'exit_status': exit_status})
    return node.store()


def uuids_in(path):
    """Return the UUIDs of the nodes in an archive, and the labels of its groups."""
    storage = SqliteZipBackend(SqliteZipBackend.create_profile(path))
    nodes = orm.QueryBuilder(backend=storage).append(orm.Node, project='uuid').all(flat=True)
    groups = orm.QueryBuilder(backend=storage).append(orm.Group, project='label').all(flat=True)
    storage.close()
    return set(nodes), set(groups)


def test_archive_holds_graph_and_groups(finished_search, tmp_path):
    """All that the search stands on is in the file, with its dataset and its phases."""
    path = tmp_path / 'search.aiida'
    summary = write_archive(finished_search.pk, path)
    nodes, groups = uuids_in(path)
    everything = orm.QueryBuilder().append(orm.Node, project='uuid').all(flat=True)
    assert nodes == set(everything)
    assert groups == {'silicon', f'search-{finished_search.uuid}'}
    assert summary.nodes == len(nodes)
    assert summary.datasets == ('silicon',)
    assert summary.phases == len(queries.phases())
    assert summary.size == path.stat().st_size


def test_archive_leaves_out_what_is_not_its_own(finished_search, tmp_path):
    """Neither other nodes nor groups that hold such nodes come along."""
    other = orm.Int(1).store()
    choice = PhaseGroup(label='choice').store()
    choice.add_nodes([orm.load_node(queries.phases()[0].pk), other])
    write_archive(finished_search.pk, tmp_path / 'search.aiida')
    nodes, groups = uuids_in(tmp_path / 'search.aiida')
    assert other.uuid not in nodes
    assert 'choice' not in groups


def test_groups_within_are_complete(finished_search):
    """A group belongs to a graph if all of its members do, and it has any."""
    DatasetGroup(label='empty').store()
    graph = graph_of_search(finished_search.pk)
    assert 'silicon' in {group.label for group in groups_within(graph)}
    assert 'empty' not in {group.label for group in groups_within(graph)}
    assert groups_within([finished_search.pk]) == ()


def test_values_of_nodes_are_those_of_one_kind(finished_search):
    """Only nodes of the graph and the kind are looked up."""
    graph = graph_of_search(finished_search.pk)
    orm.Int(7).store()
    expected = {node.pk for node in map(orm.load_node, graph) if isinstance(node, orm.Int)}
    assert {pk for (pk,) in values_of_nodes(graph, orm.Int, ['id'])} == expected


@pytest.mark.parametrize(('state', 'exit_status'), [('waiting', None), ('running', None)])
def test_unfinished_search_is_refused(search, finished_search, tmp_path):
    """The sentence says what to do, and nothing is written."""
    with pytest.raises(ValueError, match=f'search watch {search.pk}'):
        write_archive(search.pk, tmp_path / 'search.aiida')
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(('state', 'exit_status'), [('killed', None)])
def test_search_with_unfinished_processes_is_refused(search, finished_search, tmp_path):
    """A killed search whose process is not sealed yet cannot be archived."""
    with pytest.raises(ValueError, match='has not ended'):
        write_archive(search.pk, tmp_path / 'search.aiida')


def test_file_is_never_overwritten(finished_search, tmp_path):
    """An existing file and a missing folder are refused before any work."""
    path = tmp_path / 'search.aiida'
    path.write_text('precious')
    with pytest.raises(ValueError, match='already'):
        write_archive(finished_search.pk, path)
    assert path.read_text() == 'precious'
    with pytest.raises(ValueError, match='no folder'):
        write_archive(finished_search.pk, tmp_path / 'nowhere' / 'search.aiida')
