"""How candidates are shared by yields."""

import pytest

from aiida_crystalgen.science.allocation import AllocationSettings, allot

FIRST = {'a': 600, 'b': 400}


def settings(adapt=True, exploration=0.2):
    """Return settings."""
    return AllocationSettings(adapt=adapt, exploration=exploration)


def test_the_sum_stays():
    """A round has as many candidates as the first, whatever the yields."""
    for successes in ({}, {'a': 5}, {'a': 5, 'b': 80}):
        shares = allot(FIRST, FIRST, successes, settings=settings(), seed=1)
        assert sum(shares.values()) == 1000


def test_higher_yields_get_more():
    """A generator whose yield is surely the highest gets all but the exploration."""
    shares = allot(FIRST, FIRST, {'a': 1, 'b': 100}, settings=settings(), seed=1)
    assert shares == {'a': 120, 'b': 880}


def test_nobody_is_forgotten():
    """Without exploration the loser still gets one candidate."""
    shares = allot(FIRST, FIRST, {'b': 200}, settings=settings(exploration=0), seed=1)
    assert shares == {'a': 1, 'b': 999}


def test_equal_yields_share_evenly_but_for_the_exploration():
    """Equal posteriors are equally often the best, to the precision of the draws."""
    equal = {'a': 500, 'b': 500}
    shares = allot(equal, equal, {'a': 10, 'b': 10}, settings=settings(), seed=3)
    assert shares['a'] == pytest.approx(500, abs=25)


def test_shares_stay_without_adaptation():
    """Without adaptation the first shares are those of every round."""
    assert allot(FIRST, FIRST, {'b': 9}, settings=settings(adapt=False), seed=1) == FIRST


def test_the_seed_decides():
    """Same inputs and seed, same shares."""
    one, two = (allot(FIRST, FIRST, {'a': 3, 'b': 3}, settings=settings(), seed=5) for _ in 'ab')
    assert one == two
