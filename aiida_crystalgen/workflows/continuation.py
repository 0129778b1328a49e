"""From a search that has ended to one that goes on from there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from aiida import orm
from aiida.engine import ProcessBuilder

from aiida_crystalgen.workflows.budget import Budget
from aiida_crystalgen.workflows.round import RoundWorkChain

__all__ = ('continue_search',)


def continue_search(
    search: orm.ProcessNode, budget: Mapping[str, float | None] | None = None
) -> ProcessBuilder:
    """Return the builder of a search that inherits references, models, phases and what was tried.

    Its inputs are outputs of the other search, so that the graph links the two.

    :param search: that has ended.
    :param budget: what differs from that of the other search; it counts from zero.
    :raises ValueError: if the search goes on, has left nothing, or the budget does not fit.
    """
    if not search.is_terminated:
        raise ValueError(
            f'search {search.pk} has not ended; `aiida-crystalgen search stop {search.pk}` ends it '
            'after the stage that is running'
        )
    outputs = search.outputs
    if 'references' not in outputs:
        raise ValueError(
            f'search {search.pk} ended before it had references, so there is nothing to continue; '
            'launch it anew'
        )
    builder: Any = search.get_builder_restart()
    builder.metadata.label = search.label
    builder.references = outputs.references
    limits = {**search.inputs.budget.get_dict(), **(budget or {})}
    builder.budget = Budget.parse(limits, 'budget').model_dump()
    begun = [child for child in search.called if child.process_class is RoundWorkChain]
    builder.rounds_before = search.inputs.rounds_before.value + len(begun)
    builder.spent = dict(_spent(search))
    if 'checkpoints' in outputs:
        for label, checkpoint in outputs.checkpoints.items():
            builder.generators[label]['checkpoint'] = checkpoint
    builder.earlier = {name: outputs[name] for name in ('phases', 'accepted') if name in outputs}
    if 'verified' in outputs:
        builder.verified = _nested(outputs.verified)
    return builder


def _spent(search: orm.ProcessNode) -> Counter[str]:
    """Return the candidates of each generator so far, those of searches before included."""
    spent = Counter(search.inputs.spent.get_dict() if 'spent' in search.inputs else {})
    for one in search.outputs.rounds.values() if 'rounds' in search.outputs else ():
        for label, proposals in one.get('proposals', {}).items():
            spent[label] += proposals.number
    return spent


def _nested(outputs: Any) -> dict[str, Any]:
    """Return what was verified, as inputs."""
    return {name: dict(value) if name == 'verdicts' else value for name, value in outputs.items()}
