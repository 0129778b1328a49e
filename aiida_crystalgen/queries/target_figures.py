"""How well a search met the properties that it was asked for."""

from __future__ import annotations

import re

import numpy as np

from aiida_crystalgen.queries.results import SearchResults
from aiida_crystalgen.report.targets import TargetResults
from aiida_crystalgen.science.crystals import CrystalSet

__all__ = ('target_results',)

_ROUND = re.compile(r'rounds__round_(\d+)__relaxed')
_ENERGY = 'energy'


def target_results(results: SearchResults) -> tuple[TargetResults, ...]:
    """Return what the relaxed proposals have of each property asked for, none without targets.

    Of properties other than the energy nothing but the prediction is known.
    """
    requests = [one for one in results.requests.values() if one.get('targets')]
    if not requests:
        return ()
    parts = [_part(results, name) for name in results.outputs if _ROUND.fullmatch(name)]
    wanted = {one['property']: one['tolerance'] for one in requests[0]['targets']}
    found = [_results(name, tolerance, parts) for name, tolerance in wanted.items()]
    return tuple(one for one in found if one is not None)


def _part(results: SearchResults, name: str) -> tuple[CrystalSet, dict[str, CrystalSet]]:
    """Return the relaxed crystals of a round, and the proposals of each generator in it."""
    relaxed = results.crystals(name)
    match = _ROUND.fullmatch(name)
    if relaxed is None or match is None:
        raise ValueError(f"output '{name}' is no set of relaxed crystals")
    proposals = {
        generator: crystals
        for generator in np.unique(relaxed['generator']).tolist()
        if (crystals := results.proposals(generator, int(match[1]))) is not None
    }
    return relaxed, proposals


def _results(
    name: str, tolerance: float, parts: list[tuple[CrystalSet, dict[str, CrystalSet]]]
) -> TargetResults | None:
    """Return the values of one property, None if no generator was conditioned on it."""
    values, unit, engine = [], '', ''
    for relaxed, proposals in parts:
        for generator, crystals in proposals.items():
            if f'target_{name}' not in crystals:
                continue
            mine = relaxed.select(relaxed['generator'] == generator)
            values.append(_values(name, mine, crystals.select(mine['proposal_row'])))
            unit = crystals.columns[f'target_{name}'].unit
            engine = relaxed.metadata['engine']['name'] if name == _ENERGY else ''
    if not values:
        return None
    targets, predicted, proposed, relaxed_values = np.concatenate(values, axis=1)
    return TargetResults(
        name=name,
        unit=unit,
        tolerance=tolerance,
        engine=engine,
        targets=targets,
        predicted=predicted,
        proposed=proposed,
        relaxed=relaxed_values,
    )


def _values(name: str, relaxed: CrystalSet, proposed: CrystalSet) -> np.ndarray:
    """Return the value that was asked for, predicted, proposed and relaxed of each crystal."""
    unknown = np.full(len(relaxed), np.nan)
    is_energy = name == _ENERGY
    return np.stack(
        [
            proposed[f'target_{name}'],
            _column(proposed, f'predicted_{name}'),
            _column(relaxed, 'initial_energy') if is_energy else unknown,
            np.where(relaxed['rejection'] == '', relaxed[_ENERGY], np.nan)
            if is_energy
            else unknown,
        ]
    )


def _column(crystals: CrystalSet, name: str) -> np.ndarray:
    """Return the values of a column, NaN where there is none."""
    return crystals[name] if name in crystals else np.full(len(crystals), np.nan)
