"""Processes that a command waits for, here or by the daemon."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from aiida_crystalgen.cli.progress import shown
from aiida_crystalgen.science.progress import heard_by

if TYPE_CHECKING:
    from aiida.engine import ProcessBuilder
    from aiida.orm import ProcessNode

__all__ = ('call', 'run_or_submit')

_SECONDS_BETWEEN_LOOKS = 1.0


def run_or_submit(builder: ProcessBuilder, doing: str = 'working') -> ProcessNode:
    """Return a successful process: run by the daemon if it has a code, in this process otherwise.

    :param doing: label of a bar for what the step that runs, here or as a job, says of itself.
    :raises ValueError: if there is no daemon, or the process failed.
    """
    from aiida.engine import run_get_node, submit

    from aiida_crystalgen.cli.daemon import look_for_dead_workers, require_daemon
    from aiida_crystalgen.queries.jobs import find_job
    from aiida_crystalgen.queries.nodes import stored_pk

    if builder.get('code') is None:
        with shown(doing) as progress, heard_by(progress):
            _, node = run_get_node(builder)
        return _successful(node)
    require_daemon()
    node = submit(builder)
    click.echo(f'Submitted {node.process_label}<{node.pk}>.   verdi process status {node.pk}')
    with shown(doing) as progress:
        while not node.is_terminated:
            time.sleep(_SECONDS_BETWEEN_LOOKS)
            look_for_dead_workers()
            job = find_job(stored_pk(node))
            if job is not None and job.done is not None and job.total:
                progress(job.done, job.total, job.message)
    return _successful(node)


def call(function: Callable[..., Any], **inputs: Any) -> ProcessNode:
    """Return the successful process of a calcfunction.

    :raises ValueError: if it failed.
    """
    _, node = function.run_get_node(**inputs)  # type: ignore[attr-defined]
    return _successful(node)


def _successful(node: ProcessNode) -> ProcessNode:
    """Return the process.

    :raises ValueError: if it failed.
    """
    if not node.is_finished_ok:
        raise ValueError(
            f'{node.process_label}<{node.pk}> failed (exit {node.exit_status}): '
            f'{node.exit_message or node.exception}'
        )
    return node
