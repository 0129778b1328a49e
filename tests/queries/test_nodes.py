"""What the questions share about single nodes."""

import pytest
from aiida import orm

from aiida_crystalgen.queries.nodes import is_called


@pytest.fixture
def find(aiida_profile_clean):
    """Return a function that finds the numbers called so."""

    def called(name, *others):
        query = orm.QueryBuilder().append(orm.Int, filters=is_called(name, *others))
        return query.all(flat=True)

    return called


def test_node_is_found_by_number_and_start_of_uuid(find):
    """PK, UUID and its first eight characters stand for the node, fewer for none."""
    node = orm.Int(1).store()
    for name in (str(node.pk), node.uuid, node.uuid[:8]):
        assert find(name) == [node]
    assert find(node.uuid[:7]) == ([node] if node.uuid[:7] == str(node.pk) else [])
    assert find('') == []


def test_start_of_uuid_may_be_digits(find):
    """Eight digits may be a PK as well as the start of a UUID."""
    node = orm.Int(1)
    node.backend_entity.model.uuid = '12345678-0000-4000-8000-000000000000'
    node.store()
    assert find('12345678') == [node]


def test_other_conditions_are_enough(find):
    """A node that fulfils one of the other conditions is found."""
    node = orm.Int(1, label='one').store()
    assert find('one', {'label': 'one'}) == [node]


@pytest.mark.parametrize('name', ['99999999999999999999', '228', 'P%', 'a' * 40, '٣'])
def test_names_are_compared_with_what_they_may_be(find, name):
    """A number beyond all PKs, digits that start no UUID and patterns find nothing.

    PostgreSQL refuses to compare a PK or a UUID with what cannot be one.
    """
    assert find(name) == []


def test_uuid_is_compared_only_with_one():
    """No text but a whole UUID is compared for equality with UUIDs."""
    whole = '12345678-0000-4000-8000-00000000000a'
    assert is_called(whole.upper()) == {'or': [{'uuid': whole}]}
    assert is_called('12345678a') == {'or': [{'uuid': {'like': '12345678a%'}}]}
    assert is_called('phase') == {'id': -1}
