"""Removal of what jobs leave on their computers."""

from __future__ import annotations

from typing import Any

from aiida import orm
from aiida.orm.utils.remote import clean_mapping_remote_paths, get_calcjob_remote_paths

__all__ = ('clean_up',)


def clean_up(process: orm.ProcessNode) -> None:
    """Remove the working folders of the jobs that a process and its descendants have called.

    :raises OSError: if a computer cannot be reached.
    """
    jobs: list[Any] = [
        node.pk for node in process.called_descendants if isinstance(node, orm.CalcJobNode)
    ]
    paths = get_calcjob_remote_paths(pks=jobs, only_not_cleaned=True) if jobs else None
    if paths:
        clean_mapping_remote_paths(paths, silent=True)
