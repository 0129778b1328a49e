"""Results of earlier work chains that ran with the same engine and the same settings of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

from aiida import orm
from aiida.engine import WorkChain

from aiida_crystalgen.data.structure_set import StructureSetData
from aiida_crystalgen.science.engines import engine_differences
from aiida_crystalgen.workflows.engines import engine_name

__all__ = ('earlier_entries', 'mark_engine')

_EXTRA = 'crystalgen_engine'
_ORIGIN = f'{StructureSetData.COLUMN_PREFIX}origin'
# With the same seed a potential gives the same energies in the process and by any code.
_INCIDENTAL = {'potential': {'code', 'options', 'metadata'}}
_OF_JOBS = {'options', 'max_concurrent', 'metadata'}


def mark_engine(process: WorkChain) -> None:
    """Note on the node of a work chain which engine it uses, for those that come after it."""
    process.node.base.extras.set(_EXTRA, _digest(process))


def earlier_entries(process: WorkChain, wanted: StructureSetData) -> list[StructureSetData]:
    """Return the outputs ``entries`` of earlier work chains of this kind that are of use.

    They ran with the same inputs of the engine, hold some of the wanted crystals by their column
    ``origin``, and all have energies of one engine, the newest; newest first.
    """
    query = orm.QueryBuilder()
    query.append(
        orm.WorkChainNode,
        filters={
            'process_type': process.node.process_type,
            f'extras.{_EXTRA}': _digest(process),
            'id': {'!==': process.node.pk},
        },
        tag='chain',
    )
    query.append(StructureSetData, with_incoming='chain', edge_filters={'label': 'entries'})
    query.order_by({'chain': {'id': 'desc'}})
    missing = set(wanted.get_array(_ORIGIN).tolist())
    found: list[StructureSetData] = []
    for node in query.all(flat=True):
        origins = set(node.get_array(_ORIGIN).tolist())
        newest = found[0] if found else node
        if missing & origins and not engine_differences(
            node.facts['engine'], newest.facts['engine']
        ):
            found.append(node)
            missing -= origins
    return found


def _digest(process: WorkChain) -> str:
    """Return the digest of everything an engine is given but the structures."""
    name = engine_name(process.inputs)
    ignored = _INCIDENTAL.get(name, _OF_JOBS)
    hashes = dict(_hashes(process.inputs[name], ignored))
    return hashlib.sha256(json.dumps([name, hashes], sort_keys=True).encode()).hexdigest()


def _hashes(
    inputs: Mapping[str, Any], ignored: set[str], path: str = ''
) -> Iterator[tuple[str, str]]:
    """Yield path and hash of every node in a namespace."""
    for key, value in inputs.items():
        if key in ignored:
            continue
        if isinstance(value, orm.Node):
            yield f'{path}{key}', value.base.caching.compute_hash() or value.uuid
        elif isinstance(value, Mapping):
            yield from _hashes(value, ignored, f'{path}{key}.')
