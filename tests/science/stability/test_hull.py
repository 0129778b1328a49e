"""Laws of the energies above the hull and above the lowest."""

import numpy as np
import pytest
from pymatgen.analysis.phase_diagram import PDEntry, PhaseDiagram
from pymatgen.core import Composition

from aiida_crystalgen.science.stability.hull import energies_above_hull, energies_above_lowest


def test_it_is_that_of_pymatgen(make):
    """For random phases of three elements, each is as far above the hull as pymatgen says."""
    generator = np.random.default_rng(1)
    formulas = [
        f'Mg{a}Si{b}O{c}'.replace('Mg0', '').replace('Si0', '').replace('O0', '')
        for a, b, c in generator.integers(0, 4, (40, 3)).tolist()
        if a + b + c
    ]
    entries = [('Mg', 0.0), ('Si', 0.0), ('O', 0.0)]
    entries += [(formula, generator.uniform(-2, 1)) for formula in formulas]
    pd_entries = [
        PDEntry(Composition(formula), energy * Composition(formula).num_atoms)
        for formula, energy in entries
    ]
    diagram = PhaseDiagram(pd_entries)
    expected = [diagram.get_e_above_hull(entry) for entry in pd_entries]
    crystals = make(entries)
    np.testing.assert_allclose(energies_above_hull(crystals, crystals), expected, atol=1e-9)


def test_for_one_element_it_is_the_energy_above_the_lowest(make):
    """There the hull is a point."""
    references = make([('Si', -5.0), ('Si2', -5.3), ('Si8', -5.1)])
    above = energies_above_hull(make([('Si4', -5.2), ('Si', -5.3)]), references)
    np.testing.assert_allclose(above, [0.1, 0.0], atol=1e-12)


def test_a_new_phase_lies_below_the_hull(make):
    """What it gains over the known phases is negative: references alone make the hull."""
    references = make([('Na', -1.0), ('Cl', -2.0), ('NaCl', -3.0)])
    above = energies_above_hull(make([('NaCl', -3.25), ('Na2Cl', -2.0)]), references)
    np.testing.assert_allclose(above, [-0.25, -2.0 - (-1.0 - 2 * 3.0) / 3])


def test_without_an_element_there_is_no_hull(make):
    """A composition with an element that no reference consists of has no value; others have."""
    references = make([('Na', -1.0), ('NaCl', -3.0), ('Si', -5.0)])
    above = energies_above_hull(make([('NaCl', -3.0), ('Si', -4.9)]), references)
    np.testing.assert_allclose(above, [np.nan, 0.1])


@pytest.mark.parametrize('measure', [energies_above_hull, energies_above_lowest])
def test_engines_are_not_mixed(measure, make):
    """The message names both engines with their versions."""
    other = make([('Si', -5.0)], {'name': 'emt', 'package': 'ase', 'version': '3'})
    with pytest.raises(ValueError, match=r"'test' .*version 1.* 'emt' .*version 3.*one engine"):
        measure(make([('Si', -5.0)]), other)
    with pytest.raises(ValueError, match='an unknown engine'):
        measure(make([('Si', -5.0)], None), make([('Si', -5.0)], None))


def test_rejected_references_do_not_count(make):
    """Neither a collapsed reference nor one without an energy changes the hull."""
    references = make([('Si', -5.0), ('Si', -50.0), ('Si', np.nan)])
    references = references.with_columns(rejection=np.array(['', 'collapsed', '']))
    crystals = make([('Si', -4.0)])
    np.testing.assert_allclose(energies_above_hull(crystals, references), [1.0])
    np.testing.assert_allclose(energies_above_lowest(crystals, references), [1.0])


def test_the_lowest_is_that_of_the_composition(make):
    """It may be a crystal or a reference, of any number of formula units."""
    crystals = make([('NaCl', -3.0), ('Na2Cl2', -3.5), ('Na3Cl', -1.0), ('Si', np.nan)])
    references = make([('Na4Cl4', -3.25), ('Na3Cl', -1.25), ('Na', -9.0)])
    above = energies_above_lowest(crystals, references)
    np.testing.assert_allclose(above, [0.5, 0.0, 0.25, np.nan])
