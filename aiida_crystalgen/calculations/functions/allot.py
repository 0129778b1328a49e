"""The choice of how many candidates each generator proposes in the next round."""

from __future__ import annotations

from collections import Counter

from aiida import orm
from aiida.engine import calcfunction

from aiida_crystalgen.calculations.functions.refusal import refusable
from aiida_crystalgen.data.structure_set import StructureSetData

__all__ = ('allot',)

_COLUMN = StructureSetData.COLUMN_PREFIX + 'generator'


@calcfunction
@refusable
def allot(
    settings: orm.Dict,
    seed: orm.Int,
    spent: orm.Dict,
    phases: StructureSetData | None = None,
    **requests: orm.Dict,
) -> dict[str, orm.Dict]:
    """Return the request to each generator, under its label, with its new share.

    ``allotment`` says what was chosen, and by which yields.

    :param spent: candidates of each generator so far.
    :param phases: found so far.
    :param requests: of the first round, under the labels of their generators.
    """
    from aiida_crystalgen.science import allocation

    found = Counter([] if phases is None else phases.get_array(_COLUMN).tolist())
    chosen = allocation.allot(
        {label: request['candidates'] for label, request in requests.items()},
        spent.get_dict(),
        found,
        settings=allocation.AllocationSettings.parse(settings.get_dict(), 'allocation'),
        seed=seed.value,
    )
    yields = {
        label: {'candidates': number, 'spent': spent[label], 'phases': found[label]}
        for label, number in chosen.items()
    }
    return {
        'allotment': orm.Dict(yields),
        **{
            label: orm.Dict({**requests[label].get_dict(), 'candidates': number})
            for label, number in chosen.items()
        },
    }
