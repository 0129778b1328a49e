"""What the jobs of a search are doing, as their computers know it."""

from __future__ import annotations

import json
import tempfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any

from aiida import orm
from aiida.common.exceptions import NotExistent

from aiida_crystalgen.queries.nodes import stored_pk
from aiida_crystalgen.remote import files

__all__ = ('Job', 'find_job')

_PHASES = {
    'toupload': 'waiting to be uploaded',
    'upload': 'being uploaded',
    'submitting': 'being submitted',
    'stashing': 'keeping files',
    'retrieving': 'being retrieved',
    'parsing': 'being read',
}
_IN_QUEUE = ('queued', 'queued held', 'undetermined')


@dataclass(frozen=True)
class Job:
    """A job that has not ended.

    :param process: its process label, as in 'RelaxCalculation'.
    :param state: what is going on with it, as in 'in the queue'.
    :param since: when it was made.
    :param done: steps of its work that it has finished, None if it does not say.
    :param total: steps of its work.
    :param message: what it says about itself.
    """

    pk: int
    process: str
    computer: str
    state: str
    since: datetime
    done: int | None = None
    total: int | None = None
    message: str = ''


def find_job(parent: int) -> Job | None:
    """Return the newest job that a search waits for, or None.

    Its progress is read through AiiDA's transport, from the folder that it runs in.

    :param parent: PK of the search.
    """
    found = _newest_job(parent)
    if found is None:
        return None
    progress = _read_progress(found)
    return Job(
        pk=stored_pk(found),
        process=found.process_label or '',
        computer=found.computer.label,
        state=_state(found),
        since=found.ctime,
        done=progress.get('done'),
        total=progress.get('total'),
        message=progress.get('message', ''),
    )


def _newest_job(parent: int) -> Any:
    """Return the newest job among the descendants of a process that have not ended, or None."""
    alive = {'attributes.process_state': {'in': ['created', 'waiting', 'running']}}
    level = [parent]
    while level:
        query = orm.QueryBuilder()
        query.append(orm.WorkChainNode, filters={'id': {'in': level}}, tag='parent')
        query.append(orm.ProcessNode, with_incoming='parent', filters=alive, project='*', tag='one')
        query.order_by({'one': [{'ctime': 'desc'}]})
        children = query.all(flat=True)
        jobs = [child for child in children if isinstance(child, orm.CalcJobNode)]
        if jobs:
            return jobs[0]
        level = [stored_pk(child) for child in children]
    return None


def _state(job: orm.CalcJobNode) -> str:
    """Return what is going on with a job, in words."""
    state = job.get_state()
    if state is None:
        return 'being prepared'
    if state.value in _PHASES:
        return _PHASES[state.value]
    scheduler = job.get_scheduler_state()
    queued = scheduler is not None and scheduler.value in _IN_QUEUE
    return 'in the queue' if queued else 'running'


def _read_progress(job: orm.CalcJobNode) -> dict[str, Any]:
    """Return what a job has written about its progress, or nothing if that cannot be read now."""
    folder = job.get_remote_workdir()
    if folder is None:
        return {}
    with tempfile.TemporaryDirectory() as temporary:
        copy = Path(temporary) / files.PROGRESS
        try:
            with job.get_transport() as transport:
                transport.getfile(str(PurePosixPath(folder) / files.PROGRESS), str(copy))
        except _unreachable():
            return {}
        return json.loads(copy.read_text())


def _unreachable() -> tuple[type[Exception], ...]:
    """Return what is raised where a computer or a file cannot be reached now."""
    from paramiko.ssh_exception import SSHException  # type: ignore[import-untyped]

    return (OSError, NotExistent, SSHException)
