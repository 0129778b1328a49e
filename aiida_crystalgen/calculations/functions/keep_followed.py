"""The lowest of the structures that imaginary modes lead to."""

from __future__ import annotations

from aiida import orm
from aiida.engine import calcfunction

from aiida_crystalgen.calculations.functions.refusal import refusable
from aiida_crystalgen.data.convert import crystals_from_node, structure_from_row
from aiida_crystalgen.data.structure_set import StructureSetData

__all__ = ('keep_followed',)


@calcfunction
@refusable
def keep_followed(
    displaced: StructureSetData,
    relaxed: StructureSetData,
    phonons: orm.Dict,
    settings: orm.Dict,
) -> dict[str, orm.Data]:
    """Return ``following``, what each mode led to, and ``structure``, the lowest, if lower at all.

    :param displaced: as `follow_modes` returns them.
    :param relaxed: the same, relaxed by the engine of the phonons.
    :param phonons: the verdict on the structure that was displaced.
    """
    from aiida_crystalgen.science.stability.phonons.analysis import PhononSummary
    from aiida_crystalgen.science.stability.phonons.following import summarize_following
    from aiida_crystalgen.science.stability.phonons.settings import PhononSettings

    crystals = crystals_from_node(relaxed)
    summary = summarize_following(
        crystals_from_node(displaced),
        crystals,
        PhononSummary.parse(phonons.get_dict()),
        PhononSettings.parse(settings.get_dict()),
    )
    results: dict[str, orm.Data] = {'following': orm.Dict(summary.model_dump(mode='json'))}
    if summary.kept is not None:
        results['structure'] = structure_from_row(crystals, summary.kept)
    return results
