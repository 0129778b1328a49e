"""Elastic constants and mechanical stability of a structure."""

from __future__ import annotations

from aiida import orm
from aiida.engine import calcfunction

from aiida_crystalgen.calculations.functions.refusal import refusable
from aiida_crystalgen.data.convert import crystals_from_node
from aiida_crystalgen.data.structure_set import StructureSetData

__all__ = ('elasticity',)


@calcfunction
@refusable
def elasticity(
    strained: StructureSetData, relaxed: StructureSetData, settings: orm.Dict
) -> dict[str, orm.Dict]:
    """Return ``elasticity``: stiffness in GPa, Born's criteria, moduli, and the engine.

    :param strained: as `strain` returns them, for these settings.
    :param relaxed: what an engine made of them with ions that relax in fixed cells.
    """
    from aiida_crystalgen.science.stability.elasticity import ElasticSettings, judge_elasticity

    verdict = judge_elasticity(
        crystals_from_node(strained),
        crystals_from_node(relaxed),
        ElasticSettings.parse(settings.get_dict()),
    )
    return {'elasticity': orm.Dict(verdict.model_dump(mode='json'))}
