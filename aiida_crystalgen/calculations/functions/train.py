"""Training of a generator in the process."""

from __future__ import annotations

from aiida import orm
from aiida.engine import calcfunction

from aiida_crystalgen.calculations.functions.refusal import refusable
from aiida_crystalgen.data.checkpoint import CheckpointData
from aiida_crystalgen.data.convert import (
    checkpoint_from_node,
    crystals_from_node,
    node_from_checkpoint,
)
from aiida_crystalgen.data.structure_set import StructureSetData

__all__ = ('train',)


@calcfunction
@refusable
def train(
    training: StructureSetData,
    method: orm.Str,
    settings: orm.Dict,
    seed: orm.Int,
    start: CheckpointData | None = None,
) -> dict[str, CheckpointData]:
    """Return the checkpoint of a generator trained on the structures.

    :param start: model whose weights are the first ones, for methods that can go on from them.
    """
    from aiida_crystalgen.science.generators.interface import (
        Course,
        ResumesTraining,
        load_generator,
    )
    from aiida_crystalgen.science.progress import silent

    generator, crystals = load_generator(method.value), crystals_from_node(training)
    if start is not None and isinstance(generator, ResumesTraining):
        checkpoint = generator.resume_training(
            crystals,
            settings.get_dict(),
            Course(start=checkpoint_from_node(start)),
            seed=seed.value,
            progress=silent,
        )
    else:
        checkpoint = generator.train(
            crystals, settings.get_dict(), seed=seed.value, progress=silent
        )
    return {'checkpoint': node_from_checkpoint(checkpoint)}
