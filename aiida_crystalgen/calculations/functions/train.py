"""Training of a generator in the process."""

from __future__ import annotations

from aiida import orm
from aiida.engine import calcfunction

from aiida_crystalgen.calculations.functions.refusal import refusable
from aiida_crystalgen.data.checkpoint import CheckpointData
from aiida_crystalgen.data.convert import crystals_from_node, node_from_checkpoint
from aiida_crystalgen.data.structure_set import StructureSetData

__all__ = ('train',)


@calcfunction
@refusable
def train(
    training: StructureSetData, method: orm.Str, settings: orm.Dict, seed: orm.Int
) -> dict[str, CheckpointData]:
    """Return the checkpoint of a generator trained on the structures."""
    from aiida_crystalgen.science.generators.interface import load_generator
    from aiida_crystalgen.science.progress import silent

    checkpoint = load_generator(method.value).train(
        crystals_from_node(training), settings.get_dict(), seed=seed.value, progress=silent
    )
    return {'checkpoint': node_from_checkpoint(checkpoint)}
