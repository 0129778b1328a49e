"""Children of a work chain that survive its interruption.

After a kill AiiDA runs the interrupted step again. Each child has a call link label that is unique
within its parent, so a step that runs again finds the child it had started, and starts no second.
"""

from __future__ import annotations

from typing import Any, cast

from aiida import orm
from aiida.common.links import LinkType
from aiida.engine import Process, WorkChain

__all__ = ('run_once', 'submit_once')


def _earlier_child(parent: WorkChain, label: str) -> orm.ProcessNode | None:
    """Return the newest child with this call link label."""
    links = parent.node.base.links.get_outgoing(link_type=(LinkType.CALL_CALC, LinkType.CALL_WORK))
    children = [link.node for link in links.all() if link.link_label == label]
    return cast('orm.ProcessNode', children[-1]) if children else None


def submit_once(
    parent: WorkChain, process: type[Process], label: str, **inputs: Any
) -> orm.ProcessNode:
    """Return the child called ``label``, submitted now unless it was before."""
    child = _earlier_child(parent, label)
    if child is not None:
        return child
    metadata = {**inputs.pop('metadata', {}), 'call_link_label': label}
    return parent.submit(process, metadata=metadata, **inputs)


def run_once(parent: WorkChain, function: Any, label: str, **inputs: Any) -> orm.ProcessNode:
    """Return the finished calcfunction called ``label``, run now unless it was before."""
    child = _earlier_child(parent, label)
    if child is not None and child.is_terminated:
        return child
    _, node = function.run_get_node(metadata={'call_link_label': label}, **inputs)
    return node
