"""The figures of several rounds."""

from __future__ import annotations

import re
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

from aiida_crystalgen.report.campaign import SearchSummary
from aiida_crystalgen.report.campaign_figures import energy_progress, has_energies, round_yields


@pytest.mark.parametrize('draw', [energy_progress, round_yields])
def test_figures_are_well_formed_and_say_what_they_show(draw, rounds):
    """XML with a description, and no ink of its own."""
    svg = draw(rounds)
    assert '6 rounds' in ET.fromstring(svg).get('aria-label')  # noqa: S314, our own figure
    assert not re.search(r'#000000|#ffffff|font-family', svg)


def test_each_round_with_a_phase_is_a_point(rounds):
    """A round that found nothing new has no energy, and no point."""
    titles = re.findall(r'<title>(round \d: [\d.]+) eV/atom</title>', energy_progress(rounds))
    assert titles.count('round 2: 0.120') == 1
    assert len(titles) == 2 * 5


def test_rounds_without_energies_have_no_progress(rounds):
    """There is nothing to draw before the first phase."""
    assert has_energies(rounds)
    assert not has_energies([replace(one, lowest=None, hull=None) for one in rounds])


def test_yields_name_every_generator(rounds):
    """The legend has a generator once, however many rounds it took part in."""
    svg = round_yields(rounds)
    assert [svg.count(f'>{name}</text>') for name in ('rdf_vae', 'random_symmetric')] == [1, 1]


def test_totals_are_sums_over_generators(rounds):
    """A stage that one generator never reached counts as none of its crystals."""
    yields = {**rounds[0].yields, 'other': {'proposed': 5, 'lost': 5}}
    totals = SearchSummary('A', '7net-0', yields=yields).totals
    assert totals == {'proposed': 2005, 'distinct': 110, 'phases': 9, 'lost': 5}
