"""Whether generated crystals are the real ones looked for, and how nearly.

Predictions are compared by pymatgen's ``StructureMatcher``, as in the script of CDVAE (Xie et al.,
ICLR 2022, arXiv:2110.06197): a match is what its ``get_rms_dist`` finds, with displacements in
units of (V/n)^(1/3). Of several predictions for a crystal the nearest counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int
from pymatgen.analysis.structure_matcher import StructureMatcher
from pymatgen.core import Structure

from aiida_crystalgen.science.composition import reduced_formulas
from aiida_crystalgen.science.crystals import CrystalSet
from aiida_crystalgen.science.progress import Progress, silent
from aiida_crystalgen.science.screening.matching import MatchTolerances
from aiida_crystalgen.science.screening.reduction import reduced_structures

__all__ = ('Matches', 'match_predictions')


@dataclass(frozen=True)
class Matches:
    """How nearly each of the crystals looked for was found.

    :param displacements: root mean square in units of (V/n)^(1/3) of the nearest prediction; NaN
        where none matches.
    """

    displacements: Float[np.ndarray, ' targets']

    @property
    def rate(self) -> float:
        """Share of the crystals that were found."""
        return float((~np.isnan(self.displacements)).mean())

    @property
    def mean_displacement(self) -> float:
        """Mean displacement of those that were found; NaN if none was."""
        found = self.displacements[~np.isnan(self.displacements)]
        return float(found.mean()) if len(found) else float('nan')


def match_predictions(
    predictions: CrystalSet,
    targets: CrystalSet,
    tolerances: MatchTolerances,
    *,
    wanted: Int[np.ndarray, ' predictions'] | None = None,
    valid: Bool[np.ndarray, ' predictions'] | None = None,
    progress: Progress = silent,
) -> Matches:
    """Return how nearly each target was found.

    :param wanted: row of the target that each prediction is for; without it, each is for every
        target of its reduced formula.
    :param valid: which predictions may match at all.
    :raises ValueError: if a prediction is for a target that is not there.
    """
    if wanted is not None and len(wanted) and not 0 <= wanted.min() <= wanted.max() < len(targets):
        raise ValueError(
            f'predictions are for the targets {wanted.min()} to {wanted.max()}, but there are '
            f'{len(targets)}'
        )
    first, second = _pairs(reduced_formulas(predictions), reduced_formulas(targets), wanted)
    if valid is not None:
        kept = valid[first]
        first, second = first[kept], second[kept]
    displacements = _displacements(
        _Reduced.of(predictions, first), _Reduced.of(targets, second), tolerances, progress
    )
    result = np.full(len(targets), np.nan)
    np.fmin.at(result, second, displacements)
    return Matches(result)


def _pairs(
    formulas: np.ndarray, others: np.ndarray, wanted: Int[np.ndarray, ' predictions'] | None
) -> tuple[Int[np.ndarray, ' pairs'], Int[np.ndarray, ' pairs']]:
    """Return which predictions are compared with which targets: those of equal formulas."""
    if wanted is not None:
        rows = np.flatnonzero(formulas == others[wanted])
        return rows, wanted[rows]
    order = np.argsort(others, kind='stable')
    begins, ends = (np.searchsorted(others[order], formulas, side) for side in ('left', 'right'))
    numbers = ends - begins
    first = np.repeat(np.arange(len(formulas)), numbers)
    within = np.arange(len(first)) - np.repeat(np.cumsum(numbers) - numbers, numbers)
    return first, order[begins[first] + within]


@dataclass(frozen=True)
class _Reduced:
    """The crystals of one side of all pairs, in primitive Niggli cells.

    :param structures: each once.
    :param places: which of these is in each pair.
    """

    structures: Sequence[Structure]
    places: Int[np.ndarray, ' pairs']

    @classmethod
    def of(cls, crystals: CrystalSet, rows: Int[np.ndarray, ' pairs']) -> _Reduced:
        """Return the crystals in some rows of a set."""
        used, places = np.unique(rows, return_inverse=True)
        bare = crystals.select(used).without_columns()
        return cls(reduced_structures(bare) if len(used) else [], places.reshape(-1))


def _displacements(
    predictions: _Reduced, targets: _Reduced, tolerances: MatchTolerances, progress: Progress
) -> Float[np.ndarray, ' pairs']:
    """Return the root mean square displacement of each pair, NaN where it does not match."""
    matcher = StructureMatcher(
        ltol=tolerances.length_tolerance,
        stol=tolerances.site_tolerance,
        angle_tol=tolerances.angle_tolerance,
        scale=tolerances.scale,
        primitive_cell=False,  # they are reduced already
    )
    result = np.full(len(predictions.places), np.nan)
    for pair, (one, other) in enumerate(zip(predictions.places, targets.places, strict=True)):
        first, second = predictions.structures[one], targets.structures[other]
        if len(first) == len(second):
            found = matcher.get_rms_dist(first, second)
            result[pair] = np.nan if found is None else found[0]
        progress(pair + 1, len(result), 'comparing predictions')
    return result
