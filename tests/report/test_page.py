"""The page as text."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest

from aiida_crystalgen.report.campaign import SearchSummary
from aiida_crystalgen.report.contents import Citation, Engine, NodeReference, SearchReport
from aiida_crystalgen.report.page import render, write

_ATTACK = '</script><script>alert("x")</script><b title=\'&\'>$\\frac{'
_VOID = {'meta', 'input', 'br', 'link', 'img'}


class _Outline(HTMLParser):
    """Attributes of all elements, and the elements left open."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        """Remember the element."""
        self.elements.append((tag, dict(attrs)))
        if tag not in _VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        """Remember the element, which has no content."""
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        """Close the element."""
        assert self.open.pop() == tag


@pytest.fixture(scope='module')
def page(silicon_report) -> str:
    """Return the page of the complete report."""
    return render(silicon_report)


@pytest.fixture(scope='module')
def campaign_page(campaign_report) -> str:
    """Return the page of the campaign, without the figures of its model."""
    figures = {'training': None, 'latent': None, 'references': None, 'groups': (), 'rdfs': ()}
    return render(replace(campaign_report, **figures))


@pytest.fixture
def make_bare(make_report):
    """Return a function that gives the report without its figures, which take time to draw."""
    bare = {'training': None, 'latent': None, 'references': None}
    bare |= dict.fromkeys(('groups', 'rdfs', 'stages'), ())
    return lambda **changes: make_report(**{**bare, **changes})


def test_the_page_is_well_formed(page):
    """Every element is closed, and no two have the same identifier."""
    outline = _Outline(page)
    assert outline.open == []
    named = Counter(attributes['id'] for _, attributes in outline.elements if 'id' in attributes)
    assert max(named.values()) == 1


def test_the_page_loads_nothing(page):
    """Nothing points out of the page but the links of the citations, and the name of SVG."""
    for tag, attributes in _Outline(page).elements:
        assert not {'src', 'srcset', 'xlink:href', 'data', 'action'} & set(attributes)
        address = attributes.get('href') or '#'
        assert address.startswith('#') or (tag == 'a' and address.startswith('https://doi.org/'))
    others = page.replace('http://www.w3.org/2000/svg', '')
    assert not re.search(r'@import|url\((?!#)|http://|fetch\(|XMLHttpRequest', others)


def test_the_policy_allows_the_page_s_own_script_only(page):
    """The content security policy names the hash of the script and forbids everything else."""
    script = re.search(r'<script type="module">(.*?)</script>', page, re.DOTALL)[1]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'" in page


def test_the_same_report_gives_the_same_bytes(silicon_report, page, tmp_path):
    """Writing twice changes nothing."""
    path = tmp_path / 'reports' / 'search.html'
    write(silicon_report, path)
    assert path.read_bytes() == page.encode()


def test_texts_are_escaped(silicon_phases, make_report, comparison, rounds, elasticity):
    """No text of a user, a file or a database becomes markup."""
    engine = Engine(_ATTACK, _ATTACK, _ATTACK)
    names = ('label', 'space_group_symbol', 'nearest_reference', 'origin', 'record')
    texts = dict.fromkeys(names, _ATTACK)
    checked = replace(elasticity, crystal_class=_ATTACK, violated=(_ATTACK,))
    report = make_report(
        title=_ATTACK,
        engine=engine,
        engine_note=_ATTACK,
        facts={_ATTACK: _ATTACK},
        versions={_ATTACK: _ATTACK},
        nodes=(NodeReference(_ATTACK, _ATTACK, 1),),
        citations=(Citation(_ATTACK, _ATTACK),),
        phases=(replace(silicon_phases[0], engine=engine, elasticity=checked, **texts),),
        stages=(replace(make_report().stages[0], name=_ATTACK),),
        references=replace(make_report().references, name=_ATTACK, labels=(_ATTACK,) * 36),
        rdfs=(replace(make_report().rdfs[0], phase=_ATTACK, reference=_ATTACK),),
        comparison=replace(comparison, first=SearchSummary(_ATTACK, _ATTACK)),
        rounds=(replace(rounds[0], yields={_ATTACK: {_ATTACK: 1}}),) * 2,
    )
    page = render(report)
    assert page.count('</script') == 2
    assert not re.search(r'<b title|<script>', page)
    assert _Outline(page).open == []


@pytest.mark.parametrize(
    'sentence',
    [
        'No phases: no candidate passed every stage',
        'No loss curves: no model was trained',
        'No map: this search trained or used no model',
        'No radial distributions: there were no phases',
        'No yields: no stage of this search has finished',
        'No energies: nothing was relaxed',
        'No nodes: this report was not made from a provenance graph',
        'No versions were recorded',
    ],
)
def test_what_is_missing_is_said(silicon_report, page, sentence):
    """Each section without data gives its reason, and only then."""
    assert sentence in render(SearchReport(title='Search', engine=silicon_report.engine))
    assert sentence not in page


def test_the_table_shows_each_phase(silicon_phases, page):
    """Each row has the phase's energy, its number of atoms and its space group."""
    rows = re.findall(r'<tr data-phase.*?</tr>', page, re.DOTALL)
    assert len(rows) == len(silicon_phases)
    for row, phase in zip(rows, silicon_phases, strict=True):
        assert f'data-value="{phase.energy}">{phase.energy:.3f}<' in row
        assert f'<td>{phase.formula}</td>' in row
        assert f'<small>({phase.space_group})</small>' in row
        assert (' data-new' in row) == phase.novel


def test_symbols_have_bars_and_subscripts(page):
    """Fd-3m and P6_3/mmc are set as crystallographers write them."""
    assert 'Fd<span class="bar"><span class="unseen">-</span>3</span>m' in page
    assert 'P6<sub>3</sub>/mmc' in page


def test_there_is_no_column_without_a_hull(silicon_phases, make_bare, page):
    """Hull distances have a column only where there are any."""
    phases = tuple(replace(phase, hull_distance=None) for phase in silicon_phases)
    assert '>Hull<' in page
    assert '>Hull<' not in render(make_bare(phases=phases))


def test_emulated_energies_are_marked(silicon_phases, make_bare, page):
    """A stand-in's numbers are marked in their row, and the page opens with a warning."""
    engine = Engine('vasp', 'VASP', '6.4.2', emulated=True)
    phases = (silicon_phases[0], replace(silicon_phases[1], engine=engine))
    marked = render(make_bare(phases=phases))
    rows = re.findall(r'<tr data-phase.*?</tr>', marked, re.DOTALL)
    assert ['badge emulated' in row for row in rows] == [False, True]
    assert 'role="alert"' in marked
    assert 'role="alert"' not in page
    assert 'badge emulated' not in page


def test_the_viewer_is_given_the_elements_that_occur(make_crystal, silicon_phases, make_bare):
    """Colours and radii come for the elements of the phases and no others."""
    salt = make_crystal(225, (5.64,) * 3, (90, 90), Na=((0, 0, 0),), Cl=((0.5, 0.5, 0.5),))
    page = render(make_bare(phases=(replace(silicon_phases[0], crystal=salt),)))
    given = json.loads(re.search(r'id="structures">(.*?)</script>', page, re.DOTALL)[1])
    assert {element['symbol'] for element in given['elements'].values()} == {'Na', 'Cl'}
    assert given['elements']['11']['radius'] == pytest.approx(1.66)
    assert len(given['phases'][0]['numbers']) == 8


@pytest.mark.parametrize('name', ['rounds', 'comparison', 'hull'])
def test_sections_of_a_campaign_are_there_only_for_a_campaign(campaign_page, page, name):
    """Rounds, another search, and a hull of several elements have sections of their own."""
    assert f'<section class="card" id="{name}">' in campaign_page
    assert f'<section class="card" id="{name}">' not in page


def test_rounds_have_a_row_each(campaign_page, rounds):
    """The table says when a round ended, what it found, and what each generator yielded."""
    table = re.search(r'<table id="round-table">.*?</table>', campaign_page, re.DOTALL)[0]
    rows = re.findall(r'<tr><th scope="row".*?</tr>', table, re.DOTALL)
    assert len(rows) == len(rounds)
    assert '2026-01-31 19:00' in rows[0]
    assert '1\u202f000 → 90 → 8' in rows[0]
    assert 'running' in rows[-1]


def test_engines_that_differ_are_told_apart(campaign_page, make_bare, comparison):
    """Two searches of one engine come without the warning."""
    warning = 'their energies cannot be compared'
    assert warning in campaign_page
    same = replace(comparison, is_comparable=True)
    assert warning not in render(make_bare(phases=(), comparison=same))


def test_yields_of_two_searches_stand_below_each_other(campaign_page):
    """Each generator of each search has a row, and each search a sum."""
    table = re.search(r'<table id="compared-yields">.*?</table>', campaign_page, re.DOTALL)[0]
    assert table.count('<th scope="row">A') == table.count('<th scope="row">B') == 3
    assert table.count('class="total"') == 2


@pytest.mark.parametrize('name', ['phonons', 'elasticity'])
def test_emulated_verdicts_open_the_page_with_a_warning(
    silicon_phases, make_bare, make_phonons, elasticity, name
):
    """A verdict of a stand-in marks the page even where the energies are real."""
    checks = {'phonons': make_phonons(2), 'elasticity': elasticity}
    changes = {name: replace(checks[name], emulated=True)}
    assert 'role="alert"' in render(make_bare(phases=(replace(silicon_phases[0], **changes),)))


def test_five_hundred_phases_fit_into_five_megabytes(campaign_page):
    """The page of a campaign, fifty of its phases verified, can still be sent by e-mail."""
    assert len(campaign_page.encode()) < 5_000_000


def test_a_page_full_of_large_cells_and_bands_stays_as_small(
    make_crystal, measured_phases, make_phonons, make_bare
):
    """With cells of 64 atoms and bands of 192 branches for all 500, the last bands are left out."""
    crystal = make_crystal(
        1, (10, 10, 10), (90, 90), Si=tuple(np.random.default_rng(0).random((64, 3)))
    )
    phonons = make_phonons(192)
    phases = tuple(replace(one, crystal=crystal, phonons=phonons) for one in measured_phases)
    page = render(make_bare(phases=phases))
    assert len(page.encode()) < 5_000_000
    given = json.loads(re.search(r'id="structures">(.*?)</script>', page, re.DOTALL)[1])
    assert given['phases'][0]['phonons']['bands'] is not None
    assert given['phases'][-1]['phonons']['bands'] is None
