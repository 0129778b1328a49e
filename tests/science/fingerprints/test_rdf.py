"""Radial distribution functions."""

import numpy as np
import pytest

from aiida_crystalgen.science.crystals import CrystalSet, concatenate
from aiida_crystalgen.science.fingerprints.rdf import RdfSettings, radial_distribution
from aiida_crystalgen.science.structures import to_structures

SETTINGS = RdfSettings(cutoff=8.0, points=200, width=0.06)

# Number of neighbours and squared distance in units of the squared edge, shell after shell.
SHELLS = {
    'sc': [(6, 1), (12, 2), (8, 3)],
    'bcc': [(8, 3 / 4), (6, 1), (12, 2), (24, 11 / 4)],
    'fcc': [(12, 1 / 2), (6, 1), (24, 3 / 2), (12, 2)],
    'diamond': [(4, 3 / 16), (12, 1 / 2), (12, 11 / 16), (6, 1), (12, 19 / 16)],
}


def defined(structure, settings):
    """Return the definition: a Gaussian for each of pymatgen's neighbours, averaged over atoms."""
    distances = structure.get_neighbor_list(settings.cutoff + 8 * settings.width)[3]
    exponents = -((settings.radii[:, None] - distances) ** 2) / (2 * settings.width**2)
    gaussians = np.exp(exponents) / (np.sqrt(2 * np.pi) * settings.width)
    return gaussians.sum(axis=1) / len(structure)


@pytest.mark.parametrize('name', SHELLS)
def test_shells_of_cubic_crystals(cubic, name):
    """The integral over a shell is the coordination number of that shell."""
    sharp = RdfSettings(cutoff=8.0, points=800, width=0.02)
    values = radial_distribution(cubic(name, 4.5), sharp)[0]
    for number, square in SHELLS[name]:
        around = np.abs(sharp.radii - 4.5 * np.sqrt(square)) < 6 * sharp.width
        assert values[around].sum() * sharp.spacing == pytest.approx(number, rel=1e-6)


@pytest.mark.parametrize(('name', 'number'), [('sc', 26), ('bcc', 58), ('fcc', 86)])
def test_integral_is_the_coordination_number(cubic, name, number):
    """The integral up to a cut-off between shells counts all neighbours."""
    settings = RdfSettings(cutoff=1.8 * 5, points=300, width=0.06)
    values = radial_distribution(cubic(name, 5.0), settings)
    assert values.sum() * settings.spacing == pytest.approx(number, rel=1e-6)


@pytest.mark.parametrize('atoms', [1, 2, 5, 8, 12])
@pytest.mark.parametrize(
    'settings',
    [
        SETTINGS,
        RdfSettings(cutoff=6.0, points=37, width=0.3),
        RdfSettings(cutoff=5.0, points=40, width=0.02),
    ],
)
def test_values_follow_the_definition(random_set, atoms, settings):
    """Binning on the fine grid costs a few ten-thousandths of the highest peak at most."""
    crystals = random_set(4, atoms)
    expected = np.array([defined(one, settings) for one in to_structures(crystals)])
    error = np.abs(radial_distribution(crystals, settings) - expected)
    assert (error < 3e-4 * expected.max(axis=1, keepdims=True)).all()


@pytest.mark.parametrize('atoms', [1, 3, 8])
def test_disguise_changes_nothing(random_set, disguised, atoms):
    """Cell, supercell, orientation, origin and order of the atoms do not matter."""
    crystals = random_set(20, atoms)
    values = radial_distribution(crystals, SETTINGS)
    others = radial_distribution(disguised(crystals), SETTINGS)
    assert np.abs(values - others).max() < 1e-9 * values.max()


def test_all_elements_are_alike(random_set):
    """Exchanging elements does not matter."""
    crystals = random_set(5, 6, elements=(32, 50))
    silicon = CrystalSet(
        crystals.lattices,
        crystals.fractional_coordinates,
        np.full_like(crystals.atomic_numbers, 14),
        crystals.counts,
    )
    first, second = (radial_distribution(one, SETTINGS) for one in (crystals, silicon))
    assert np.array_equal(first, second)


def test_bits_do_not_depend_on_the_batch(random_set):
    """A crystal gives the same bits alone and among others of all sizes."""
    crystals = concatenate([random_set(30, 5), random_set(30, 8), random_set(3, 20)])
    together = radial_distribution(crystals, SETTINGS)
    for row in (0, 17, 30, 59, 62):
        alone = radial_distribution(crystals.select([row]), SETTINGS)
        assert np.array_equal(together[row], alone[0])


@pytest.mark.parametrize('edge', [4.0, 8.0, SETTINGS.cutoff + 5 * SETTINGS.width])
def test_values_change_smoothly(cubic, edge):
    """No distance jumps to another bin or out of the table when it grows a little."""
    first, second = (
        radial_distribution(cubic('sc', one), SETTINGS) for one in (edge, edge * (1 + 1e-9))
    )
    assert np.abs(first - second).max() < 1e-5


def test_values_scale_with_the_crystal(random_set):
    """In a crystal twice as large, half as many neighbours per Å are twice as far away."""
    crystals = random_set(5, 4)
    larger = CrystalSet(
        2 * crystals.lattices,
        crystals.fractional_coordinates,
        crystals.atomic_numbers,
        crystals.counts,
    )
    doubled = RdfSettings(cutoff=16.0, points=200, width=0.12)
    expected = radial_distribution(crystals, SETTINGS) / 2
    assert radial_distribution(larger, doubled) == pytest.approx(expected, abs=1e-9)


def test_values_are_never_negative(random_set):
    """A smeared number of neighbours is positive or zero."""
    assert radial_distribution(random_set(20, 8), SETTINGS).min() >= 0


def test_points_are_the_middles_of_shells():
    """The table starts half a spacing above zero and ends half a spacing below the cut-off."""
    settings = RdfSettings(cutoff=2.0, points=4, width=0.1)
    assert settings.radii.tolist() == [0.25, 0.75, 1.25, 1.75]


def test_no_crystals_have_no_functions(random_set):
    """An empty set gives an empty table."""
    assert radial_distribution(random_set(2, 3).select([]), SETTINGS).shape == (0, 200)


def test_flat_cell_is_refused(crystal):
    """A cell without volume is named."""
    with pytest.raises(ValueError, match='cell of crystal 0 has no volume'):
        radial_distribution(crystal(np.diag([3.0, 3.0, 0.0]), [[0, 0, 0]]), SETTINGS)


def test_impossible_settings_are_refused():
    """The message names the key and the value."""
    with pytest.raises(ValueError, match=r"'rdf.width' is -0.1: input should be greater than 0"):
        RdfSettings.parse({'cutoff': 8.0, 'points': 200, 'width': -0.1}, 'rdf')
