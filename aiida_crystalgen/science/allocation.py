"""How the candidates of a round are shared among those that propose them, by their yields so far.

Each generator and composition is an arm of a bandit: a candidate that became a phase is a success.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from pydantic import Field

from aiida_crystalgen.science.settings import Settings

__all__ = ('AllocationSettings', 'allot')

_DRAWS = 4096  # of each posterior: shares are then known to about one percent


class AllocationSettings(Settings):
    """How shares adapt.

    :param adapt: whether they do; otherwise those of the first round stay.
    :param exploration: part of the candidates that is shared as in the first round, so that none
        that has had bad luck is forgotten.
    """

    adapt: bool
    exploration: float = Field(ge=0, le=1)


def allot(
    first: Mapping[str, int],
    spent: Mapping[str, int],
    successes: Mapping[str, int],
    *,
    settings: AllocationSettings,
    seed: int,
) -> dict[str, int]:
    """Return the number of candidates of each arm in the next round, as many as in the first.

    Thompson sampling (Biometrika 25, 285 (1933), doi:10.1093/biomet/25.3-4.285) in one batch: apart
    from the exploration, an arm gets the probability that its yield is the highest, under a uniform
    prior on each yield. Every arm gets one candidate at least.

    :param first: candidates of each arm in the first round.
    :param spent: candidates of each arm so far.
    :param successes: candidates of each arm that became phases.
    :param seed: of the draws from the posteriors.
    """
    labels = sorted(first)
    before = np.array([first[label] for label in labels], dtype=np.float64)
    if not settings.adapt or len(labels) == 1:
        return {label: int(first[label]) for label in labels}
    won = np.array([min(successes.get(label, 0), spent[label]) for label in labels])
    lost = np.array([spent[label] for label in labels]) - won
    draws = np.random.default_rng(seed).beta(1 + won, 1 + lost, size=(_DRAWS, len(labels)))
    best = np.bincount(draws.argmax(axis=1), minlength=len(labels)) / _DRAWS
    shares = settings.exploration * before / before.sum() + (1 - settings.exploration) * best
    return dict(zip(labels, _whole(shares * before.sum()), strict=True))


def _whole(amounts: np.ndarray) -> list[int]:
    """Return whole numbers of at least one, with the same sum."""
    numbers = np.maximum(np.floor(amounts), 1).astype(np.int64)
    missing = round(float(amounts.sum())) - int(numbers.sum())
    order = np.argsort(numbers - amounts, kind='stable')
    numbers[order[: max(missing, 0)]] += 1
    numbers[np.argmax(numbers)] += min(missing, 0)
    return numbers.tolist()
