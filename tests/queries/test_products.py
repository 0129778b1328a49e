"""What models produced."""

import pytest
from aiida import orm

from aiida_crystalgen import queries


@pytest.fixture
def made(finished_search):
    """Return what the only model of the search produced."""
    return queries.products(queries.models()[0].pk)


def test_proposals_are_those_of_the_search(finished_search, made):
    """The model has proposed once, in the first round of the search."""
    (one,) = made.proposals
    (of_round,) = queries.rounds(finished_search.pk)
    proposals = orm.load_node(of_round.pk).outputs.proposals.rdf_vae
    assert (one.uuid, one.number) == (proposals.uuid, proposals.number)
    assert (one.search_pk, one.round_number, one.generator) == (finished_search.pk, 1, 'rdf_vae')


def test_accepted_ones_were_selected(finished_search, made):
    """As many are accepted as the screening selected of this generator."""
    selected = {row.generator: row.selected for row in queries.yields(finished_search.pk)}
    assert made.proposals[0].accepted == selected['rdf_vae']


def test_phases_go_back_to_the_model(made):
    """The phases are those whose lineage ends in the model, and no others."""
    assert made.phases.uuid == queries.phases(generator='rdf_vae').uuid
    assert queries.lineage(made.phases[0].uuid).model.pk == made.model.pk


def test_model_without_proposals_produced_nothing(finished_search):
    """A model that was imported and never used has produced nothing."""
    copy = finished_search.outputs.checkpoints.rdf_vae.clone().store()
    made = queries.products(copy.pk)
    assert (len(made.proposals), len(made.phases)) == (0, 0)


def test_unknown_model_is_refused(finished_search):
    """A name that stands for no model is told."""
    with pytest.raises(ValueError, match='no model'):
        queries.products('nothing')
