"""Laws of Born's conditions."""

import numpy as np
import pytest

from aiida_crystalgen.science.stability.elasticity.born import (
    born_criteria,
    crystal_class,
    kelvin_moduli,
)

# One space group of each Laue group, and both settings of those with two.
NUMBERS = [2, 12, 62, 87, 129, 122, 121, 148, 166, 162, 176, 194, 205, 227]


@pytest.mark.parametrize('number', NUMBERS)
def test_criteria_are_necessary_and_sufficient(number, random_stiffness):
    """They are met by exactly those stiffnesses that are positive definite."""
    generator = np.random.default_rng(number)
    verdicts = []
    for _ in range(150):
        stiffness = random_stiffness(number, generator, shift=generator.uniform(0, 100))
        criteria = born_criteria(stiffness, crystal_class(number))
        verdicts.append(all(one.is_met for one in criteria))
        assert verdicts[-1] == (kelvin_moduli(stiffness)[0] > 0)
    assert 10 < sum(verdicts) < 140


def test_cubic_moduli_in_closed_form():
    """They are C11 − C12 twice, C11 + 2 C12, and 2 C44 three times."""
    stiffness = np.diag([150.0, 150, 150, 60, 60, 60])
    stiffness[:3, :3] += 70 - 70 * np.eye(3)
    np.testing.assert_allclose(kelvin_moduli(stiffness), [80, 80, 120, 120, 120, 290])
    values = [one.value for one in born_criteria(stiffness, 'cubic')]
    np.testing.assert_allclose(values, [80, 290, 60])


def test_a_violated_criterion_is_named_with_its_value():
    """Its sentence has the condition, the value and the unit."""
    stiffness = np.diag([100.0, 100, 100, -5, -5, -5])
    violated = [one.violation for one in born_criteria(stiffness, 'cubic') if not one.is_met]
    assert violated == ['C44 > 0 is violated: -5 GPa']


def test_other_axes_are_refused(random_stiffness):
    """A tetragonal stiffness with its main axis along x is not in standard axes."""
    stiffness = random_stiffness(129, np.random.default_rng(1))
    order = [2, 0, 1, 5, 3, 4]
    with pytest.raises(ValueError, match='main axis along z'):
        born_criteria(stiffness[np.ix_(order, order)], 'tetragonal I')
