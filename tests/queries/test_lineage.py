"""The way back from a phase."""

import numpy as np
import pytest
from aiida import orm

from aiida_crystalgen import queries
from aiida_crystalgen.data.convert import crystals_from_node
from aiida_crystalgen.data.groups import load_dataset
from aiida_crystalgen.queries.lineage import lineage


@pytest.fixture
def of_model(finished_search):
    """Return the lineage of the lowest phase that a model proposed."""
    return lineage(queries.phases(generator='rdf_vae')[0].uuid)


def test_every_training_structure_is_reached(finished_search, of_model):
    """The structures are those that the training read, all of them, by name."""
    training = finished_search.outputs.references
    labels = crystals_from_node(training)['label'].tolist()
    assert [one.label for one in of_model.training_structures] == labels
    assert of_model.training.pk == training.pk
    assert set(labels) <= set(crystals_from_node(load_dataset('silicon'))['label'])


def test_training_set_leads_to_its_dataset(of_model):
    """The relaxed, distinct crystals are traced to what was imported."""
    training = of_model.training
    assert training.dataset == 'silicon'
    assert training.origin_pk == load_dataset('silicon').pk
    assert training.source['kind'] == 'prototypes'
    assert [one.name for one in training.preparations] == ['deduplicate', 'relax']
    assert training.preparations[0].after == len(training.structures)
    assert training.preparations[-1].before == load_dataset('silicon').number


def test_model_is_the_checkpoint_of_the_search(finished_search, of_model):
    """The model is the node that the search returned, with the training that made it."""
    checkpoint = finished_search.outputs.checkpoints.rdf_vae
    assert (of_model.model.pk, of_model.model.sha256) == (checkpoint.pk, checkpoint.sha256)
    assert of_model.model.process == checkpoint.creator.pk


@pytest.mark.parametrize('row', range(3))
def test_rows_lead_to_the_same_crystal(finished_search, row):
    """Relaxed row, proposal row and verdict of a phase are about one crystal."""
    phase = queries.phases()[row]
    found = lineage(phase.pk)
    relaxed = crystals_from_node(finished_search.outputs.rounds.round_1.relaxed)
    assert relaxed['energy'][found.relaxations[0].row] == pytest.approx(phase.energy)
    assert relaxed['proposal_row'][found.relaxations[0].row] == found.proposal.row
    proposals = crystals_from_node(
        finished_search.outputs.rounds.round_1.proposals[phase.generator]
    )
    assert proposals['rejection'][found.proposal.row] == ''
    assert proposals['requested_space_group'][found.proposal.row] == found.proposal.space_group
    assert found.proposal.number == len(proposals)
    assert found.verdict.distance < finished_search.inputs.screening['within']


def test_similarity_names_what_the_distance_is_from(finished_search, of_model):
    """The verdict names the nearest reference, or a point of the grid of replicas."""
    verdict = of_model.verdict
    if verdict.similar_to == 'references':
        names = crystals_from_node(finished_search.outputs.references)['label']
        assert verdict.name in names
    else:
        grid = finished_search.outputs.checkpoints.rdf_vae.settings['replicas']['grid']
        places = [int(one) for one in verdict.name.strip('()').split(',')]
        assert all(0 <= place < grid for place in places)


def test_generator_without_model_has_no_training(finished_search):
    """The way back from a random crystal ends at the request."""
    rows = queries.phases(generator='random_symmetric')
    if not len(rows):
        pytest.skip('no random crystal became a phase of the small search')
    found = lineage(rows[0].pk)
    assert found.model is None
    assert found.training_structures == ()
    assert found.proposal.request['composition'] == 'Si'


def test_zero_of_energy_is_named(finished_search):
    """The crystal whose energy counts as zero is a phase, what it equals, or a reference."""
    found = lineage('P1')
    if found.phase.energy_above_lowest == 0:
        assert found.lowest in {found.phase.label, found.phase.known}
    else:
        references = crystals_from_node(finished_search.outputs.references)
        assert found.lowest == references['label'][np.argmin(references['energy'])]


def test_processes_of_the_way_are_descendants(finished_search, of_model):
    """Every process on the way was called by the search or by one of its children."""
    steps = (of_model.relaxations[0], of_model.verdict, of_model.proposal, of_model.model)
    called = {node.pk for node in finished_search.called_descendants}
    assert {step.process for step in steps} <= called
    assert isinstance(orm.load_node(of_model.proposal.request_pk), orm.Dict)
    assert np.isfinite(of_model.relaxations[0].max_force)
