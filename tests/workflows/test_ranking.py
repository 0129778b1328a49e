"""Searches of chemical systems by the model of sites that comes with the package."""

import pytest
from aiida import orm
from aiida.engine import run_get_node

from aiida_crystalgen.cli.trace import describe_lineage
from aiida_crystalgen.data.convert import (
    crystals_from_node,
    node_from_checkpoint,
    node_from_crystals,
)
from aiida_crystalgen.data.groups import add_dataset
from aiida_crystalgen.data.shipped import shipped_model
from aiida_crystalgen.queries.lineage import lineage
from aiida_crystalgen.queries.phases import phases
from aiida_crystalgen.science.checkpoint import Checkpoint
from aiida_crystalgen.science.crystals import concatenate
from aiida_crystalgen.science.sources.prototypes import prototypes, typical_volume
from aiida_crystalgen.workflows.propose import ProposeWorkChain
from aiida_crystalgen.workflows.search import SearchWorkChain

CHEAP = {
    'relax': {'potential': 'emt', 'processes': 1},
    'candidates': 20,
    'generators': [{'method': 'site_network', 'checkpoint': 'shipped'}],
    'screening': {'similar_to': [], 'limit': 4},
}


@pytest.fixture(scope='module')
def elements(aiida_profile):
    """Return the elements that span the hull, as a dataset that is alone in the profile."""
    aiida_profile.reset_storage()
    sets = [
        prototypes(one, volume_per_atom=typical_volume(one), maximum_atoms=1)
        for one in ('Cu', 'Au')
    ]
    node = node_from_crystals(concatenate(sets))
    add_dataset(node, 'elements')
    return node


@pytest.fixture(scope='module')
def build(elements):
    """Return a factory of the builders of searches."""

    def make(composition='Cu-Au', **overrides):
        return SearchWorkChain.get_builder_from_protocol(
            composition, elements, protocol='fast', overrides={**CHEAP, **overrides}
        )

    return make


@pytest.fixture(scope='module')
def search(build):
    """Return a search of a binary system."""
    return run_get_node(build())[1]


def test_the_best_are_relaxed(search):
    """The accepted proposals are the most likely of the valid ones."""
    assert search.is_finished_ok, search.exit_message
    first = search.outputs.rounds.round_1
    ranks = crystals_from_node(search.outputs.accepted)['proposal_row']
    stages = first.verdicts.get_array('stage')
    assert (stages[ranks] == 'selected').all()
    assert set(stages[: ranks.max()]) <= {'selected', 'valid', 'proposed'}


def test_phases_are_put_on_a_hull(search):
    """The elements are references, so that every phase has its distance from the hull."""
    found = phases(search=search.pk)
    assert found
    assert all(one.energy_above_hull is not None for one in found)


def test_phases_lead_back_to_template_and_data(search):
    """The way back names the template, and what the shipped model was trained on."""
    found = lineage('P1', search.pk)
    proposals = crystals_from_node(search.outputs.rounds.round_1.proposals.site_network)
    assert found.proposal.template == proposals['template'][found.proposal.row]
    assert found.model.pk == shipped_model('site_network').pk
    text = describe_lineage(found, all_structures=False)
    assert 'trained on 79 262 crystals' in text
    assert f'template {found.proposal.template}' in text


def test_the_shipped_model_is_stored_once(search):
    """However often it is asked for, there is one node, which tells what it is."""
    node = shipped_model('site_network')
    assert node.pk == shipped_model('site_network').pk
    assert node.label == 'site_network-shipped'
    assert 'Materials Project' in node.description


def test_a_search_takes_templates_of_a_dataset(build, elements):
    """The dataset that is named becomes an input of the generator."""
    generator = {'method': 'site_network', 'checkpoint': 'shipped', 'templates': 'elements'}
    builder = build('Cu', generators=[generator])
    assert builder.generators['site_network']['templates'].pk == elements.pk


def test_job_and_process_use_the_same_templates(elements, crystalgen_code):
    """Elements are put into the structures that are given, wherever that is done."""
    generator = {'method': 'site_network', 'checkpoint': 'shipped', 'templates': 'elements'}
    here, there = (
        run_get_node(ProposeWorkChain.get_builder_from_protocol('Cu', generator, code=code))[1]
        for code in (None, crystalgen_code)
    )
    one, two = (crystals_from_node(node.outputs.proposals) for node in (here, there))
    known = crystals_from_node(elements)
    assert (one.counts == known.counts[one['template_row']]).all()
    assert set(one['template']) <= set(known['label'])
    assert (one['template_row'] == two['template_row']).all()
    assert (one.lattices == two.lattices).all()


def test_proposing_needs_no_search(elements):
    """Binary compounds of copper and any other element, the most likely first."""
    builder = ProposeWorkChain.get_builder_from_protocol(
        'Cu-*',
        {'method': 'site_network', 'checkpoint': 'shipped'},
        overrides={'candidates': 8},
    )
    node = run_get_node(builder)[1]
    found = crystals_from_node(node.outputs.proposals)
    assert len(found) == 8
    assert (found['log_likelihood'][:-1] >= found['log_likelihood'][1:]).all()


@pytest.mark.parametrize(
    ('generator', 'message'),
    [
        ({'method': 'rdf_vae'}, 'site_network takes chemical systems'),
        ({'method': 'site_network', 'checkpoint': 'nothing'}, 'names no model'),
        ({'method': 'site_network', 'checkpoint': 'elements'}, 'names no model'),
        ({'method': 'random_symmetric', 'checkpoint': 'shipped'}, 'site_network has one'),
        ({'method': 'random_symmetric', 'templates': 'elements'}, 'no templates; leave it out'),
        ({'method': 'site_network', 'checkpoint': 'shipped', 'templates': 'x'}, "no dataset 'x'"),
    ],
)
def test_what_does_not_fit_is_refused(build, generator, message):
    """Before anything runs, and by name."""
    with pytest.raises(ValueError, match=message):
        build(generators=[generator])


def test_a_model_of_another_method_is_refused(build):
    """A checkpoint tells who trained it."""
    node = node_from_checkpoint(Checkpoint('rdf_vae', {}, {})).store()
    with pytest.raises(ValueError, match='a model of rdf_vae'):
        build(generators=[{'method': 'site_network', 'checkpoint': node.pk}])


def test_an_element_that_was_never_seen_ends_with_an_exit_code(elements):
    """The reason is that its likelihood is 0."""
    builder = ProposeWorkChain.get_builder_from_protocol(
        'Po-Se', {'method': 'site_network', 'checkpoint': 'shipped'}
    )
    node = run_get_node(builder)[1]
    assert node.exit_status == 420
    assert 'its likelihood is 0 everywhere' in node.exit_message


def test_known_checkpoints_are_used_as_they_are(build):
    """A model of the profile can be named by its number, and nothing is trained."""
    model = shipped_model('site_network')
    builder = build(generators=[{'method': 'site_network', 'checkpoint': model.pk}])
    given = builder.generators['site_network']
    assert given['checkpoint'].pk == model.pk
    assert 'settings' not in given
    assert isinstance(given['method'], orm.Str)
