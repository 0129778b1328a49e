"""The numbers that the page's script gets."""

from __future__ import annotations

import base64
from dataclasses import replace

import numpy as np
import pytest

from aiida_crystalgen.report.drawing import page_data
from aiida_crystalgen.report.packing import packed_floats, packed_integers


def unpacked(text, kind):
    """Return the numbers that a text was packed from."""
    return np.frombuffer(base64.b64decode(text), dtype=kind)


def test_integers_are_right_to_half_a_step():
    """Packing rounds, and keeps what is out of reach at its end."""
    values = np.array([-12.3456, 0.0, 55.0012, 1e9, -1e9])
    found = unpacked(packed_integers(values, 0.005), '<i2') * 0.005
    np.testing.assert_allclose(found[:3], values[:3], atol=0.0025)
    np.testing.assert_allclose(found[3:], [163.835, -163.835])


def test_floats_are_right_to_single_precision():
    """Fractional coordinates keep seven digits."""
    values = np.random.default_rng(0).random((7, 3))
    found = unpacked(packed_floats(values), '<f4').reshape(7, 3)
    np.testing.assert_allclose(found, values, atol=1e-7)


def test_bands_come_branch_by_branch(silicon_phases, make_phonons):
    """The script cuts the frequencies into as many pieces as there are branches."""
    phonons = make_phonons(6, imaginary=True)
    data = page_data([replace(silicon_phases[0], phonons=phonons)])
    bands = data['phases'][0]['phonons']['bands']
    found = unpacked(bands['frequencies'], '<i2').reshape(6, bands['points']) * data['step']
    np.testing.assert_allclose(found.T, phonons.bands.frequencies, atol=data['step'])
    assert bands['breaks'] == [46]


def test_peaks_come_by_angle(silicon_phases, make_pattern):
    """The table of peaks reads from left to right."""
    (phase,) = page_data([replace(silicon_phases[0], diffraction=make_pattern(3))])['phases']
    angles = [angle for angle, *_ in phase['diffraction']['peaks']]
    assert angles == sorted(angles)


def test_facts_name_the_cell(silicon_phases):
    """Lengths and angles are those of the lattice."""
    facts = dict(page_data(silicon_phases[1:2])['phases'][0]['facts'])
    assert facts['a, b, c'] == '3.850, 3.850, 6.370 Å'
    assert facts['α, β, γ'] == '90.00, 90.00, 120.00°'


@pytest.mark.parametrize('unknown', ['shear_modulus', 'anisotropy'])
def test_moduli_that_are_unknown_are_left_out(silicon_phases, elasticity, unknown):
    """An unstable crystal has no moduli, and nothing stands in their place."""
    changed = replace(silicon_phases[0], elasticity=replace(elasticity, **{unknown: None}))
    assert len(page_data([changed])['phases'][0]['elasticity']['moduli']) == 4
