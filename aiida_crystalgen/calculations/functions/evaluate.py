"""Measures of how good generated crystals are."""

from __future__ import annotations

from aiida import orm
from aiida.engine import calcfunction

from aiida_crystalgen.calculations.functions.refusal import refusable
from aiida_crystalgen.data.convert import crystals_from_node
from aiida_crystalgen.data.structure_set import StructureSetData

__all__ = ('evaluate',)


@calcfunction
@refusable
def evaluate(
    generated: StructureSetData,
    reference: StructureSetData,
    settings: orm.Dict,
    seed: orm.Int,
    training: StructureSetData | None = None,
) -> orm.Dict:
    """Return the measures of generated crystals, and those of real ones beside them.

    :param reference: real crystals that the model never saw.
    :param seed: of the samples that are compared.
    :param training: crystals that the model was trained on; without them nothing is said of
        novelty, and the real crystals are some of the references.
    """
    from aiida_crystalgen.science.metrics import evaluation
    from aiida_crystalgen.science.metrics.settings import EvaluationSettings

    result = evaluation.evaluate(
        crystals_from_node(generated),
        crystals_from_node(reference),
        None if training is None else crystals_from_node(training),
        EvaluationSettings.parse(settings.get_dict(), 'evaluation'),
        seed=seed.value,
    )
    return orm.Dict(result.to_dict())
