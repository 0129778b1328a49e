"""Likelihoods that mean what they say."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

__all__ = ('Calibration', 'calibration_error')

_TURNS = 50
_SMALLEST_STEP = 1e-10


@dataclass(frozen=True)
class Calibration:
    """A straight line through the logits of the sigmoid.

    J. Platt, Advances in Large Margin Classifiers, MIT Press 2000, p. 61.

    :param slope: that logits are multiplied by; the inverse of a temperature.
    :param intercept: that is added; it takes back what weighting the true elements has added.
    """

    slope: float
    intercept: float

    @classmethod
    def fit(
        cls, logits: Float[np.ndarray, 'sites elements'], elements: Int[np.ndarray, ' sites']
    ) -> Calibration:
        """Return the line of the greatest likelihood, by Newton's method.

        :param logits: of sites that the network has not learned from.
        :param elements: atomic number minus one of each site.
        """
        true = logits[np.arange(len(elements)), elements].astype(np.float64)
        every = logits.astype(np.float64).ravel()
        slope, intercept = 1.0, 0.0
        for _ in range(_TURNS):
            shares = _sigmoid(slope * every + intercept)
            slopes = np.array([true.sum() - shares @ every, len(true) - shares.sum()])
            widths = shares * (1 - shares)
            cross = widths @ every
            curvature = np.array([[widths @ every**2, cross], [cross, widths.sum()]])
            step = np.linalg.solve(curvature + 1e-9 * np.eye(2), slopes)
            # Far from the optimum a whole step may lead farther away.
            step /= max(1.0, np.abs(step).max())
            slope, intercept = slope + step[0], intercept + step[1]
            if np.abs(step).max() < _SMALLEST_STEP:
                break
        return cls(float(slope), float(intercept))

    def log_odds(
        self, logits: Float[np.ndarray, 'sites elements']
    ) -> Float[np.ndarray, 'sites elements']:
        """Return the calibrated logits."""
        return self.slope * logits + self.intercept


def calibration_error(
    log_odds: Float[np.ndarray, 'sites elements'], elements: Int[np.ndarray, ' sites'], bins: int
) -> float:
    """Return the mean difference between likelihoods and how often they come true.

    Likelihoods are sorted into bins by their size; each bin counts as much as the likelihoods in it
    add up to.

    :param elements: atomic number minus one of each site.
    :param bins: of equal width between 0 and 1.
    """
    shares = _sigmoid(log_odds.astype(np.float64))
    places = np.minimum((shares * bins).astype(np.int64), bins - 1)
    truth: Bool[np.ndarray, 'sites elements'] = np.zeros(shares.shape, dtype=bool)
    truth[np.arange(len(elements)), elements] = True
    said = np.bincount(places.ravel(), shares.ravel(), minlength=bins)
    seen = np.bincount(places.ravel(), truth.ravel(), minlength=bins)
    return float(np.abs(said - seen).sum() / said.sum())


def _sigmoid(values: Float[np.ndarray, '*shape']) -> Float[np.ndarray, '*shape']:
    """Return the logistic function without overflow."""
    return 0.5 * (1 + np.tanh(0.5 * values))
