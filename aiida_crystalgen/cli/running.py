"""Processes that a command waits for: here, or where a code is."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from aiida.engine import ProcessBuilder
    from aiida.orm import ProcessNode

__all__ = ('run_here', 'run_or_submit')


def run_or_submit(builder: ProcessBuilder) -> ProcessNode:
    """Return a successful process: run by the daemon if the builder has a code, here otherwise.

    :raises ValueError: if there is no daemon, or the process failed.
    """
    if builder.get('code') is None:
        return run_here(builder)
    from aiida.engine import submit

    from aiida_crystalgen.cli.daemon import require_daemon

    require_daemon()
    node = submit(builder)
    click.echo(f'Submitted {node.process_label}<{node.pk}>.   verdi process status {node.pk}')
    while not node.is_terminated:
        time.sleep(1)
    return _succeeded(node)
