"""Laws of the counter-based random numbers."""

from __future__ import annotations

import numpy as np
from scipy.stats import kstest

from aiida_crystalgen.science.symmetry.random_numbers import crystal_seeds, fold, uniform


def test_folding_is_splitmix64():
    """The outputs for state 1234567 are those published with the generator's reference code."""
    keys = np.full(5, 1234567, dtype=np.uint64)
    expected = [
        6457827717110365317,
        3203168211198807973,
        9817491932198370423,
        4593380528125082431,
        16408922859458223821,
    ]
    assert fold(keys, np.arange(5)).tolist() == expected


def test_numbers_are_uniform_and_open():
    """A hundred thousand numbers pass a Kolmogorov-Smirnov test and avoid both ends."""
    draws = uniform(np.array([7], dtype=np.uint64), np.arange(100_000))
    assert kstest(draws, 'uniform').pvalue > 0.01
    assert 0 < draws.min() < draws.max() < 1


def test_the_largest_number_is_below_one():
    """Even all bits set do not round up to 1."""
    assert (float(2**52 - 1) + 0.5) * 2.0**-52 < 1


def test_seeds_do_not_depend_on_how_many_there_are():
    """The first seeds of a long set are those of a short one, and no seed comes twice."""
    seeds = crystal_seeds(-3, 10_000)
    assert np.array_equal(seeds[:10], crystal_seeds(-3, 10))
    assert len(np.unique(seeds)) == len(seeds)


def test_sets_of_neighbouring_seeds_share_nothing():
    """Seeds 1 and 2 give different crystals."""
    assert not np.intersect1d(crystal_seeds(1, 1000), crystal_seeds(2, 1000)).size
