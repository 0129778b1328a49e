"""Questions about trained models."""

import pytest
from aiida.tools import delete_nodes

from aiida_crystalgen.data.checkpoint import CheckpointData
from aiida_crystalgen.queries.models import find_model, models


def test_model_knows_what_it_was_trained_on(finished_search):
    """A trained model leads to its training set and the process that made it."""
    (row,) = models()
    node = finished_search.outputs.checkpoints.rdf_vae
    assert (row.pk, row.uuid, row.sha256) == (node.pk, node.uuid, node.sha256)
    assert row.process == node.creator.pk
    assert row.training == finished_search.outputs.references.pk
    assert row.number_of_crystals == finished_search.outputs.references.number


def test_imported_model_has_no_training(finished_search, tmp_path):
    """A model of unknown origin is listed, with nothing about its training set."""
    path = tmp_path / 'model.safetensors'
    path.write_bytes(finished_search.outputs.checkpoints.rdf_vae.get_content(mode='rb'))
    pk = CheckpointData(path).store().pk
    row = models()[0]
    delete_nodes([pk], dry_run=False)
    assert (row.pk, row.process, row.training) == (pk, None, None)


def test_model_is_found_by_all_its_names(finished_search):
    """PK, start of UUID and start of the hash stand for the same model."""
    (row,) = models()
    for name in (row.pk, row.uuid[:8], row.sha256[:10]):
        assert find_model(name) == row


@pytest.mark.parametrize('name', ['999999', 'nothing', ''])
def test_unknown_model_is_refused(finished_search, name):
    """The sentence names the command that lists the models."""
    with pytest.raises(ValueError, match='model list'):
        find_model(name)
