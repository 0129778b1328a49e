"""The report of a search for clusters, without a crystal anywhere."""

from __future__ import annotations

import re

import pytest
from matplotlib.figure import Figure

from aiida_crystalgen.report.drawing import page_data
from aiida_crystalgen.report.page import render
from aiida_crystalgen.report.structure_plot import draw_structure


@pytest.fixture(scope='module')
def shown(cluster_report):
    """Return what the page shows, without its script."""
    return re.sub(r'<script.*?</script>', '', render(cluster_report), flags=re.DOTALL)


@pytest.mark.parametrize('claim', ['space group', 'hull', 'volume', 'density', 'crystal'])
def test_nothing_is_claimed_that_clusters_do_not_have(shown, claim):
    """Neither columns nor captions speak of crystals."""
    assert claim not in shown.lower()


def test_point_groups_are_shown(shown):
    """The table has a column of them."""
    assert 'Point group' in shown
    assert '<td>Ih</td>' in shown
    assert '<td>Oh</td>' in shown


def test_clusters_are_positions_without_a_cell(cluster_report):
    """The script gets no lattice, and the facts name no cell."""
    for phase in page_data(cluster_report.phases)['phases']:
        assert 'positions' in phase
        assert not {'lattice', 'coordinates'} & {*phase}
        assert 'a, b, c' not in dict(phase['facts'])


def test_a_cluster_is_drawn_without_its_box(cluster_report):
    """As many balls as atoms, and no edges of a cell."""
    figure = Figure()
    draw_structure(figure, cluster_report.phases[0].crystal)
    atoms = [patch for patch in figure.axes[0].patches if patch.get_alpha() is None]
    assert len(atoms) == 13
    # Each half of a bond is a line, and an edge would be another one.
    bonds = 30 + 12
    assert len(figure.axes[0].lines) == 2 * bonds
