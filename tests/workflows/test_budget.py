"""Budgets of searches."""

import pytest

from aiida_crystalgen.workflows.budget import Budget, Spent

NOTHING = {
    'rounds': 0,
    'candidates': 0,
    'dft_calculations': 0,
    'hours': 0.0,
    'without_new_phase': 0,
}
UNLIMITED = dict.fromkeys(NOTHING)


@pytest.mark.parametrize('name', NOTHING)
def test_each_limit_ends_a_search_when_it_is_reached(name):
    """Below its limit a search goes on; at the limit it ends, and says why."""
    budget = Budget(**{**UNLIMITED, name: 3})
    assert budget.reason_to_end(Spent(**{**NOTHING, name: 2})) is None
    assert budget.reason_to_end(Spent(**{**NOTHING, name: 3}))


def test_without_limits_a_search_goes_on():
    """No limit is never reached."""
    assert Budget(**UNLIMITED).reason_to_end(Spent(**dict.fromkeys(NOTHING, 10**6))) is None


@pytest.mark.parametrize('value', [0, -1, 'many'])
def test_impossible_limits_are_refused(value):
    """The message names the key and the value."""
    with pytest.raises(ValueError, match=r'budget\.rounds'):
        Budget.parse({**UNLIMITED, 'rounds': value}, 'budget')
