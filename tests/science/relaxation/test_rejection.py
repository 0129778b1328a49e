"""Laws of the rejection of unphysical crystals."""

import numpy as np
import pytest

from aiida_crystalgen.science.crystals import CrystalSet
from aiida_crystalgen.science.relaxation.rejection import unphysical_reasons


@pytest.fixture
def reasons(make_settings):
    """Return a function that judges cubic crystals of one atom each."""

    def judge(numbers, edges, energies, start=None):
        edges = np.array(edges, dtype=float)
        crystals = CrystalSet(
            lattices=edges[:, None, None] * np.eye(3),
            fractional_coordinates=np.zeros((len(edges), 3)),
            atomic_numbers=np.array(numbers),
            counts=np.ones(len(edges), dtype=np.int64),
        ).with_columns(energy=np.array(energies, dtype=float))
        volumes = edges**3 if start is None else np.array(start, dtype=float)
        return unphysical_reasons(crystals, volumes, make_settings().limits).tolist()

    return judge


def test_ordinary_crystals_are_accepted(reasons):
    """Bonds of simple cubic polonium, silicon and caesium are no reason."""
    assert reasons([84, 14, 55], [3.34, 2.53, 5.6], [-3.0, -5.0, -0.8]) == ['', '', '']


def test_short_bonds_are_rejected(reasons):
    """The message names the pair, its distance and the limit: 0.7 of 2 × 1.11 Å for silicon."""
    assert reasons([14, 14], [1.5, 1.6], [-5.0, -5.0]) == [
        'shortest distance 1.50 Å of Si-Si below 1.55 Å',
        '',
    ]


def test_volumes_are_rejected(reasons):
    """A cell below 0.3 of its atoms' spheres, or 3 times its start, is no crystal."""
    assert reasons([14, 14], [1.1, 4.0], [-5.0, -5.0], start=[20.0, 20.0]) == [
        'volume per atom 1.33 Å³ below 1.72 Å³',
        'volume per atom 64.00 Å³ above 60.00 Å³',
    ]


def test_energies_that_are_no_numbers_are_rejected(reasons):
    """They come with the reason, whatever else is wrong."""
    found = reasons([14, 14], [2.5, 1.1], [np.nan, np.nan])
    assert found == 2 * ['energy, forces or stress are not finite']


def test_a_hole_is_rejected(reasons):
    """One of ten platinum crystals that fell to −56.9 eV/atom does not win."""
    found = reasons([78] * 10, [2.7] * 10, [-6.0, -5.9, -56.9] + 7 * [-5.5])
    assert found[2] == 'energy -56.90 eV/atom more than 3.00 below the median -5.50 of Pt'
    assert found[:2] + found[3:] == [''] * 9


def test_nearly_half_may_fall_into_holes(reasons):
    """The median is not moved by the crystals that it judges."""
    found = reasons([78] * 9, [2.7] * 9, [-6.0] * 5 + [-60.0, -50.0, -20.0, -9.5])
    assert [bool(reason) for reason in found] == [False] * 5 + [True] * 4


@pytest.mark.parametrize('energies', [[-5.4, -4.0, -3.9, -3.8], [-5.0, -5.0, -4.9, 30.0], [-50.0]])
def test_new_ground_states_and_bad_structures_are_accepted(energies, reasons):
    """Neither a gain of 1.5 eV/atom, nor a high energy, nor a lone crystal is suspicious."""
    assert reasons([14] * len(energies), [2.5] * len(energies), energies) == [''] * len(energies)


def test_compositions_are_not_compared_with_each_other(reasons):
    """Caesium beside tungsten is 12 eV/atom higher, and neither is an outlier."""
    assert reasons([55, 55, 74, 74], [5.6, 5.6, 2.7, 2.7], [-0.9, -0.8, -12.9, -12.8]) == [''] * 4


def test_rejected_crystals_do_not_move_the_median(reasons):
    """Collapsed crystals are judged by their bonds first, and then do not count."""
    found = reasons([14] * 5, [1.5, 1.5, 1.5, 2.5, 2.5], [-50.0, -50.0, -50.0, -5.0, -4.9])
    assert [bool(reason) for reason in found] == [True] * 3 + [False] * 2
