"""Many outputs of one process, attached some at a time.

AiiDA takes several queries and transactions for each output of a process. Where there are hundreds,
as for the phases of a round, that is longer than all else that the process does.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice

from aiida import orm
from aiida.common.links import LinkType
from aiida.engine import Process
from aiida.orm.entities import EntityTypes

__all__ = ('attach_outputs',)

# While they are stored nobody else can write to SQLite, and others wait for five seconds at most.
_AT_ONCE = 100


def attach_outputs(outputs: Mapping[str, orm.Data]) -> None:
    """Store outputs of the running process, with their links to it.

    The process has to give them out all the same, and AiiDA then finds them attached: the graph is
    the one that it would have made. Without a running process, nothing is done.

    :param outputs: by their labels, as in 'row_1_record' or 'records.row_1_record'.
    :raises ValueError: if a node that is stored already is to be the result of a calculation.
    """
    process = Process.current()
    if not isinstance(process, Process) or not process.node.is_stored:
        return
    is_calculation = isinstance(process.node, orm.CalculationNode)
    link_type = LinkType.CREATE if is_calculation else LinkType.RETURN
    # After a restart, some may be attached.
    attached = set(process.node.base.links.get_outgoing(link_type=link_type).all_link_labels())
    labelled = {label.replace('.', '__'): node for label, node in outputs.items()}
    missing = iter([(label, node) for label, node in labelled.items() if label not in attached])
    while some := dict(islice(missing, _AT_ONCE)):
        if is_calculation and any(node.is_stored for node in some.values()):
            raise ValueError(
                f'an output of {process.node.process_label} is stored already, so that it is not '
                'its result; return a new node'
            )
        with process.node.backend.transaction():
            links = [
                {
                    'input_id': process.node.pk,
                    'output_id': node.store().pk,
                    'label': label,
                    'type': link_type.value,
                }
                for label, node in some.items()
            ]
            process.node.backend.bulk_insert(EntityTypes.LINK, links)
