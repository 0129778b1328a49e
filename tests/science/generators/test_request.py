"""What can be asked of a generator, and what cannot."""

import pytest

from aiida_crystalgen.science.generators.interface import Request
from aiida_crystalgen.science.generators.random_symmetric import RandomSymmetric

REQUEST = {
    'composition': 'NaCl',
    'formula_units': (4,),
    'cell': 'conventional',
    'candidates': 2,
    'volume_per_atom': 20.0,
    'volume_tolerance': 0.1,
    'distances': {'Na-Na': 1.0, 'Na-Cl': 1.0, 'Cl-Cl': 1.0},
    'attempts': 10,
}
TARGET = {'property': 'energy', 'values': [0.1], 'tolerance': 0.05}


def test_a_system_has_elements_and_no_amounts():
    """A chemical system leaves the formula open."""
    request = Request.parse({**REQUEST, 'composition': 'Na-Cl'})
    assert request.is_system
    assert request.elements == ('Na', 'Cl')
    with pytest.raises(ValueError, match='chemical system Na-Cl'):
        _ = request.amounts


def test_a_generator_that_needs_a_formula_says_so():
    """Random crystals have one."""
    request = Request.parse({**REQUEST, 'composition': 'Na-Cl'})
    with pytest.raises(ValueError, match='needs a formula unit'):
        RandomSymmetric().propose(None, request, seed=0)


@pytest.mark.parametrize('system', ['Na-Na', 'Na-Xx', 'Na-'])
def test_what_is_no_system_is_refused(system):
    """Its elements differ, and exist."""
    with pytest.raises(ValueError, match='chemical system of different elements'):
        Request.parse({**REQUEST, 'composition': system})


@pytest.mark.parametrize(
    ('targets', 'message'),
    [
        ([TARGET, TARGET], 'a property has one target'),
        ([TARGET, {**TARGET, 'property': 'gap', 'values': [1.0, 2.0]}], 'equally many'),
        ([{**TARGET, 'tolerance': 0}], 'targets.0.tolerance'),
        ([{**TARGET, 'value': 1}], "unknown key 'targets.0.value'"),
    ],
)
def test_targets_that_do_not_fit_are_refused(targets, message):
    """Each property is named once, and values are combined one by one."""
    with pytest.raises(ValueError, match=message):
        Request.parse({**REQUEST, 'targets': targets})
