"""Questions about jobs that run."""

import json

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


def test_unreachable_folder_is_no_progress(running_search, tmp_path):
    """A folder that is gone takes the numbers with it, not the status."""
    tmp_path.rmdir()
    assert find_job(running_search.pk).done is None
