"""Proposing of crystals in the process."""

from __future__ import annotations

from aiida import orm
from aiida.engine import calcfunction

from aiida_crystalgen.calculations.functions.refusal import refusable
from aiida_crystalgen.data.checkpoint import CheckpointData
from aiida_crystalgen.data.convert import (
    checkpoint_from_node,
    crystals_from_node,
    node_from_crystals,
)
from aiida_crystalgen.data.structure_set import StructureSetData

__all__ = ('propose',)


@calcfunction
@refusable
def propose(
    method: orm.Str,
    request: orm.Dict,
    seed: orm.Int,
    checkpoint: CheckpointData | None = None,
    templates: StructureSetData | None = None,
) -> dict[str, StructureSetData]:
    """Return the proposals of a generator, all rows."""
    from aiida_crystalgen.science.generators.interface import Request, load_generator
    from aiida_crystalgen.science.progress import announce

    known = None if templates is None else crystals_from_node(templates)
    proposals = load_generator(method.value, known).propose(
        None if checkpoint is None else checkpoint_from_node(checkpoint),
        Request.parse(request.get_dict()),
        seed=seed.value,
        progress=announce,
    )
    return {'proposals': node_from_crystals(proposals)}
