"""Tests of `aiida_crystalgen.science.composition`."""

import numpy as np
import pytest
from pymatgen.core import Composition, Lattice, Structure

from aiida_crystalgen.science.composition import (
    element_symbols,
    reduced_formulas,
    stoichiometries,
)
from aiida_crystalgen.science.structures import from_structures

FORMULAS = ['Si8', 'Sn4Se4', 'SnSe', 'Mg4Si4O12', 'Ca3P2O8', 'O4', 'NaCl', 'SnSe2']


def of_formula(formula: str) -> Structure:
    """Return a crystal of this formula, its atoms anywhere and in any order."""
    species = [str(one) for one, n in Composition(formula).items() for _ in range(int(n))]
    random = np.random.default_rng(len(species))
    random.shuffle(species)
    return Structure(Lattice.cubic(8), species, random.random((len(species), 3)))


def test_formulas_are_those_of_pymatgen():
    """Whole sets get the reduced formulas that pymatgen gives one by one."""
    crystals = from_structures([of_formula(formula) for formula in FORMULAS])
    expected = [Composition(formula).reduced_formula for formula in FORMULAS]
    assert reduced_formulas(crystals).tolist() == expected


def test_symbols_are_in_alphabetical_order():
    """Each element is named once."""
    crystals = from_structures([of_formula(formula) for formula in FORMULAS[:3]])
    assert element_symbols(crystals) == ['Se', 'Si', 'Sn']


@pytest.mark.parametrize('function', [reduced_formulas, element_symbols])
def test_nothing_has_no_formula(function):
    """A set of no crystals has no formulas and no elements."""
    assert len(function(from_structures([]))) == 0


def test_stoichiometries_of_a_system():
    """All formula units with each element, none a multiple of another, the smallest first."""
    assert stoichiometries(['Se', 'Sn'], 3)[0] == 'SnSe'
    assert set(stoichiometries(['Se', 'Sn'], 3)) == {'SnSe', 'SnSe2', 'Sn2Se'}
    assert set(stoichiometries(['O', 'Si'], 4)) == {'SiO', 'SiO2', 'Si2O', 'SiO3', 'Si3O'}
    assert stoichiometries(['Si'], 5) == ('Si',)


@pytest.mark.parametrize('symbols', [['Xx'], ['Sn', 'Se', 'O', 'S']])
def test_impossible_systems_are_refused(symbols):
    """Unknown elements, and more elements than atoms, are named."""
    with pytest.raises(ValueError, match=r'Xx|4 elements'):
        stoichiometries(symbols, 3)
