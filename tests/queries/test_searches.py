"""Questions about searches."""

import pytest
from aiida import orm
from aiida.tools import delete_nodes

from aiida_crystalgen.queries.searches import SEARCH, find_search, searches


@pytest.fixture
def make_search(finished_search):
    """Return a factory of searches that have not got anywhere; they are deleted afterwards."""
    made = []

    def make(state: str, label: str = '') -> orm.WorkChainNode:
        node = orm.WorkChainNode(label=label, process_type=SEARCH)
        node.base.attributes.set('process_state', state)
        made.append(node.store().pk)
        return node

    yield make
    delete_nodes(made, dry_run=False)


def test_row_describes_the_search(finished_search):
    """A search is shown with what it was for and how it ended."""
    (row,) = searches()
    assert (row.pk, row.uuid, row.label) == (finished_search.pk, finished_search.uuid, 'small')
    assert row.composition == 'Si'
    assert row.generators == {'random_symmetric': 'random_symmetric', 'rdf_vae': 'rdf_vae'}
    assert row.has_ended
    assert row.is_successful
    assert row.number_of_phases == finished_search.outputs.phases.number


def test_newest_comes_first(make_search, finished_search):
    """A search that was made later stands before."""
    node = make_search('waiting')
    assert [row.pk for row in searches()] == [node.pk, finished_search.pk]
    assert [row.pk for row in searches(node.pk)] == [node.pk]


def test_search_is_found_by_all_its_names(finished_search):
    """PK, UUID, the start of it and label stand for the same search."""
    for name in (finished_search.pk, finished_search.uuid, finished_search.uuid[:8], 'small'):
        assert find_search(name) == finished_search.pk


def test_newest_successful_search_is_the_default(make_search, finished_search):
    """A search that still runs is not what `phases trace P3` means."""
    make_search('waiting')
    assert find_search() == finished_search.pk


def test_ambiguous_label_is_refused(make_search):
    """Two searches of the same label are told apart by their numbers."""
    first, second = make_search('waiting', 'twin'), make_search('waiting', 'twin')
    with pytest.raises(ValueError, match=f'{second.pk}, {first.pk}'):
        find_search('twin')


@pytest.mark.parametrize('name', ['nowhere', '999999'])
def test_unknown_search_is_refused(finished_search, name):
    """The sentence names the command that lists the searches."""
    with pytest.raises(ValueError, match='search list'):
        find_search(name)
