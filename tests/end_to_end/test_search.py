"""Whole searches, from known crystals to recorded phases."""

import os
import signal
import time

import numpy as np
import pytest
from aiida import orm
from aiida.engine import run_get_node, submit
from aiida.engine.processes.control import kill_processes
from click.testing import CliRunner

from aiida_crystalgen.cli import crystalgen
from aiida_crystalgen.cli.watch import watch_search
from aiida_crystalgen.data.convert import crystals_from_node
from aiida_crystalgen.data.groups import PhaseGroup
from aiida_crystalgen.data.structure_set import StructureSetData
from aiida_crystalgen.workflows.continuation import continue_search


def records_of(node):
    """Return the records of a search, the lowest phase first."""
    records = {
        label: one for label, one in node.outputs.records.items() if label.endswith('_record')
    }
    return sorted((one.get_dict() for one in records.values()), key=lambda one: one['energy'])


@pytest.mark.slow
def test_search_rediscovers_diamond_with_its_provenance(aiida_profile_clean, search_builder):
    """The lowest phase is diamond, and its graph reaches the training set and the proposals."""
    _, node = run_get_node(search_builder())
    assert node.is_finished_ok, node.exit_message
    best = records_of(node)[0]
    assert best['space_group'] == 227
    assert best['known'] is not None
    assert best['energy_above_lowest'] == pytest.approx(0, abs=0.005)
    query = orm.QueryBuilder().append(PhaseGroup, tag='group')
    query.append(orm.Dict, with_group='group', filters={'attributes.label': 'P1'}, tag='record')
    query.append(StructureSetData, with_descendants='record', project='uuid')
    ancestors = set(query.all(flat=True))
    first = node.outputs.rounds.round_1
    proposed = first.proposals.rdf_vae
    for one in (node.outputs.references, node.outputs.phases, first.relaxed, proposed):
        assert one.uuid in ancestors
    proposals = crystals_from_node(proposed)
    assert proposals['rejection'][best['proposal_row']] == ''


@pytest.mark.slow
def test_job_and_calcfunction_give_the_same_nodes(
    aiida_profile_clean, search_builder, crystalgen_code
):
    """Where a verb runs changes nothing, bit for bit."""
    _, here = run_get_node(search_builder())
    _, there = run_get_node(search_builder(crystalgen_code))
    assert here.is_finished_ok, here.exit_message
    assert there.is_finished_ok, there.exit_message
    assert here.outputs.checkpoints.rdf_vae.sha256 == there.outputs.checkpoints.rdf_vae.sha256
    for name in ('proposals', 'relaxed', 'phases'):
        one, two = (node.outputs.rounds.round_1[name] for node in (here, there))
        if name == 'proposals':
            one, two = one.rdf_vae, two.rdf_vae
        assert one.get_arraynames() == two.get_arraynames()
        for array in one.get_arraynames():
            np.testing.assert_array_equal(one.get_array(array), two.get_array(array))


def test_search_without_survivors_says_so(aiida_profile_clean, search_builder):
    """A condition that nothing meets is an exit code, and the proposals are kept."""
    screening = {'similar_to': ['references'], 'within': 1e-6, 'limit': 1}
    builder = search_builder(
        generators=[{'method': 'random_symmetric'}], screening=screening, candidates=5
    )
    _, node = run_get_node(builder)
    assert node.exit_status == 437
    assert 'None of the 5 proposals' in node.exit_message
    assert node.outputs.rounds.round_1.proposals.random_symmetric.number == 5


def test_too_small_dataset_ends_with_its_reason(aiida_profile_clean, search_builder, silicon):
    """One known crystal teaches nothing, and the exit message says so."""
    from aiida_crystalgen.data.convert import node_from_crystals

    builder = search_builder()
    builder.references = node_from_crystals(silicon(5.4)).store()
    _, node = run_get_node(builder)
    assert node.exit_status == 431
    assert '1 crystal' in node.exit_message or 'one crystal' in node.exit_message


def wait_for(condition, seconds=300):
    """Return once the condition holds."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, 'waited in vain'
        time.sleep(0.2)


@pytest.mark.slow
def test_search_survives_the_death_of_its_daemon(
    aiida_profile_clean, started_daemon_client, search_builder, crystalgen_code
):
    """Workers killed in the middle of a watched search lose nothing and start nothing twice."""
    node = submit(search_builder(crystalgen_code))
    wait_for(lambda: any('Train' in child.process_label for child in node.called_descendants))
    for worker in started_daemon_client.get_worker_info()['info']:
        os.kill(int(worker), signal.SIGKILL)
    watch_search(node.pk, seconds=0.5)
    assert node.is_finished_ok, node.exit_message
    labels = [
        (parent.pk, link.link_label)
        for parent in (node, *node.called_descendants)
        for link in parent.base.links.get_outgoing().all()
        if 'CALL' in link.link_type.name and not link.node.is_killed
    ]
    assert len(labels) == len(set(labels))
    assert records_of(node)[0]['space_group'] == 227


@pytest.mark.slow
def test_killed_search_ends_its_children(
    aiida_profile_clean, started_daemon_client, search_builder, crystalgen_code
):
    """Nothing that a killed search has called goes on."""
    node = submit(search_builder(crystalgen_code))
    wait_for(lambda: any(isinstance(one, orm.CalcJobNode) for one in node.called_descendants))
    kill_processes([node], timeout=30)
    wait_for(lambda: all(one.is_terminated for one in [node, *node.called_descendants]))
    assert node.is_killed


@pytest.mark.slow
def test_stopped_search_keeps_what_it_has_and_is_continued(
    aiida_profile_clean, started_daemon_client, search_builder, crystalgen_code
):
    """A stop ends it after the running stage; what continues it has its references and model."""
    node = submit(search_builder(crystalgen_code, budget={'rounds': 5}))
    wait_for(lambda: any('Train' in one.process_label for one in node.called_descendants))
    answer = CliRunner().invoke(crystalgen, ['search', 'stop', str(node.pk)])
    assert 'ends after its running stage' in answer.output
    wait_for(lambda: node.is_terminated)
    assert 'asked to stop' in node.exit_message
    assert not [one for one in node.called_descendants if 'Propose' in one.process_label]
    builder = continue_search(node, {'rounds': 1})
    _, later = run_get_node(builder)
    assert later.is_finished_ok, later.exit_message
    assert later.outputs.references.uuid == node.outputs.references.uuid
    training = later.outputs.checkpoints.rdf_vae.creator.inputs
    assert training.start.uuid == node.outputs.checkpoints.rdf_vae.uuid
    assert records_of(later)[0]['space_group'] == 227
