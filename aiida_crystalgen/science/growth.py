"""How a training set grows: by what a search has found that is low in energy."""

from __future__ import annotations

import numpy as np
from pydantic import Field

from aiida_crystalgen.science.crystals import CrystalSet, concatenate
from aiida_crystalgen.science.settings import Settings

__all__ = ('GrowthSettings', 'grow')

_KEPT = ('label', 'energy', 'trajectory')


class GrowthSettings(Settings):
    """Which phases are learnt from in the next round.

    :param retrain: whether models are trained anew; otherwise those of the first round stay.
    :param window: largest energy of a phase above the lowest of its composition, in eV/atom.
    """

    retrain: bool
    window: float = Field(gt=0)


def grow(references: CrystalSet, phases: CrystalSet, settings: GrowthSettings) -> CrystalSet:
    """Return the references and, after them, the new phases that are low enough.

    The columns are ``label``, which names the round and the row of the relaxation of a phase,
    ``energy`` where both have it, and ``trajectory`` where the known crystals have it: each phase
    is one of its own.

    :param references: known crystals.
    :param phases: as `aiida_crystalgen.science.phases.find_phases` returns them.
    """
    low = (phases['known'] < 0) & (phases['energy_above_lowest'] <= settings.window)
    chosen = phases.select(low)
    places = zip(chosen['round'].tolist(), chosen['relaxed_row'].tolist(), strict=True)
    labels = np.array([f'round {one}, row {row}' for one, row in places], dtype=np.str_)
    chosen = chosen.with_columns(label=labels)
    if 'trajectory' in references and references['trajectory'].dtype.kind in 'iu':
        first = int(references['trajectory'].max(initial=-1)) + 1
        chosen = chosen.with_columns(trajectory=first + np.arange(len(chosen)))
    names = references['label'] if 'label' in references else _numbers(len(references))
    grown = concatenate([references.with_columns(label=names), chosen])
    kept = {name: grown.columns[name] for name in _KEPT if name in grown}
    return grown.without_columns().with_columns(**kept)


def _numbers(number: int) -> np.ndarray:
    """Return the names of references that have none."""
    return np.array([f'reference {row}' for row in range(number)], dtype=np.str_)
