"""Processes that a command waits for, here or by the daemon."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from aiida.engine import ProcessBuilder
    from aiida.orm import ProcessNode

__all__ = ('call', 'run_or_submit')

_SECONDS_BETWEEN_LOOKS = 1.0


def run_or_submit(builder: ProcessBuilder) -> ProcessNode:
    """Return a successful process: run by the daemon if it has a code, in this process otherwise.

    :raises ValueError: if there is no daemon, or the process failed.
    """
    from aiida.engine import run_get_node, submit

    from aiida_crystalgen.cli.daemon import require_daemon

    if builder.get('code') is None:
        _, node = run_get_node(builder)
        return _successful(node)
    require_daemon()
    node = submit(builder)
    click.echo(f'Submitted {node.process_label}<{node.pk}>.   verdi process status {node.pk}')
    while not node.is_terminated:
        time.sleep(_SECONDS_BETWEEN_LOOKS)
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
