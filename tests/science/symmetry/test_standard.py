"""Laws of standard primitive cells."""

import numpy as np
import pytest

from aiida_crystalgen.science.crystals import concatenate
from aiida_crystalgen.science.sources.prototypes import prototypes
from aiida_crystalgen.science.symmetry.analysis import space_groups
from aiida_crystalgen.science.symmetry.standard import standard_primitive


def test_noise_goes_and_the_space_group_stays(silicon):
    """Atoms off their places by less than the tolerance come back to them."""
    crystals = silicon(5.43, 5.5)
    shaken = crystals.fractional_coordinates + np.random.default_rng(1).normal(
        scale=1e-4, size=(16, 3)
    )
    moved = type(crystals)(crystals.lattices, shaken, crystals.atomic_numbers, crystals.counts)
    standard = standard_primitive(moved, 1e-2)
    assert standard.counts.tolist() == [2, 2]
    assert space_groups(standard, 1e-6).tolist() == [227, 227]
    np.testing.assert_allclose(standard.volumes, moved.volumes / 4, rtol=1e-3)


def test_every_description_of_a_crystal_has_the_same_cell(disguised):
    """Supercells, other cells and turned ones of a crystal give its primitive lattice."""
    crystals = prototypes('NaCl', volume_per_atom=22.0, maximum_atoms=4)
    ours = standard_primitive(crystals, 1e-2)
    others = standard_primitive(disguised(crystals, seed=3), 1e-2)
    assert ours.counts.tolist() == others.counts.tolist()
    np.testing.assert_allclose(ours.lattices, others.lattices, atol=1e-5)


def test_what_has_no_space_group_is_refused(silicon):
    """Two atoms closer than the tolerance are one atom too many; the message gives both."""
    crystals = concatenate([silicon(5.43), silicon(5.43)])
    with pytest.raises(ValueError, match=r'crystal 0 within 3.0 Å'):
        standard_primitive(crystals, 3.0)
