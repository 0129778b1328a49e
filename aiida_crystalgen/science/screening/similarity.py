"""How alike crystals are by the Pearson distance of their fingerprints.

The distance is 1 − r_P with Pearson's correlation coefficient r_P of two fingerprints, between 0
(alike) and 2 (Lee & Chang, Computational Materials Science 2021, equation 2). A fingerprint without
any variation correlates with nothing: its distance is 1 from every other.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int

__all__ = ('nearest', 'pearson_distances')

_BLOCK = 1000  # fingerprints multiplied at once, so that they and the products stay in the cache
_EQUAL = 1e-6  # distance below which single precision may take one reference for another


def pearson_distances(
    first: Float[np.ndarray, 'first points'], second: Float[np.ndarray, 'second points']
) -> Float[np.ndarray, 'first second']:
    """Return the Pearson distance between every two fingerprints, in float64."""
    return np.clip(1 - _standardized(first) @ _standardized(second).T, 0, 2)


def nearest(
    candidates: Float[np.ndarray, 'candidates points'],
    references: Float[np.ndarray, 'references points'],
) -> tuple[Int[np.ndarray, ' candidates'], Float[np.ndarray, ' candidates']]:
    """Return the row of the reference nearest to each candidate, and its Pearson distance.

    The nearest one is found by products in single precision; of references that these cannot tell
    apart, with a distance below 1e-6, the first counts. The distance is in double precision.

    :raises ValueError: if there are no references.
    """
    if len(references) == 0:
        raise ValueError('there are no references to compare the candidates with')
    standardized = _standardized(references)
    columns = np.ascontiguousarray(standardized.T, dtype=np.float32)
    first = _first_equal(standardized)
    rows = np.empty(len(candidates), dtype=np.int64)
    correlations = np.empty(len(candidates))
    for start in range(0, len(candidates), _BLOCK):
        block = slice(start, start + _BLOCK)
        values = candidates[block]
        # The references have mean 0, so that the mean of the candidates does not matter here.
        rows[block] = first[np.argmax(values.astype(np.float32) @ columns, axis=1)]
        found = standardized.take(rows[block], axis=0, mode='clip')  # unchecked: twice as fast
        lengths = _lengths_without_mean(values)
        correlations[block] = np.einsum('cp,cp->c', values, found) / lengths
    vague = np.isnan(correlations)
    if vague.any():
        exact = _standardized(candidates[vague]) @ standardized.T
        rows[vague] = first[exact.argmax(axis=1)]
        correlations[vague] = exact.max(axis=1)
    return rows, np.clip(1 - correlations, 0, 2)


def _lengths_without_mean(
    fingerprints: Float[np.ndarray, 'fingerprints points'],
) -> Float[np.ndarray, ' fingerprints']:
    """Return the lengths less the means, NaN where they are lost in rounding beside the means."""
    squares = np.einsum('fp,fp->f', fingerprints, fingerprints)
    sums = np.einsum('fp->f', fingerprints)
    variances = squares - sums * sums / fingerprints.shape[1]
    return np.sqrt(np.where(variances > 0.01 * squares, variances, np.nan))


def _standardized(
    fingerprints: Float[np.ndarray, 'fingerprints points'],
) -> Float[np.ndarray, 'fingerprints points']:
    """Return the fingerprints with mean 0 and length 1, or all 0 where they do not vary."""
    means = fingerprints.mean(axis=1, keepdims=True, dtype=np.float64)
    values = fingerprints - means
    lengths = np.linalg.norm(values, axis=1, keepdims=True)
    # Rounding leaves a constant fingerprint with a tiny length instead of none.
    varies = lengths > 1e-12 * np.abs(means) * np.sqrt(fingerprints.shape[1])
    return values * np.divide(1, lengths, out=np.zeros_like(lengths), where=varies)


def _first_equal(
    standardized: Float[np.ndarray, 'references points'],
) -> Int[np.ndarray, ' references']:
    """Return for each reference the first one that is as good as equal to it."""
    first = np.arange(len(standardized))
    for start in range(0, len(first), _BLOCK):
        block = slice(start, start + _BLOCK)
        equal = standardized[block] @ standardized.T > 1 - _EQUAL
        first[block] = np.where(equal.any(axis=1), equal.argmax(axis=1), first[block])
    return first
