"""Properties that were asked for, beside what came of them."""

from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from aiida_crystalgen.report.page import render
from aiida_crystalgen.report.target_figures import target_comparison
from aiida_crystalgen.report.targets import TargetResults


@pytest.fixture
def results():
    """Return what came of two energies that were asked for."""
    return TargetResults(
        name='energy',
        unit='eV/atom',
        tolerance=0.1,
        engine='7net-0',
        targets=np.array([1.0, 1.0, 2.0, 2.0]),
        predicted=np.array([1.05, 0.95, 2.0, 2.05]),
        proposed=np.array([1.05, 1.3, 2.09, np.nan]),
        relaxed=np.full(4, np.nan),
    )


def test_shares_are_of_the_known_values(results):
    """A value that nothing has measured is neither within nor beyond the tolerance."""
    first, second = results.rows
    assert (first.target, first.number) == (1.0, 2)
    assert list(first.within.values()) == [1.0, 0.5]
    assert list(second.within.values()) == [1.0, 1.0]


def test_what_nothing_has_measured_is_not_shown(results):
    """Without a relaxation there is no column and no colour for it."""
    assert 'relaxed' not in results.stages
    assert 'relaxed' not in target_comparison(results)


def test_the_figure_is_well_formed(results):
    """It is XML with a description."""
    root = ET.fromstring(target_comparison(results))  # noqa: S314, our own figure
    assert 'energy of 4 crystals' in root.get('aria-label')


def test_the_page_tells_the_surrogate_from_the_engine(results, silicon_report):
    """The table names both, with the shares as percentages."""
    page = render(replace(silicon_report, targets=(results,)))
    assert 'by 7net-0, which took no part' in page
    assert '50 %' in page
    unmeasured = replace(results, engine='', proposed=results.relaxed)
    assert 'Nothing has measured' in render(replace(silicon_report, targets=(unmeasured,)))
