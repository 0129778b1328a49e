"""Random numbers that are functions of a key and a counter, whatever the order of drawing."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int, Int64, UInt64

__all__ = ('crystal_seeds', 'fold', 'root_key', 'uniform')

# Increment and mixing constants of SplitMix64: Steele, Lea and Flood, OOPSLA 2014, p. 453,
# 10.1145/2660193.2660195.
_INCREMENT = np.uint64(0x9E3779B97F4A7C15)
_FIRST = np.uint64(0xBF58476D1CE4E5B9)
_SECOND = np.uint64(0x94D049BB133111EB)


def fold(
    keys: UInt64[np.ndarray, '*#shape'], counters: Int[np.ndarray, '*#shape'] | int
) -> UInt64[np.ndarray, ' ...']:
    """Return the keys of the streams numbered ``counters`` that branch off ``keys``.

    Each is the output of that number of a SplitMix64 generator whose state is the key. Keys and
    counters are broadcast against each other.

    :param keys: at least one-dimensional.
    :param counters: from 0.
    """
    # Sums and products are meant modulo 2⁶⁴, which arrays, unlike scalars, do silently.
    steps = np.atleast_1d(np.asarray(counters)).astype(np.uint64) + np.uint64(1)
    mixed = keys + steps * _INCREMENT
    mixed ^= mixed >> np.uint64(30)
    mixed *= _FIRST
    mixed ^= mixed >> np.uint64(27)
    mixed *= _SECOND
    mixed ^= mixed >> np.uint64(31)
    return mixed


def uniform(
    keys: UInt64[np.ndarray, '*#shape'], counters: Int[np.ndarray, '*#shape'] | int
) -> Float[np.ndarray, ' ...']:
    """Return numbers uniform in the open interval (0, 1), of 52 random bits each."""
    return ((fold(keys, counters) >> np.uint64(12)).astype(np.float64) + 0.5) * 2.0**-52


def root_key(seed: int, purpose: int) -> UInt64[np.ndarray, ' 1']:
    """Return the key from which all random numbers for one purpose descend.

    :param seed: any integer.
    :param purpose: number that tells the streams of one seed apart.
    """
    return fold(np.array([seed % 2**64], dtype=np.uint64), purpose)


def crystal_seeds(seed: int, count: int) -> Int64[np.ndarray, ' count']:
    """Return the seeds of the first crystals of a set, each a function of seed and index alone.

    :param seed: of the set; any integer.
    :param count: number of crystals.
    """
    return fold(root_key(seed, 0), np.arange(count)).view(np.int64)
