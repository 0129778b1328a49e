"""Laws of powder diffraction."""

import numpy as np
import pytest

from aiida_crystalgen.science.characterization.diffraction import (
    DiffractionSettings,
    diffraction_pattern,
    strongest_peaks,
)

COPPER = DiffractionSettings(wavelength=1.54184, two_theta=(5.0, 90.0), strongest=3)


def families(pattern):
    """Return the first Miller indices of each peak, without signs and order."""
    return [tuple(sorted(map(abs, peak.reflections[0][0]))) for peak in pattern]


def test_peaks_are_where_bragg_has_them(known_crystal):
    """Silicon reflects by planes whose indices diamond allows, at the angles of their spacings."""
    pattern = diffraction_pattern(known_crystal('silicon'), 0, COPPER)
    expected = [(1, 1, 1), (0, 2, 2), (1, 1, 3), (0, 0, 4), (1, 3, 3), (2, 2, 4)]
    assert families(pattern)[:6] == expected
    spacings = 5.43 / np.linalg.norm(expected, axis=1)
    np.testing.assert_allclose([peak.spacing for peak in pattern[:6]], spacings)
    angles = 2 * np.degrees(np.arcsin(COPPER.wavelength / (2 * spacings)))
    np.testing.assert_allclose([peak.two_theta for peak in pattern[:6]], angles)


def test_pattern_does_not_depend_on_the_cell(known_crystal, disguised):
    """In any cell the peaks and their conventional indices are the same."""
    crystals = known_crystal('rock salt')
    plain, other = (
        diffraction_pattern(one, 0, COPPER, 0.01) for one in (crystals, disguised(crystals))
    )
    assert families(plain) == families(other)
    for quantity in ('two_theta', 'intensity', 'spacing'):
        first, second = ([getattr(peak, quantity) for peak in one] for one in (plain, other))
        np.testing.assert_allclose(first, second, atol=1e-4)


def test_strongest_peaks_come_first(known_crystal):
    """The strongest of all has 100 %."""
    pattern = diffraction_pattern(known_crystal('silicon'), 0, COPPER)
    strongest = strongest_peaks(pattern, 3)
    heights = [peak.intensity for peak in strongest]
    assert len(strongest) == 3
    assert heights == sorted((peak.intensity for peak in pattern), reverse=True)[:3]
    assert heights[0] == pytest.approx(100)


def test_no_peak_is_outside_the_range(known_crystal):
    """Without any, the pattern is empty."""
    settings = COPPER.model_copy(update={'two_theta': (5.0, 20.0)})
    assert diffraction_pattern(known_crystal('silicon'), 0, settings) == ()
    assert strongest_peaks((), 3) == ()


@pytest.mark.parametrize('angles', [(90, 5), (-1, 90), (5, 181), (5, 5)])
def test_impossible_ranges_are_refused(angles):
    """The message names them."""
    with pytest.raises(ValueError, match=f'two_theta goes from {angles[0]:g} to {angles[1]:g}°'):
        DiffractionSettings.parse({'wavelength': 1.5, 'two_theta': angles, 'strongest': 1})
