"""What the report refuses, and what it works out from the crystals."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from aiida_crystalgen.report.contents import (
    EnergyGroup,
    LatentPoints,
    RdfComparison,
    Stage,
    TrainingCurves,
)
from aiida_crystalgen.science.crystals import concatenate

_THREE, _FOUR = np.zeros(3), np.zeros(4)


@pytest.mark.parametrize(
    'build',
    [
        lambda: EnergyGroup('known', _THREE, ('a', 'b')),
        lambda: LatentPoints(('a', 'b', 'c'), np.zeros((3, 2)), _FOUR),
        lambda: LatentPoints(('a', 'b', 'c'), np.zeros((4, 2)), _THREE),
        lambda: RdfComparison('P1', 'a', _THREE, _THREE, _FOUR, 0.1),
        lambda: RdfComparison('P1', 'a', _THREE, _THREE, _THREE, 0.1, _FOUR, 0.2),
        lambda: TrainingCurves({'total': _THREE, 'divergence': _FOUR}),
    ],
)
def test_lengths_that_differ_are_refused(build):
    """Values that do not belong together cannot be put into a report."""
    with pytest.raises(ValueError, match=r'are given for an array of shape'):
        build()


def test_points_have_a_place():
    """A crystal that the encoder sent nowhere is refused by its label."""
    with pytest.raises(ValueError, match="'b' has no finite latent coordinates"):
        LatentPoints(('a', 'b'), np.array([[0.0, 1.0], [np.nan, 0.0]]), np.zeros(2))


def test_a_phase_is_one_crystal(silicon_phases):
    """A phase with two crystals is refused by its label."""
    two = concatenate([silicon_phases[0].crystal, silicon_phases[1].crystal])
    with pytest.raises(ValueError, match="phase 'P1' has 2 crystals"):
        replace(silicon_phases[0], crystal=two)


def test_diamond_has_its_density(silicon_phases):
    """Silicon of 5.43 Å has 20.01 Å³ per atom and the density of the tables, 2.33 g/cm³."""
    diamond = silicon_phases[0]
    assert (diamond.formula, diamond.atoms) == ('Si8', 8)
    assert diamond.volume_per_atom == pytest.approx(5.43**3 / 8)
    assert diamond.density == pytest.approx(2.33, abs=0.005)


def test_a_stage_adds_up_its_generators():
    """The total of a stage is the sum over generators."""
    assert Stage('proposed', {'rdf_vae': 70, 'random_symmetric': 30}).total == 100


def test_one_emulated_phase_makes_the_report_emulated(silicon_phases, make_report):
    """No stand-in's number hides behind the engine of the search."""
    emulated = replace(silicon_phases[3].engine, emulated=True)
    phases = (*silicon_phases[:3], replace(silicon_phases[3], engine=emulated))
    assert make_report(phases=phases).is_emulated
    assert not make_report().is_emulated


def test_contents_draw_nothing():
    """Describing a report needs neither matplotlib nor AiiDA."""
    program = (
        'import sys, aiida_crystalgen.report.contents\n'
        'print({"matplotlib", "aiida", "torch"} & set(sys.modules))'
    )
    found = subprocess.run(
        [sys.executable, '-c', program], capture_output=True, text=True, check=True
    )
    assert found.stdout.strip() == 'set()'
