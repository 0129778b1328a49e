"""Tests of `aiida_crystalgen.data.groups`."""

import pytest
from aiida import orm

from aiida_crystalgen.data.convert import node_from_crystals
from aiida_crystalgen.data.groups import DatasetGroup, PhaseGroup, add_dataset, load_dataset

pytestmark = pytest.mark.usefixtures('aiida_profile_clean')


@pytest.fixture
def dataset(aiida_profile_clean, make_crystals):
    """Return a dataset called 'silicon'."""
    return add_dataset(node_from_crystals(make_crystals(2)), 'silicon', 'two crystals')


@pytest.mark.parametrize('name', ['label', 'pk', 'uuid', 'start of uuid'])
def test_datasets_are_found_by_any_name(dataset, name):
    """Label, PK, UUID and the start of the UUID stand for the same node."""
    names = {
        'label': 'silicon',
        'pk': dataset.pk,
        'uuid': dataset.uuid,
        'start of uuid': dataset.uuid[:8],
    }
    assert load_dataset(names[name]).uuid == dataset.uuid


def test_sets_that_are_no_datasets_are_found_by_number(make_crystals):
    """The output of a calculation needs no label."""
    node = node_from_crystals(make_crystals(2)).store()
    assert load_dataset(str(node.pk)).uuid == node.uuid


def test_unknown_datasets_are_refused_with_those_there_are(dataset):
    """The message lists the labels that would work."""
    with pytest.raises(ValueError, match=r"no dataset 'germanium'\. Known: silicon\."):
        load_dataset('germanium')


def test_the_first_dataset_is_asked_for():
    """Without any dataset the message says how to make one."""
    with pytest.raises(ValueError, match='dataset import'):
        load_dataset('silicon')


def test_other_nodes_are_no_datasets():
    """A PK of another kind of node is refused."""
    with pytest.raises(ValueError, match='no dataset'):
        load_dataset(orm.Int(1).store().pk)


def test_labels_are_unique(dataset, make_crystals):
    """A label is given once, and a refused set is not stored."""
    node = node_from_crystals(make_crystals(3))
    with pytest.raises(ValueError, match="dataset 'silicon' already"):
        add_dataset(node, 'silicon')
    assert not node.is_stored


@pytest.mark.parametrize('label', ['', '  ', '42'])
def test_labels_are_no_numbers(make_crystals, label):
    """A label that reads as a PK, or as nothing, is refused."""
    with pytest.raises(ValueError, match='cannot name a dataset'):
        add_dataset(node_from_crystals(make_crystals(1)), label)


@pytest.mark.parametrize(
    ('group', 'entry_point'),
    [(DatasetGroup, 'crystalgen.datasets'), (PhaseGroup, 'crystalgen.phases')],
)
def test_groups_can_be_stored(group, entry_point):
    """Both kinds of groups have their entry point, without which AiiDA stores nothing."""
    assert group(label='any').store().type_string == entry_point
