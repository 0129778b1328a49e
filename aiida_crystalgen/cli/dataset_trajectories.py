"""Training sets from trajectories, as the command line asks for them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from aiida_crystalgen.cli.running import run_or_submit
from aiida_crystalgen.cli.search_inputs import load_code
from aiida_crystalgen.workflows.trajectories import TrajectoriesWorkChain

if TYPE_CHECKING:
    from aiida_crystalgen.data.structure_set import StructureSetData

__all__ = ('learn_from_trajectories',)


def learn_from_trajectories(
    composition: str, *, protocol: str | None, code: str | None, **choices: Any
) -> StructureSetData:
    """Return the training set of a composition.

    :param protocol: of everything that is not chosen.
    :param code: label of the one whose executable is crystalgen-run; None works in this process.
    :param choices: options of the command; those that are None are left to the protocol.
    :raises ValueError: if a choice does not fit, or nothing can be learned from.
    """
    builder = TrajectoriesWorkChain.get_builder_from_protocol(
        composition,
        protocol=protocol,
        code=None if code is None else load_code(code),
        overrides=_overrides(**choices),
    )
    request = builder['propose']['request'].get_dict()
    click.echo(
        f'{request["candidates"]} random {"crystals" if request["periodic"] else "clusters"} of '
        f'{composition}, {request["volume_per_atom"]:.2f} Å³ per atom; relaxing with '
        f'{builder["relax"]["potential"].value} …'
    )
    node = run_or_submit(builder)
    source = node.outputs.training.facts['source']
    click.echo(
        f'{source["unphysical_trajectories"]} trajectories end unphysical; left out are also '
        f'{source["unphysical_frames"]} unphysical crystals, and {source["frames_above_window"]} '
        f'more than {source["window"]:g} eV/atom above the lowest'
    )
    return node.outputs.training


def _overrides(
    *, formula_units: Sequence[int], clusters: bool, volume_per_atom: float | None, **choices: Any
) -> dict[str, Any]:
    """Return what differs from the protocol, with the keys of its file."""
    chosen: dict[str, dict[str, Any]] = {
        '': {
            'candidates': choices['candidates'],
            'seed': choices['seed'],
            'formula_units': list(formula_units) or None,
            'periodic': False if clusters else None,
        },
        'volume': {'per_atom': volume_per_atom},
        'frames': {'largest_number': choices['frames'], 'window': choices['window']},
        'relax': {'potential': choices['potential']},
    }
    given = {
        place: {key: value for key, value in values.items() if value is not None}
        for place, values in chosen.items()
    }
    return {**given.pop(''), **given}
