"""A training set from the ways of a relaxation."""

from __future__ import annotations

from aiida import orm
from aiida.engine import calcfunction

from aiida_crystalgen.calculations.functions.refusal import refusable
from aiida_crystalgen.data.convert import crystals_from_node, node_from_crystals
from aiida_crystalgen.data.structure_set import StructureSetData

__all__ = ('collect_frames',)


@calcfunction
@refusable
def collect_frames(
    structures: StructureSetData,
    relaxed: StructureSetData,
    trajectory: StructureSetData,
    settings: orm.Dict,
) -> dict[str, StructureSetData]:
    """Return the frames that can be learned from.

    :param structures: before the relaxation.
    :param settings: of the relaxation, with those of its frames.
    """
    from aiida_crystalgen.science.relaxation import Relaxation, RelaxSettings, training_frames

    chosen = RelaxSettings.parse(settings.get_dict())
    if chosen.frames is None:
        raise ValueError("key 'frames' is missing in the settings of the relaxation")
    training = training_frames(
        crystals_from_node(structures),
        Relaxation(crystals_from_node(relaxed), crystals_from_node(trajectory)),
        chosen.limits,
        chosen.frames.window,
    )
    return {'training': node_from_crystals(training)}
