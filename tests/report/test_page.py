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
from pymatgen.io.cif import CifParser

from aiida_crystalgen.report.contents import Citation, Engine, NodeReference, SearchReport
from aiida_crystalgen.report.page import render, write
from aiida_crystalgen.science.structures import to_structure

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
    """Nothing points out of the page but the links of the citations."""
    for tag, attributes in _Outline(page).elements:
        assert not {'src', 'srcset', 'xlink:href', 'data', 'action'} & set(attributes)
        address = attributes.get('href') or '#'
        assert address.startswith(('#', 'data:chemical/x-cif;')) or (
            tag == 'a' and address.startswith('https://doi.org/')
        )
    assert not re.search(r'@import|url\((?!#)|http://|fetch\(|XMLHttpRequest', page)


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


def test_texts_are_escaped(silicon_phases, make_report):
    """No text of a user, a file or a database becomes markup."""
    engine = Engine(_ATTACK, _ATTACK, _ATTACK)
    names = ('label', 'space_group_symbol', 'nearest_reference', 'origin', 'record')
    texts = dict.fromkeys(names, _ATTACK)
    report = make_report(
        title=_ATTACK,
        engine=engine,
        engine_note=_ATTACK,
        facts={_ATTACK: _ATTACK},
        versions={_ATTACK: _ATTACK},
        nodes=(NodeReference(_ATTACK, _ATTACK, 1),),
        citations=(Citation(_ATTACK, _ATTACK),),
        phases=(replace(silicon_phases[0], engine=engine, **texts),),
        stages=(replace(make_report().stages[0], name=_ATTACK),),
        references=replace(make_report().references, name=_ATTACK, labels=(_ATTACK,) * 36),
        rdfs=(replace(make_report().rdfs[0], phase=_ATTACK, reference=_ATTACK),),
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
        'No latent map: this search trained or used no model',
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


def test_cif_files_hold_the_crystals(silicon_phases, page):
    """The crystal read back from a row's CIF file is the phase's."""
    files = re.findall(r'download="(P\d+)\.cif" href="data:chemical/x-cif;base64,([^"]+)"', page)
    assert [name for name, _ in files] == [phase.label for phase in silicon_phases]
    for phase, (_, content) in zip(silicon_phases, files, strict=True):
        parser = CifParser.from_str(base64.b64decode(content).decode())
        (found,) = parser.parse_structures(primitive=False, on_error='ignore')
        assert found.matches(to_structure(phase.crystal, 0), stol=1e-4, ltol=1e-4)


def test_the_viewer_is_given_the_elements_that_occur(make_crystal, silicon_phases, make_bare):
    """Colours and radii come for the elements of the phases and no others."""
    salt = make_crystal(225, (5.64,) * 3, (90, 90), Na=((0, 0, 0),), Cl=((0.5, 0.5, 0.5),))
    page = render(make_bare(phases=(replace(silicon_phases[0], crystal=salt),)))
    given = json.loads(re.search(r'id="structures">(.*?)</script>', page, re.DOTALL)[1])
    assert {element['symbol'] for element in given['elements'].values()} == {'Na', 'Cl'}
    assert given['elements']['11']['radius'] == pytest.approx(1.66)
    assert np.shape(given['phases'][0]['coordinates']) == (8, 3)


def test_fifty_phases_fit_into_two_megabytes(silicon_phases, make_report):
    """The page of a rich search can still be sent by e-mail."""
    phases = tuple(replace(silicon_phases[row % 10], label=f'P{row}') for row in range(50))
    assert len(render(make_report(phases=phases)).encode()) < 2_000_000
