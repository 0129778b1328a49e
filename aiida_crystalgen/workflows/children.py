"""Children of a work chain that survive its interruption.

After a kill AiiDA runs the interrupted step again. Each child has a call link label that is unique
within its parent, so a step that runs again finds the child it had started, and starts no second. A
kill can also fall between the making of a child and its handing over to the daemon: such a child
would never run, and another takes its place.
"""

from __future__ import annotations

from typing import Any, cast

from aiida import orm
from aiida.common.links import LinkType
from aiida.engine import ExitCode, Process, ProcessState, WorkChain

__all__ = ('failure', 'run_once', 'submit_once')


def _earlier_child(parent: WorkChain, label: str) -> orm.ProcessNode | None:
    """Return the newest child with this call link label that has not been abandoned."""
    links = parent.node.base.links.get_outgoing(
        link_type=(LinkType.CALL_CALC, LinkType.CALL_WORK), link_label_filter=label
    )
    # To the filter an underscore is any character.
    children = [link.node for link in links.all() if link.link_label == label]
    children = [child for child in children if not child.is_killed]
    return cast('orm.ProcessNode', children[-1]) if children else None


def _abandon(child: orm.ProcessNode) -> None:
    """End a child that its parent's interruption left behind; a worker then ignores its task."""
    child.set_process_state(ProcessState.KILLED)
    child.set_process_status('its parent was interrupted before it could start')
    child.delete_checkpoint()
    child.seal()


def submit_once(
    parent: WorkChain, process: type[Process], label: str, **inputs: Any
) -> orm.ProcessNode:
    """Return the child called ``label``, submitted now unless it was before."""
    child = _earlier_child(parent, label)
    if child is not None:
        # A node just stored has no state yet.
        if child.process_state not in (None, ProcessState.CREATED):
            return child
        _abandon(child)
    metadata = {**inputs.pop('metadata', {}), 'call_link_label': label}
    return parent.submit(process, metadata=metadata, **inputs)


def run_once(parent: WorkChain, function: Any, label: str, **inputs: Any) -> orm.ProcessNode:
    """Return the finished calcfunction called ``label``, run now unless it was before."""
    child = _earlier_child(parent, label)
    if child is not None:
        if child.is_terminated:
            return child
        _abandon(child)
    _, node = function.run_get_node(metadata={'call_link_label': label}, **inputs)
    return node


def failure(parent: WorkChain, name: str, child: orm.ProcessNode) -> ExitCode:
    """Report and return the parent's exit code of this name for a child that failed.

    :param name: of an exit code whose message has places for ``process`` and ``reason``.
    """
    exit_code = parent.exit_codes[name].format(
        process=f'{child.process_label}<{child.pk}>',
        reason=str(child.exit_message or child.process_state).rstrip('.'),
    )
    parent.report(exit_code.message)
    return exit_code
