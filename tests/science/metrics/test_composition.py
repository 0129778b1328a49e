"""Plausible compositions."""

import numpy as np
import pytest
from ase.data import atomic_numbers, chemical_symbols
from pymatgen.core import Composition

from aiida_crystalgen.science.crystals import CrystalSet
from aiida_crystalgen.science.metrics.composition import are_plausible_compositions


def made_of(formula):
    """Return a crystal of this formula."""
    numbers = [
        atomic_numbers[symbol]
        for symbol, amount in Composition(formula).get_el_amt_dict().items()
        for _ in range(int(amount))
    ]
    return CrystalSet(
        lattices=np.eye(3)[None] * 9,
        fractional_coordinates=np.linspace(0, 1, len(numbers), endpoint=False)[:, None] * [1, 1, 1],
        atomic_numbers=np.array(numbers),
        counts=np.array([len(numbers)]),
    )


@pytest.mark.parametrize(
    ('formula', 'plausible'),
    [
        ('NaCl', True),
        ('Na2Cl', False),
        ('CaF3', False),
        ('BaTiO3', True),
        ('Fe3O4', False),  # one state for all atoms of an element
        ('Cu3Au', True),  # metals
        ('Si', True),
        ('NaO4', False),
        ('Ne2F', False),  # neon has no states
        ('K3PtCl6', False),  # pymatgen has Pt2+ and Pt4+
        ('Y2Ge7', True),  # germanium counts as a metal
        ('Y2Si7', False),
        ('K2PtCl6', True),
    ],
)
def test_charges_decide(formula, plausible):
    """Balanced compositions, elements and alloys are plausible."""
    assert are_plausible_compositions(made_of(formula))[0] == plausible


def test_anions_are_more_electronegative():
    """Charges that balance only the wrong way round do not count."""
    assert not are_plausible_compositions(made_of('OF4'))[0]


@pytest.mark.parametrize('number', range(1, 119))
def test_every_element_can_be_judged(number):
    """Elements without electronegativity or oxidation states among them."""
    assert are_plausible_compositions(made_of(chemical_symbols[number]))[0]
    are_plausible_compositions(made_of(f'{chemical_symbols[number]}2F3'))


def test_multiples_are_as_plausible():
    """Only the reduced formula counts."""
    assert are_plausible_compositions(made_of('Na4Cl4'))[0]
