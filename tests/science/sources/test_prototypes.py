"""Tests of `aiida_crystalgen.science.sources.prototypes`."""

import numpy as np
import pytest
import spglib

from aiida_crystalgen.science.composition import reduced_formulas
from aiida_crystalgen.science.sources.prototypes import prototypes, typical_volume


@pytest.mark.parametrize('composition', ['Si', 'SnSe', 'Se2Sn2', 'MgSiO3', 'SnSe2'])
def test_all_have_the_composition_and_the_volume(composition):
    """Every prototype has the formula, and the volume per atom that was asked for."""
    crystals = prototypes(composition, volume_per_atom=21.5, maximum_atoms=60)
    expected = {'Se2Sn2': 'SnSe'}.get(composition, composition)
    assert {*reduced_formulas(crystals).tolist()} == {expected}
    np.testing.assert_allclose(crystals.volumes / crystals.counts, 21.5)


def test_one_element_has_all_allotropes():
    """The library has 55 prototypes of one element, whose labels differ."""
    crystals = prototypes('Si', volume_per_atom=20.0, maximum_atoms=200)
    assert len(crystals) == len({*crystals['label'].tolist()}) == 55
    assert 'diamond (A_cF8_227_a)' in crystals['label']


@pytest.mark.filterwarnings('ignore:Set OLD_ERROR_HANDLING:DeprecationWarning')
@pytest.mark.parametrize(
    ('label', 'number'),
    [
        ('diamond (A_cF8_227_a)', 227),
        ('Tungsten (A_cI2_229_a)', 229),
        ('Lonsdaleite (A_hP4_194_f)', 194),
        ('BC8 (A_cI16_206_c)', 206),
        ('alpha Hg (A_hR1_166_a)', 166),
    ],
)
def test_scaling_keeps_the_space_group(label, number):
    """A prototype has the space group that its name says, in any size."""
    crystals = prototypes('Ge', volume_per_atom=50.0, maximum_atoms=60)
    row = crystals['label'].tolist().index(label)
    atoms = crystals.atoms(row)
    positions, numbers = crystals.fractional_coordinates[atoms], crystals.atomic_numbers[atoms]
    cell = (crystals.lattices[row], positions, numbers)
    assert spglib.get_symmetry_dataset(cell, symprec=0.01).number == number


def test_elements_take_each_others_places():
    """A prototype of two elements that are not equivalent comes in both arrangements."""
    crystals = prototypes('SnSe', volume_per_atom=28.0, maximum_atoms=4)
    labels = [label for label in crystals['label'] if 'Wurtzite' in label]
    assert labels == [
        'Wurtzite (AB_hP4_186_b_b) Zn=Sn S=Se',
        'Wurtzite (AB_hP4_186_b_b) Zn=Se S=Sn',
    ]


def test_large_cells_are_left_out():
    """No crystal has more atoms than the maximum."""
    assert prototypes('Si', volume_per_atom=20.0, maximum_atoms=12).counts.max() == 12


@pytest.mark.parametrize('composition', ['', 'silicon', 'Xx', 'Si0.5O', '42'])
def test_what_is_no_formula_is_refused(composition):
    """The message has the text and an example."""
    with pytest.raises(ValueError, match=f"'{composition}' is no formula .* 'SnSe'"):
        prototypes(composition, volume_per_atom=20.0, maximum_atoms=10)


def test_an_unknown_stoichiometry_is_refused():
    """A stoichiometry that no prototype has is told."""
    with pytest.raises(ValueError, match="up to 40 atoms has the stoichiometry of 'Mg7Al3Si4O19'"):
        prototypes('Mg7Al3Si4O19', volume_per_atom=10.0, maximum_atoms=40)


@pytest.mark.parametrize('volume', [0.0, -3.0])
def test_an_impossible_volume_is_refused(volume):
    """A volume must be positive."""
    with pytest.raises(ValueError, match='must be positive'):
        prototypes('Si', volume_per_atom=volume, maximum_atoms=10)


# Volumes per atom at normal conditions, in Å³.
@pytest.mark.parametrize(
    ('composition', 'volume'),
    [('Si', 20.02), ('Al', 16.6), ('Cs', 117.0), ('SnSe', 26.9), ('NaCl', 22.4), ('GaAs', 22.6)],
)
def test_typical_volumes_are_good_to_a_fifth(composition, volume):
    """The estimate is near enough to what is measured for a relaxation to start from."""
    assert typical_volume(composition) == pytest.approx(volume, rel=0.2)


def test_an_unknown_volume_is_refused():
    """An element without a known crystal needs a volume."""
    with pytest.raises(ValueError, match='volume of At is not known'):
        typical_volume('At')
