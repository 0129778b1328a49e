"""Rankings of candidates: their numbers, their figures and their sections."""

from __future__ import annotations

import re
from dataclasses import replace
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from ase.data import chemical_symbols

from aiida_crystalgen.report.element_figures import confusion_plot, element_plot
from aiida_crystalgen.report.page import render, render_proposals
from aiida_crystalgen.report.ranking import ElementConfusion
from aiida_crystalgen.report.ranking_figures import (
    compositions_plot,
    rank_plot,
    ranking_figures,
)

SYSTEMS = {
    'Mn-Ge': [[1, 1], [2, 1], [1, 1], [1, 3]],
    'Li-Mn-Ge': [[1, 1, 1], [2, 1, 1], [1, 1, 1], [1, 3, 1]],
    'Li-Ge-O-S': [[1, 1, 3, 0], [2, 1, 0, 1], [1, 1, 3, 0], [1, 3, 1, 0]],
}


@pytest.fixture(params=SYSTEMS)
def small(request, make_ranking):
    """Return four candidates of three formulas of each kind of system."""
    return make_ranking(request.param, SYSTEMS[request.param])


def titles(svg):
    """Return the texts that appear over the points."""
    return re.findall(r'<title>([^<]*)</title>', svg)


def test_figures_are_well_formed_and_take_their_looks_from_the_page(ranking):
    """XML with a description, references that lead somewhere, and no ink of its own."""
    figures = ranking_figures(ranking, 1)
    assert set(figures) == {'compositions', 'ranks', 'elements', 'confusion'}
    for svg in figures.values():
        root = ET.fromstring(svg)  # noqa: S314, our own figure
        assert root.get('aria-label')
        named = [element.get('id') for element in root.iter() if element.get('id')]
        assert set(re.findall(r'(?:href="|url\()#([^")]+)', svg)) == set(named[1:])
        assert not re.search(r'#000000|#ffffff|font-family', svg)


def test_each_formula_is_shown_once_with_its_best_candidate(small):
    """The third candidate has the formula of the first, and is less likely."""
    svg = compositions_plot(small, 'figure')
    assert sorted(titles(svg)) == sorted(small.describe(row) for row in (0, 1, 3))
    assert 'best candidate of 3 formulas, 1 of them known' in svg


@pytest.mark.parametrize(
    ('system', 'drawn'),
    [('Mn-Ge', 'Fraction of Ge in Mn–Ge'), ('Li-Mn-Ge', '>Mn</text>'), ('Li-Ge-O-S', '>Li2Ge1S1<')],
)
def test_the_number_of_elements_chooses_the_figure(make_ranking, system, drawn):
    """Two have a line, three a triangle, and systems of others a list of formulas."""
    assert drawn in compositions_plot(make_ranking(system, SYSTEMS[system]), 'figure')


def test_a_system_is_one_only_if_all_candidates_have_its_elements(make_ranking):
    """Ternary compounds of different elements have no triangle in common."""
    assert make_ranking('Li-Mn-Ge', [[1, 1, 1], [1, 0, 2]]).system.tolist() == []
    assert make_ranking('Li-Mn-Ge', [[1, 0, 1], [1, 0, 2]]).system.tolist() == [0, 2]


def test_one_formula_has_no_figure_of_compositions(make_ranking):
    """There is nothing to compare."""
    assert set(ranking_figures(make_ranking('Mn-Ge', [[1, 1], [1, 1]]), 1)) == {'ranks'}


def test_likely_formulas_lie_above_unlikely_ones(make_ranking):
    """Each title sits at its own point."""
    svg = compositions_plot(make_ranking('Mn-Ge', [[1, 1], [2, 1], [1, 3]]), 'figure')
    drawn = r'(?:y="|d="M [\d.]+ )([\d.]+)[^>]*><title>(\w+),'
    height = {label: float(value) for value, label in re.findall(drawn, svg)}
    assert height['Mn1Ge1'] < height['Mn2Ge1'] < height['Mn1Ge3']


def test_hover_texts_tell_formula_template_and_type(make_ranking):
    """What is not known is not said."""
    one = make_ranking('Mn-Ge', [[1, 1], [2, 1]], above_hull=np.array([np.nan, -0.0625]))
    assert one.describe(0) == 'Mn1Ge1, ln L −0.50, as template 0, type 0'
    assert one.describe(1).endswith('type 1, known composition, −0.062 eV/atom from the hull')


def test_energies_are_drawn_only_where_there_are_any(ranking, make_ranking):
    """Before the relaxation there is no second panel."""
    assert 'Energy above hull (eV/atom)' in rank_plot(ranking, 'figure')
    svg = rank_plot(make_ranking('Mn-Ge', [[1, 1], [2, 1]]), 'figure')
    assert 'Energy above hull' not in svg
    assert titles(svg) == ['Mn2Ge1, ln L −1.00, as template 1, type 1, known composition']


def test_every_relaxed_candidate_is_at_its_energy(ranking):
    """The forty have a point each, whether known or not."""
    assert sum('from the hull' in text for text in titles(rank_plot(ranking, 'figure'))) >= 40


def test_formulas_tell_their_lowest_structure(make_ranking):
    """The energy of a formula is the lowest of its candidates, as far as they were relaxed."""
    above = np.array([0.2, np.nan, 0.1, np.nan])
    rows = make_ranking('Mn-Ge', SYSTEMS['Mn-Ge'], above_hull=above).ranked_formulas
    assert [(row.rank, row.formula, row.candidates) for row in rows] == [
        (1, 'Mn1Ge1', 2),
        (2, 'Mn2Ge1', 1),
        (3, 'Mn1Ge3', 1),
    ]
    assert rows[0].above_hull == 0.1
    assert np.isnan(rows[1].above_hull)
    assert rows[0].likelihood == pytest.approx(np.exp(-0.5))


def test_a_ranking_is_in_order(make_ranking):
    """Unsorted candidates, and columns of different lengths, are refused."""
    with pytest.raises(ValueError, match='candidate 2 is more likely'):
        make_ranking('Mn-Ge', [[1, 1], [2, 1]], log_likelihoods=np.array([-2.0, -1.0]))
    with pytest.raises(ValueError, match="'known' has 1 values for 2 candidates"):
        make_ranking('Mn-Ge', [[1, 1], [2, 1]], known=np.array([True]))


def test_every_element_is_named_at_its_place(element_map):
    """Each symbol is written at its place, in the colour of its block."""
    svg = element_plot(element_map, 'figure')
    elements = zip(element_map.symbols, element_map.blocks, strict=True)
    assert sorted(titles(svg)) == sorted(f'{one}, {block} block' for one, block in elements)
    assert all(f'>{symbol}</text>' in svg for symbol in element_map.symbols)


def test_confusion_is_shown_of_what_was_tested(confusion):
    """Rows are shares of all sites of an element; small ones and untested elements are left out."""
    assert sorted(titles(confusion_plot(confusion, 'figure'))) == [
        'Ge taken for Ge: 15 of 20 sites, 75.0 %',
        'Ge taken for Mn: 5 of 20 sites, 25.0 %',
        'Li taken for Li: 90 of 100 sites, 90.0 %',
        'Li taken for Mn: 10 of 100 sites, 10.0 %',
        'Mn taken for Li: 150 of 1000 sites, 15.0 %',
        'Mn taken for Mn: 848 of 1000 sites, 84.8 %',
    ]


def test_the_error_counts_all_sites():
    """Sites taken for elements that were not tested are wrong as well."""
    one = ElementConfusion(('H', 'He'), np.array([[3, 1], [0, 0]]))
    assert one.error == 0.25
    assert one.tested.tolist() == [0]


def test_the_section_is_there_only_for_a_ranking(silicon_report, ranking):
    """Each generator that ranks has a section, with identifiers of its own."""
    page = render(replace(silicon_report, rankings=(ranking, replace(ranking, name='other'))))
    assert '<h2>Ranking: site_network</h2>' in page
    assert '<h2>Ranking: other</h2>' in page
    named = re.findall(r' id="([^"]+)"', page)
    assert len(named) == len(set(named))
    assert 'Ranking' not in render(silicon_report)


def test_the_table_lists_the_first_formulas(proposal_report):
    """The first fifty of 150 formulas, best first, with the energies of those relaxed."""
    page = render_proposals(proposal_report)
    table = re.search(r'<table id="ranking-table-1">.*?</table>', page, re.DOTALL)[0]
    assert 'the first 50 of 150' in table
    rows = re.findall(r'<tr><th scope="row".*?</tr>', table)
    assert len(rows) == 50
    for row, one in zip(rows, proposal_report.ranking.ranked_formulas, strict=False):
        assert f'<td>{one.formula}</td>' in row
        assert f'>{one.template}</td><td>{one.prototype}</td>' in row
        assert ('badge known' in row) == one.known


def test_texts_of_templates_are_escaped(make_ranking):
    """A label of a template becomes no markup."""
    attack = ('<script>alert("x")</script>',) * 2
    one = make_ranking('Mn-Ge', [[1, 1], [2, 1]], templates=attack)
    assert '<script' not in ''.join(ranking_figures(one, 1).values())


def test_proposals_have_a_page_without_a_script(proposal_report):
    """It says what was asked, loads nothing, and runs nothing."""
    page = render_proposals(proposal_report)
    assert '<h1>Proposals for Li-Mn-Ge</h1>' in page
    assert '<script' not in page
    assert "default-src 'none'; style-src 'unsafe-inline'; img-src data:" in page
    assert not re.search(r'@import|url\((?!#)|https?://(?!www.w3.org/2000/svg)', page)
    assert page == render_proposals(proposal_report)


def test_a_campaign_with_a_ranking_still_fits_into_five_megabytes(
    campaign_report, make_ranking, ranking
):
    """Ten thousand candidates, all of other formulas, and 89 elements, all taken for all."""
    symbols = tuple(chemical_symbols[1:90])
    everything = ElementConfusion(symbols, np.full((len(symbols),) * 2, 10))
    random = np.random.default_rng(1)
    amounts = random.integers(1, 400, (10_000, 3))
    long = ('Sodium chloride of a very long name (AB_cF8_225_a_b)',) * 10_000
    energies = {'above_hull': random.random(10_000), 'engine': '7net-0', 'templates': long}
    large = make_ranking('Li-Mn-Ge', amounts, confusion=everything, **energies)
    bare = {'training': None, 'latent': None, 'references': None, 'groups': (), 'rdfs': ()}
    page = render(replace(campaign_report, rankings=(large, ranking), **bare))
    assert len(page.encode()) < 5_000_000
