"""How well a search met the properties that it was asked for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from aiida_crystalgen.queries.results import SearchResults
from aiida_crystalgen.report.targets import TargetResults
from aiida_crystalgen.science.crystals import Column, CrystalSet
from aiida_crystalgen.science.engines import engine_differences

__all__ = ('target_results',)

_ROUND = re.compile(r'rounds__round_(\d+)__relaxed')
_ENERGY = 'energy'
_DECIMALS = 9  # a difference of energies is rounded, so that equal targets stay equal


@dataclass(frozen=True)
class _Part:
    """The relaxed crystals of a generator and a round, and the proposals they were."""

    generator: str
    relaxed: CrystalSet
    proposed: CrystalSet


def target_results(results: SearchResults) -> tuple[TargetResults, ...]:
    """Return what the relaxed proposals have of each property asked for, none without targets.

    Energies are compared as they are if models learned those of the engine that relaxes, and above
    the lowest of each engine if that is what was asked for. Of other energies and other properties
    nothing but the prediction is known.
    """
    asked = [one['targets'] for one in results.requests.values() if one.get('targets')]
    if not asked:
        return ()
    parts = [
        part for name in results.outputs if _ROUND.fullmatch(name) for part in _parts(results, name)
    ]
    found = [_results(results, target, parts) for target in asked[0]]
    return tuple(one for one in found if one is not None)


def _parts(results: SearchResults, name: str) -> list[_Part]:
    """Return the crystals of a round, generator by generator."""
    relaxed = results.crystals(name)
    match = _ROUND.fullmatch(name)
    if relaxed is None or match is None:
        return []
    parts = []
    for generator in np.unique(relaxed['generator']).tolist():
        proposals = results.proposals(generator, int(match[1]))
        if proposals is not None:
            mine = relaxed.select(relaxed['generator'] == generator)
            parts.append(_Part(generator, mine, proposals.select(mine['proposal_row'])))
    return parts


def _results(
    results: SearchResults, target: Mapping[str, Any], parts: list[_Part]
) -> TargetResults | None:
    """Return the values of one property, None if no generator was conditioned on it."""
    name = target['property']
    mine = [part for part in parts if f'target_{name}' in part.proposed]
    if not mine:
        return None
    values = [_values(results, target, part) for part in mine]
    targets, predicted, proposed, relaxed = np.concatenate(values, axis=1)
    targets = np.round(targets, _DECIMALS)
    measured = np.isfinite(relaxed).any() or np.isfinite(proposed).any()
    return TargetResults(
        name=f'{name} above the lowest' if target['above_lowest'] else name,
        unit=mine[0].proposed.columns[f'target_{name}'].unit,
        tolerance=target['tolerance'],
        engine=mine[0].relaxed.metadata['engine']['name'] if measured else '',
        targets=targets,
        predicted=predicted,
        proposed=proposed,
        relaxed=relaxed,
    )


def _values(results: SearchResults, target: Mapping[str, Any], part: _Part) -> np.ndarray:
    """Return the value that was asked for, predicted, proposed and relaxed of each crystal."""
    name = target['property']
    zero = 0.0
    if target['above_lowest']:
        learned = results.checkpoints[part.generator].summary['surrogate']['properties']
        zero = learned[name]['lowest']
    return np.stack(
        [
            part.proposed[f'target_{name}'] - zero,
            _column(part.proposed, f'predicted_{name}') - zero,
            _energies(results, target, part.relaxed, 'initial_energy'),
            np.where(
                part.relaxed['rejection'] == '',
                _energies(results, target, part.relaxed, _ENERGY),
                np.nan,
            ),
        ]
    )


def _energies(
    results: SearchResults, target: Mapping[str, Any], crystals: CrystalSet, name: str
) -> np.ndarray:
    """Return energies by the engine, NaN where they are not what was asked for."""
    unknown = np.full(len(crystals), np.nan)
    if target['property'] != _ENERGY:
        return unknown
    values = _column(crystals, name)
    if target['above_lowest']:
        return results.energies_above_lowest(
            crystals.with_columns(energy=Column(values, 'eV/atom'))
        )
    engine = crystals.metadata['engine']
    return unknown if engine_differences(engine, results.training_engine) else values


def _column(crystals: CrystalSet, name: str) -> np.ndarray:
    """Return the values of a column, NaN where there is none."""
    return crystals[name] if name in crystals else np.full(len(crystals), np.nan)
