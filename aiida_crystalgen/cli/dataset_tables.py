"""Datasets as text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from aiida_crystalgen.cli.tables import age, format_facts, format_number, format_table
from aiida_crystalgen.science.composition import reduced_formulas

if TYPE_CHECKING:
    from aiida_crystalgen.data.structure_set import StructureSetData
    from aiida_crystalgen.queries.datasets import DatasetRow
    from aiida_crystalgen.science.crystals import CrystalSet

__all__ = ('crystals_table', 'datasets_table', 'describe_dataset', 'first_formulas', 'rejections')

_FORMULAS = 5
# Shown where a dataset has them; the names that the package gives these properties.
_SHOWN = {
    'energy': ('energy', '{:.4f}'),
    'energy_above_hull': ('above hull', '{:.4f}'),
    'space_group': ('space group', '{}'),
}


def datasets_table(rows: Sequence[DatasetRow]) -> str:
    """Return one line for each dataset."""
    lines = [
        (
            row.label,
            str(row.pk),
            format_number(row.number),
            first_formulas(row.formulas),
            row.engine or ('unknown' if 'energy' in row.properties else '–'),
            row.source,
            f'{age(row.created)} ago',
            row.description,
        )
        for row in rows
    ]
    headings = ('label', 'pk', 'crystals', 'formulas', 'energies by', 'source', 'made', '')
    return format_table(headings, lines, right='pk,crystals')


def describe_dataset(node: StructureSetData) -> str:
    """Return what a set of structures is and where it comes from, one fact a line."""
    source = dict(node.facts.get('source', {}))
    rejected = source.pop('rejected', {})
    engine = node.facts.get('engine', {})
    creator = node.creator
    facts = {
        'dataset': node.label or '–',
        'node': f'{node.pk}  {node.uuid}',
        'description': node.description or '–',
        'crystals' if node.periodic else 'clusters': format_number(node.number),
        'formulas': first_formulas(node.formulas),
        'properties': ', '.join(_with_unit(item) for item in node.properties.items()) or '–',
        'energies by': ' '.join(str(part) for part in engine.values()) or '–',
        'source': _describe_source(source),
        'rejected': format_number(len(rejected)),
        'made by': '–' if creator is None else f'{creator.process_label}<{creator.pk}>',
        'made': f'{age(node.ctime)} ago',
    }
    return format_facts(facts)


def _with_unit(item: tuple[str, str]) -> str:
    """Return the name of a property and its unit."""
    name, unit = item
    return f'{name} ({unit})' if unit else name


def _describe_source(source: Mapping[str, Any]) -> str:
    """Return the kind of a source and its other facts, files by their number."""
    parts = [str(source.get('kind', 'unknown'))]
    for name, value in source.items():
        if name == 'files':
            parts.append(f'{len(value)} files' if len(value) != 1 else next(iter(value)))
        elif name != 'kind' and value not in (None, ''):
            parts.append(f'{name.replace("_", " ")} {value}')
    return ' · '.join(parts)


def crystals_table(crystals: CrystalSet, number: int) -> str:
    """Return one line for each crystal, those of lowest energy first.

    :param number: lines at most.
    """
    order = np.arange(len(crystals))
    if 'energy' in crystals:
        order = np.argsort(crystals['energy'], kind='stable')
    formulas = reduced_formulas(crystals)
    volumes = crystals.volumes / crystals.counts
    shown = [name for name in _SHOWN if name in crystals]
    lines = [
        [
            str(row),
            str(crystals['label'][row]) if 'label' in crystals else '',
            formulas[row],
            str(crystals.counts[row]),
            *([f'{volumes[row]:.2f}'] if crystals.periodic else []),
            *(_SHOWN[name][1].format(crystals[name][row]) for name in shown),
        ]
        for row in order[:number]
    ]
    headings = ['row', 'label', 'formula', 'atoms', *(['Å³/atom'] if crystals.periodic else [])]
    headings += [_SHOWN[name][0] for name in shown]
    table = format_table(headings, lines, right='row,atoms,Å³/atom,energy,above hull,space group')
    left = len(crystals) - number
    return f'{table}\n… and {format_number(left)} more; --rows shows them.' if left > 0 else table


def first_formulas(formulas: Sequence[str]) -> str:
    """Return the first formulas."""
    return ', '.join(formulas[:_FORMULAS]) + (' …' if len(formulas) > _FORMULAS else '')


def rejections(node: StructureSetData, number: int) -> list[str]:
    """Return what was rejected and why, one line each.

    :param number: lines at most, one more for the rest.
    """
    rejected = node.facts.get('source', {}).get('rejected', {})
    lines = [f'rejected {name}: {reason}' for name, reason in rejected.items()]
    if len(lines) <= number:
        return lines
    return [*lines[:number], f'… and {len(lines) - number} more']
