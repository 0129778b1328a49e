"""Proposals as text."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from aiida_crystalgen.cli.tables import format_number, format_table
from aiida_crystalgen.science.composition import reduced_formulas

if TYPE_CHECKING:
    from aiida_crystalgen.science.crystals import CrystalSet

__all__ = ('proposals_table',)


def proposals_table(crystals: CrystalSet, number: int) -> str:
    """Return one line for each of the first proposals, in their order.

    :param number: lines at most.
    """
    formulas = reduced_formulas(crystals)
    volumes = crystals.volumes / crystals.counts
    shown = [name for name in _SHOWN if name in crystals and _tells(crystals, name)]
    lines = [
        [
            str(row),
            formulas[row],
            str(crystals.counts[row]),
            *([f'{volumes[row]:.2f}'] if crystals.periodic else []),
            *(_SHOWN[name][1](crystals[name][row]) for name in shown),
        ]
        for row in range(min(number, len(crystals)))
    ]
    headings = ['row', 'formula', 'atoms', *(['Å³/atom'] if crystals.periodic else [])]
    headings += [_SHOWN[name][0] for name in shown]
    table = format_table(headings, lines, right='row,atoms,Å³/atom,space group,ln likelihood')
    left = len(crystals) - number
    return f'{table}\n… and {format_number(left)} more; --rows shows them.' if left > 0 else table


def _tells(crystals: CrystalSet, name: str) -> bool:
    """Return whether a column of texts has any text."""
    values = crystals[name]
    return values.dtype.kind != 'U' or bool((values != '').any())


def _yes(value: Any) -> str:
    """Return a truth as text."""
    return 'yes' if value else 'no'


# Heading and text of the columns that tell people something, where a generator gives them.
_SHOWN: dict[str, tuple[str, Callable[[Any], str]]] = {
    'requested_space_group': ('space group', lambda value: str(value) if value else '–'),
    'wyckoff': ('sites', str),
    'log_likelihood': ('ln likelihood', '{:.2f}'.format),
    'known_composition': ('known formula', _yes),
    'charge_balanced': ('balanced', _yes),
    'prototype': ('prototype', str),
    'template': ('template', str),
    'rejection': ('rejected', str),
}
