"""What is known of a phase beyond its energy."""

from __future__ import annotations

import numpy as np
import pytest

from aiida_crystalgen.report.measurements import BandStructure, Diffraction, PhononDos, Phonons


def bands(labels=((0, 'Γ'), (2, 'X'), (3, 'K'), (5, 'Γ'))):
    """Return one branch along two lines that do not meet."""
    return BandStructure(np.array([0.0, 1, 2, 2, 3, 4]), np.zeros((6, 1)), labels)


def test_lines_that_do_not_meet_share_a_place():
    """Both names stand where one line ends and the next begins, which starts anew there."""
    assert bands().ticks == ((0.0, 'Γ'), (2.0, 'X|K'), (4.0, 'Γ'))
    assert bands().breaks == (3,)


@pytest.mark.parametrize(
    ('label', 'text'), [('A', 'A (0, 0, 0.5)'), ('', '(0, 0, 0.5)')], ids=['named', 'unnamed']
)
def test_q_points_are_named_and_given(label, text):
    """The place of the smallest frequency is readable."""
    assert Phonons('imaginary', -5.98, (0.0, 0.0, 0.5), label).place == text


@pytest.mark.parametrize(
    ('build', 'message'),
    [
        (lambda: BandStructure(np.zeros(3), np.zeros((2, 4)), ()), '3 q-points have 2 rows'),
        (lambda: bands(((6, 'X'),)), "'X' is none of 6 q-points"),
        (lambda: PhononDos(np.zeros(3), np.zeros(2)), '3 frequencies have 2 densities'),
        (lambda: Diffraction(np.zeros(2), np.zeros(2), ('',)), '2 angles have 2 intensities'),
    ],
)
def test_arrays_that_do_not_fit_are_refused(build, message):
    """The sentence names both lengths."""
    with pytest.raises(ValueError, match=message):
        build()
