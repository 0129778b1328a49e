"""Questions about running searches."""

import json
import time

import pytest
from aiida import orm
from aiida.common.datastructures import CalcJobState
from aiida.common.links import LinkType
from aiida.engine import ProcessState

from aiida_crystalgen.queries.jobs import find_job
from aiida_crystalgen.queries.searches import SEARCH
from aiida_crystalgen.queries.status import search_status


@pytest.fixture
def running_search(aiida_profile_clean, aiida_localhost, tmp_path):
    """Return a search that waits for a relaxation job, whose folder is ``tmp_path``."""
    search = orm.WorkChainNode(process_type=SEARCH)
    verb, job = orm.WorkChainNode(), orm.CalcJobNode(computer=aiida_localhost)
    for node, label in (
        (search, 'SearchWorkChain'),
        (verb, 'PotentialRelaxWorkChain'),
        (job, 'RelaxCalculation'),
    ):
        node.set_process_label(label)
        node.set_process_state(ProcessState.WAITING)
    job.set_state(CalcJobState.WITHSCHEDULER)
    job.set_remote_workdir(str(tmp_path))
    search.store()
    verb.base.links.add_incoming(search, LinkType.CALL_WORK, 'references')
    verb.store()
    job.base.links.add_incoming(verb, LinkType.CALL_CALC, 'relaxed')
    job.store()
    return search


def test_yields_only_shrink(finished_search):
    """No stage has more crystals than the one before, and the last one has the phases."""
    status = search_status(finished_search.pk)
    assert set(status.yields) == {'rdf_vae', 'random_symmetric'}
    for stages in status.yields.values():
        assert list(stages.values()) == sorted(stages.values(), reverse=True)
    found = sum(stages['phases'] for stages in status.yields.values())
    assert found == len(status.best) == finished_search.outputs.phases.number


def test_proposals_that_were_made_are_counted(finished_search):
    """What a generator gave up is not among the proposed."""
    status = search_status(finished_search.pk)
    for label, node in finished_search.outputs.proposals.items():
        usable = int((node.get_array('column_rejection') == '').sum())
        assert status.yields[label]['proposed'] == usable


def test_all_children_are_seen(finished_search):
    """Every process that the search called is there, once, by the label of its link."""
    status = search_status(finished_search.pk)
    assert [child.pk for child in status.children] == [node.pk for node in finished_search.called]
    assert all(child.is_successful for child in status.children)
    assert status.stage == 'compare the phases'


def test_status_takes_less_than_a_second(finished_search):
    """The status of a search is there at once."""
    start = time.perf_counter()
    search_status(finished_search.pk)
    assert time.perf_counter() - start < 1


def test_progress_is_read_where_the_job_runs(running_search, tmp_path):
    """The status holds what the job has written about itself."""
    (tmp_path / 'progress.json').write_text(json.dumps({'done': 3, 'total': 9, 'message': 'on'}))
    status = search_status(running_search.pk)
    assert not status.search.has_ended
    assert status.stage == 'relax the references'
    assert (status.job.done, status.job.total, status.job.message) == (3, 9, 'on')
    assert status.job.process == 'RelaxCalculation'
    assert status.yields == {}


def test_job_without_progress_is_still_a_job(running_search):
    """A job that has not begun to write has a state, and no numbers."""
    job = find_job(running_search.pk)
    assert (job.done, job.total) == (None, None)
    assert job.state == 'running'


def test_finished_search_waits_for_no_job(finished_search):
    """No job is left of a search that has ended."""
    assert search_status(finished_search.pk).job is None
    assert find_job(finished_search.pk) is None
