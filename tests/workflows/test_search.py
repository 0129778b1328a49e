"""Searches of several rounds, small and with a classical potential."""

import pytest
from aiida.engine import run_get_node
from aiida.plugins import WorkflowFactory

from aiida_crystalgen.data.convert import crystals_from_node, node_from_crystals
from aiida_crystalgen.queries.lineage import lineage
from aiida_crystalgen.queries.phases import phases
from aiida_crystalgen.queries.rounds import rounds
from aiida_crystalgen.queries.status import count_stages
from aiida_crystalgen.science.sources.prototypes import prototypes
from aiida_crystalgen.workflows.continuation import continue_search
from aiida_crystalgen.workflows.control import request_stop
from aiida_crystalgen.workflows.search import SearchWorkChain

CHEAP = {
    'formula_units': [2],
    'candidates': 24,
    'volume': {'per_atom': 20.5, 'tolerance': 0.1},
    'distances': {'Si-Si': 2.1},
    'generators': [{'method': 'random_symmetric'}],
    'screening': {'similar_to': [], 'limit': 4},
    'relax': {'potential': 'stillinger-weber', 'processes': 1},
}


@pytest.fixture(scope='module')
def references(aiida_profile):
    """Return known crystals of silicon, alone in the profile."""
    aiida_profile.reset_storage()
    crystals = prototypes('Si', volume_per_atom=20.4, maximum_atoms=2)
    return node_from_crystals(crystals).store()


@pytest.fixture(scope='module')
def search(references):
    """Return a factory of finished searches."""

    def run(**overrides):
        builder = SearchWorkChain.get_builder_from_protocol(
            'Si', references, protocol='fast', overrides={**CHEAP, **overrides}
        )
        return run_get_node(builder)[1]

    return run


@pytest.fixture(scope='module')
def campaign(search):
    """Return a search of three rounds."""
    return search(budget={'rounds': 3})


def test_phases_accumulate_over_rounds(campaign):
    """Each round has at least the phases of the one before, and the search has the last ones."""
    assert campaign.is_finished_ok, campaign.exit_message
    assert [one.number for one in rounds(campaign.pk)] == [1, 2, 3]
    sets = [campaign.outputs.rounds[f'round_{number}'].phases for number in (1, 2, 3)]
    assert sets[0].number <= sets[1].number <= sets[2].number
    assert sets[2].uuid == campaign.outputs.phases.uuid
    assert len(phases(search=campaign.pk)) == sets[2].number


def test_rounds_propose_different_crystals(campaign):
    """Each round has random numbers of its own."""
    seeds = [
        crystals_from_node(one.proposals.random_symmetric)['seed']
        for one in campaign.outputs.rounds.values()
    ]
    assert len(set(map(tuple, seeds))) == 3


def test_each_phase_is_traced_to_the_round_that_proposed_it(campaign):
    """The row of the proposal is one of the round that the record names."""
    found = {lineage(row.pk).proposal.round_number: row for row in phases(search=campaign.pk)}
    assert len(found) > 1
    for number, row in found.items():
        way = lineage(row.pk)
        proposals = campaign.outputs.rounds[f'round_{number}'].proposals.random_symmetric
        assert way.proposal.process == proposals.creator.pk
        assert way.proposal.row == row.proposal_row


def test_yields_of_rounds_add_up(campaign):
    """What the rounds count is what the search counts."""
    total = count_stages(campaign.pk)['random_symmetric']
    each = [count_stages(campaign.pk, number)['random_symmetric'] for number in (1, 2, 3)]
    for name in ('proposed', 'selected', 'physical', 'phases'):
        assert sum(one[name] for one in each) == total[name]


@pytest.mark.parametrize(
    ('budget', 'reason'),
    [
        ({'rounds': None, 'candidates': 30}, 'its 30 candidates are proposed'),
        ({'rounds': None, 'hours': 1e-6}, 'its 1e-06 hours are over'),
    ],
)
def test_each_limit_ends_the_search_with_its_reason(search, budget, reason):
    """A budget is a success, and the message says which one is spent."""
    node = search(budget=budget)
    if 'hours' in budget:
        assert node.exit_status == 437
    else:
        assert node.exit_status == 0
        assert len(rounds(node.pk)) == 2
    assert reason in node.exit_message


def test_rounds_without_new_phases_end_the_search(search):
    """Rounds whose proposals all fail count as rounds without a new phase."""
    node = search(
        screening={'similar_to': ['references'], 'within': 1e-6, 'limit': 1},
        budget={'rounds': None, 'without_new_phase': 2},
    )
    assert node.exit_status == 437
    assert len(rounds(node.pk)) == 2
    assert 'None of the 24 proposals survived' in node.exit_message


def test_budget_without_limits_is_refused(references):
    """A search that would never end cannot be built."""
    with pytest.raises(ValueError, match='no limit'):
        SearchWorkChain.get_builder_from_protocol(
            'Si', references, overrides={**CHEAP, 'budget': {'rounds': None}}
        )


def test_continued_search_goes_on_counting(campaign):
    """It keeps references and phases, counts rounds on, and its graph leads to the first one."""
    builder = continue_search(campaign, {'rounds': 1})
    _, node = run_get_node(builder)
    assert node.is_finished_ok, node.exit_message
    assert [one.number for one in rounds(node.pk)] == [4]
    assert node.outputs.references.uuid == campaign.outputs.references.uuid
    before = {row.proposal_round for row in phases(search=campaign.pk)}
    after = {row.proposal_round for row in phases(search=node.pk)}
    assert after >= before
    assert node.outputs.phases.number >= campaign.outputs.phases.number
    row = next(row for row in phases(search=node.pk) if row.proposal_round == 1)
    assert lineage(row.pk).proposal.round_number == 1


def test_continued_search_without_rounds_left_keeps_what_there_was(campaign):
    """It ends well with the phases of the search before, and says that no round was run."""
    builder = continue_search(campaign, {'rounds': None, 'hours': 1e-9})
    _, node = run_get_node(builder)
    assert node.is_finished_ok, node.exit_message
    assert 'hours are over' in node.exit_message
    assert not rounds(node.pk)
    for name in ('references', 'phases', 'accepted'):
        assert node.outputs[name].uuid == campaign.outputs[name].uuid


def test_search_that_is_asked_to_stop_begins_no_round(search, references):
    """A stop before the first round leaves the references, and says why it ended."""
    builder = SearchWorkChain.get_builder_from_protocol(
        'Si', references, protocol='fast', overrides=CHEAP
    )
    from aiida.manage import get_manager

    process = get_manager().get_runner().instantiate_process(builder)
    request_stop(process.node)
    process.execute()
    assert 'asked to stop' in process.node.exit_message
    assert 'references' in process.node.outputs
    assert not rounds(process.node.pk)


def test_compositions_of_a_system_are_arms_with_one_request_each(aiida_profile):
    """Every stoichiometry of a chemical system is proposed by every generator."""
    crystals = prototypes('Cu', volume_per_atom=12.0, maximum_atoms=1)
    builder = SearchWorkChain.get_builder_from_protocol(
        {'system': ['Cu', 'Au'], 'atoms': 3},
        node_from_crystals(crystals).store(),
        overrides={
            'generators': [{'method': 'random_symmetric'}],
            'candidates': 30,
            'screening': {'similar_to': []},
            'relax': {'potential': 'emt'},
        },
    )
    requests = {label: one['request'].get_dict() for label, one in builder.generators.items()}
    assert {one['composition'] for one in requests.values()} == {'CuAu', 'Cu2Au', 'CuAu2'}
    assert all(one['candidates'] == 10 for one in requests.values())


def test_it_is_found_by_its_entry_point():
    """The plugin system knows the work chain."""
    assert WorkflowFactory('crystalgen.search') is SearchWorkChain


def test_generator_without_a_model_is_trained_also_where_none_is_trained_again(references):
    """What goes on from a search that ended before its training must not lose the settings."""
    changes = {
        'generators': [{'method': 'rdf_vae', 'settings': {'epochs': 2}}],
        'growth': {'retrain': False},
    }
    builder = SearchWorkChain.get_builder_from_protocol(
        'Si', references, protocol='fast', overrides={**CHEAP, **changes}
    )
    builder.rounds_before = 1
    _, node = run_get_node(builder)
    assert node.is_finished_ok, node.exit_message
    assert [one.number for one in rounds(node.pk)] == [2]
    assert 'checkpoints' in node.outputs
