"""The page in headless Chromium."""

from __future__ import annotations

import io
import re
import shutil
from collections.abc import Iterator
from urllib.parse import unquote

import numpy as np
import pytest
from ase.io import read
from pymatgen.core import Structure

from aiida_crystalgen.report.page import write
from aiida_crystalgen.science.structures import to_molecule, to_structure

_CHROMIUM = shutil.which('chromium') or shutil.which('chromium-browser')
_ARGUMENTS = (
    '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
    '--disable-background-networking', '--disable-component-update', '--disable-sync',
)  # fmt: skip
_PIXELS = """canvas => {
    const {data} = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    return new Set(new Uint32Array(data.buffer)).size;
}"""

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(_CHROMIUM is None, reason="needs Debian's package 'chromium'"),
]


@pytest.fixture(scope='module')
def browser() -> Iterator:
    """Return a running browser."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_CHROMIUM, args=[*_ARGUMENTS])
        yield browser
        browser.close()


@pytest.fixture(scope='module')
def address(silicon_report, tmp_path_factory) -> str:
    """Return the address of the complete report."""
    path = tmp_path_factory.mktemp('report') / 'search.html'
    write(silicon_report, path)
    return path.as_uri()


@pytest.fixture
def page(browser, address) -> Iterator:
    """Return the opened page, with what it said and asked for in ``said`` and ``asked``."""
    page = browser.new_page(viewport={'width': 1500, 'height': 1000})
    page.said, page.asked = [], []
    page.on('console', lambda message: page.said.append(message.text))
    page.on('pageerror', lambda error: page.said.append(str(error)))
    page.on('request', lambda request: page.asked.append(request.url))
    page.goto(address)
    yield page
    page.close()


@pytest.fixture(scope='module')
def campaign_address(campaign_report, tmp_path_factory) -> str:
    """Return the address of the report of a campaign of 500 phases."""
    path = tmp_path_factory.mktemp('report') / 'campaign.html'
    write(campaign_report, path)
    return path.as_uri()


@pytest.fixture
def campaign(browser, campaign_address) -> Iterator:
    """Return the opened page of the campaign, with what it said in ``said``."""
    page = browser.new_page(viewport={'width': 1280, 'height': 900})
    page.said = []
    page.on('console', lambda message: page.said.append(message.text))
    page.on('pageerror', lambda error: page.said.append(str(error)))
    page.goto(campaign_address)
    yield page
    page.close()


def _column(page, name: str) -> list[str]:
    """Return what the visible rows show in a column."""
    names = [
        text.split('\n')[0] for text in page.locator('#phase-table thead th').all_inner_texts()
    ]
    rows = page.locator('#phase-table tbody tr:visible')
    return rows.locator(f'xpath=./*[{names.index(name) + 1}]').all_inner_texts()


def test_the_page_is_silent_and_alone(page, address):
    """Opening the page and using it gives no console message and no request."""
    page.locator('.show').nth(3).click()
    page.locator('#repeat').click()
    page.locator('#filter').fill('cub')
    assert page.said == []
    assert page.asked == [address]


def test_the_policy_is_in_force(page):
    """Not even the page's own script could reach anything."""
    assert not page.evaluate("fetch('data:,x').then(() => true, () => false)")
    assert any('Content Security Policy' in text for text in page.said)


def test_every_figure_is_drawn(page):
    """Each of the five figures has a size and shapes."""
    figures = page.locator('figure svg').all()
    assert len(figures) == 5
    for figure in figures:
        box = figure.bounding_box()
        assert min(box['width'], box['height']) > 200
        assert figure.locator('path').count() >= 5
        assert figure.locator('text').count() >= 5


@pytest.mark.parametrize('name', ['Energy', 'Atoms', 'Space group', 'Density'])
def test_numbers_are_sorted_as_numbers(page, name):
    """A click on a heading sorts upwards, a second one downwards."""
    heading = page.locator('th[aria-sort]', has_text=name)
    heading.locator('button').click()
    assert heading.get_attribute('aria-sort') == 'ascending'
    values = [float(re.search(r'\(?([\d.]+)\)?$', text)[1]) for text in _column(page, name)]
    assert values == sorted(values)
    heading.locator('button').click()
    assert heading.get_attribute('aria-sort') == 'descending'
    values = [float(re.search(r'\(?([\d.]+)\)?$', text)[1]) for text in _column(page, name)]
    assert values == sorted(values, reverse=True)


def test_labels_are_sorted_as_people_count(page):
    """P10 comes after P9, and only one heading is marked as sorted."""
    page.locator('th[aria-sort]', has_text='Energy').locator('button').click()
    page.locator('th[aria-sort]', has_text='Phase').locator('button').press('Enter')
    assert _column(page, 'Phase') == [f'P{number}' for number in range(1, 11)]
    assert page.locator('th[aria-sort="ascending"]').count() == 1


@pytest.mark.parametrize('clicks', [1, 2])
def test_what_has_no_value_comes_last(page, clicks):
    """The phase without a hull distance stays at the end in both directions."""
    for _ in range(clicks):
        page.locator('th[aria-sort]', has_text='Hull').locator('button').click()
    assert _column(page, 'Phase')[-1] == 'P4'


@pytest.mark.parametrize(
    ('words', 'labels'),
    [('diamond', ['P1', 'P3', 'P8']), ('fd-3m', ['P1']), ('p6_3', ['P2']), ('cubic P7', ['P7'])],
)
def test_the_filter_finds_words(page, words, labels):
    """Every word has to occur somewhere in the row."""
    page.locator('#filter').fill(words)
    assert _column(page, 'Phase') == labels
    assert page.locator('#shown').inner_text() == f'{len(labels)} of 10'


def test_known_phases_can_be_hidden(page):
    """The box leaves the new phases."""
    page.locator('#only-new').check()
    assert _column(page, 'Phase') == ['P3', 'P8']


def test_a_row_shows_its_structure(page):
    """A click draws another crystal, with its details and its file."""
    canvas = page.locator('#structure')
    assert canvas.evaluate(_PIXELS) > 100
    before = canvas.evaluate('canvas => canvas.toDataURL()')
    page.locator('#phase-table tbody tr').nth(2).click()
    assert canvas.evaluate('canvas => canvas.toDataURL()') != before
    assert page.locator('#selected').inner_text().startswith('P3 · Si16 · C2/m (12)')
    assert page.locator('#download').get_attribute('download') == 'P3.cif'
    assert canvas.get_attribute('aria-label') == 'Crystal structure of P3'


def test_the_structure_turns_and_returns(page):
    """Dragging turns the crystal; resetting brings the first view back."""
    canvas = page.locator('#structure')
    before = canvas.evaluate('canvas => canvas.toDataURL()')
    box = canvas.bounding_box()
    page.mouse.move(box['x'] + 100, box['y'] + 100)
    page.mouse.down()
    page.mouse.move(box['x'] + 180, box['y'] + 130)
    page.mouse.up()
    assert canvas.evaluate('canvas => canvas.toDataURL()') != before
    assert canvas.evaluate(_PIXELS) > 100
    page.locator('#reset').click()
    assert canvas.evaluate('canvas => canvas.toDataURL()') == before


@pytest.mark.parametrize('key', ['ArrowLeft', 'ArrowUp', '+'])
def test_keys_move_the_structure(page, key):
    """What a mouse can do to the view, keys can."""
    canvas = page.locator('#structure')
    before = canvas.evaluate('canvas => canvas.toDataURL()')
    canvas.press(key)
    assert canvas.evaluate('canvas => canvas.toDataURL()') != before


def test_the_wheel_zooms_once_clicked(page):
    """The wheel scrolls the page until the structure is clicked."""
    canvas = page.locator('#structure')
    before = canvas.evaluate('canvas => canvas.toDataURL()')
    canvas.hover()
    page.mouse.wheel(0, -50)
    assert canvas.evaluate('canvas => canvas.toDataURL()') == before
    canvas.click()
    page.mouse.wheel(0, -200)
    page.wait_for_function(
        "before => document.getElementById('structure').toDataURL() !== before", arg=before
    )


def test_cells_can_be_repeated(page):
    """The button shows 2 × 2 × 2 cells and takes them back."""
    canvas, button = page.locator('#structure'), page.locator('#repeat')
    before = canvas.evaluate('canvas => canvas.toDataURL()')
    button.click()
    assert button.get_attribute('aria-pressed') == 'true'
    assert canvas.evaluate('canvas => canvas.toDataURL()') != before
    button.click()
    assert canvas.evaluate('canvas => canvas.toDataURL()') == before


def test_the_page_goes_dark(page):
    """Page, figures and structure follow the reader's colour scheme."""
    colour = 'element => getComputedStyle(element).fill'
    text, canvas = page.locator('figure svg text').first, page.locator('#structure')
    before = text.evaluate(colour), canvas.evaluate('canvas => canvas.toDataURL()')
    page.emulate_media(color_scheme='dark')
    assert text.evaluate(colour) != before[0]
    assert canvas.evaluate('canvas => canvas.toDataURL()') != before[1]


@pytest.mark.parametrize('width', [390, 1000, 1500])
def test_the_page_never_scrolls_sideways(page, width):
    """Wide tables and figures scroll inside their own frames."""
    page.set_viewport_size({'width': width, 'height': 800})
    assert page.evaluate('document.documentElement.scrollWidth') <= width


def test_a_campaign_of_500_phases_opens_in_silence(campaign):
    """Every row is there, every figure drawn, and using the page brings no message."""
    assert campaign.locator('#phase-table tbody tr').count() == 500
    assert campaign.locator('figure svg').count() == 8
    for row in (1, 49, 499):
        campaign.locator('.show').nth(row).click()
    campaign.locator('#filter').fill('P49')
    assert campaign.said == []


def test_charts_are_drawn_for_the_phase_that_is_selected(campaign):
    """Bands, density of states and peaks are as many as were given, and are redrawn."""
    bands = campaign.locator('#panel-phonons .band')
    bands.first.wait_for()
    assert bands.count() == 24 + 1
    assert campaign.locator('#panel-phonons .imaginary').count() == 0
    assert campaign.locator('#panel-diffraction .stick').count() == 30
    campaign.locator('.show').nth(1).click()
    campaign.locator('#panel-phonons .imaginary').first.wait_for()
    assert 'Phonons of P2' in campaign.locator('#panel-phonons h3').inner_text()


def test_charts_say_in_words_what_they_show(campaign):
    """Whoever cannot see a chart hears its verdict, its place, and reads its peaks in a table."""
    campaign.locator('.show').nth(1).click()
    said = campaign.locator('#panel-phonons svg').get_attribute('aria-label')
    assert 'imaginary; smallest frequency −' in said
    assert 'X (0.5, 0, 0.5)' in said
    campaign.locator('#panel-diffraction summary').press('Enter')
    assert campaign.locator('#panel-diffraction tbody tr:visible').count() == 30


def test_a_break_in_the_path_is_no_line(campaign):
    """Each branch starts anew where two lines of the path do not meet."""
    campaign.locator('#panel-phonons .band').first.wait_for()
    assert campaign.locator('#panel-phonons .band').first.get_attribute('d').count('M') == 2


def test_the_panel_shows_nothing_that_was_not_measured(campaign):
    """A phase without phonons and elasticity has its X-ray pattern alone."""
    campaign.locator('.show').nth(100).click()
    assert campaign.locator('#panel-diffraction').is_visible()
    assert not campaign.locator('#panel-phonons').is_visible()
    assert not campaign.locator('#panel-elasticity').is_visible()


def test_arrow_keys_go_from_phase_to_phase(campaign):
    """Down and up select the neighbours that the filter has left."""
    campaign.locator('#only-new').check()
    campaign.locator('.show').nth(2).click()
    campaign.keyboard.press('ArrowDown')
    assert campaign.locator('#selected').inner_text().startswith('P8 ')
    campaign.keyboard.press('ArrowUp')
    assert campaign.locator('#selected').inner_text().startswith('P3 ')


def test_charts_fill_a_narrow_page(campaign):
    """On a telephone charts are drawn anew, and nothing hangs over the edge."""
    campaign.set_viewport_size({'width': 400, 'height': 800})
    chart = campaign.locator('#panel-phonons svg')
    campaign.wait_for_function(
        "() => document.querySelector('#panel-phonons svg').clientWidth < 370"
    )
    assert chart.bounding_box()['width'] > 250
    assert campaign.evaluate('document.documentElement.scrollWidth') <= 400


@pytest.mark.parametrize('row', [0, 2, 4])
def test_cif_files_hold_the_crystals(page, silicon_phases, row):
    """The crystal read back from the CIF file of a selected phase is the phase's."""
    page.locator('.show').nth(row).click()
    address = page.locator('#download').get_attribute('href')
    found = Structure.from_str(unquote(address.partition(',')[2]), fmt='cif')
    expected = to_structure(silicon_phases[row].crystal, 0)
    assert found.matches(expected, stol=1e-4, ltol=1e-4, primitive_cell=False, scale=False)


@pytest.fixture
def cluster_page(browser, cluster_report, tmp_path) -> Iterator:
    """Return the opened report of clusters, with what it said in ``said``."""
    write(cluster_report, tmp_path / 'clusters.html')
    page = browser.new_page()
    page.said = []
    page.on('console', lambda message: page.said.append(message.text))
    page.on('pageerror', lambda error: page.said.append(str(error)))
    page.goto((tmp_path / 'clusters.html').as_uri())
    yield page
    page.close()


def test_a_cluster_is_shown_without_a_cell(cluster_page):
    """It is drawn and named as a cluster, and cannot be repeated."""
    cluster_page.locator('.show').nth(1).click()
    canvas = cluster_page.locator('#structure')
    assert canvas.get_attribute('aria-label') == 'Cluster of P2'
    assert canvas.evaluate(_PIXELS) > 50
    assert not cluster_page.locator('#repeat').is_visible()
    assert cluster_page.said == []


def test_the_file_of_a_cluster_is_periodic_nowhere(cluster_page, cluster_report):
    """Its extended XYZ has the distances of the cluster, and no cell."""
    link = cluster_page.locator('#download')
    assert link.get_attribute('download') == 'P1.xyz'
    assert link.inner_text() == 'XYZ'
    text = unquote(link.get_attribute('href').partition(',')[2])
    found = read(io.StringIO(text), format='extxyz')
    assert not found.pbc.any()
    expected = to_molecule(cluster_report.phases[0].crystal, 0).distance_matrix
    np.testing.assert_allclose(found.get_all_distances(), expected, atol=1e-4)


@pytest.fixture
def proposals_page(browser, proposal_report, tmp_path) -> Iterator:
    """Return the opened page of proposals, with what it said in ``said``."""
    write(proposal_report, tmp_path / 'proposals.html')
    page = browser.new_page(viewport={'width': 1280, 'height': 900})
    page.said, page.asked = [], []
    page.on('console', lambda message: page.said.append(message.text))
    page.on('pageerror', lambda error: page.said.append(str(error)))
    page.on('request', lambda request: page.asked.append(request.url))
    page.goto((tmp_path / 'proposals.html').as_uri())
    yield page
    page.close()


def test_a_ranking_is_drawn_in_silence(proposals_page):
    """Its four figures have a size, its table fifty rows, and nothing is asked for or said."""
    figures = proposals_page.locator('figure svg').all()
    assert len(figures) == 4
    for figure in figures:
        box = figure.bounding_box()
        assert min(box['width'], box['height']) > 100
    assert proposals_page.locator('#ranking-table-1 tbody tr').count() == 50
    assert proposals_page.said == []
    assert len(proposals_page.asked) == 1


@pytest.mark.parametrize('width', [390, 1000, 1500])
def test_a_ranking_never_scrolls_the_page_sideways(proposals_page, width):
    """The confusion matrix and the table scroll inside their own frames."""
    proposals_page.set_viewport_size({'width': width, 'height': 800})
    assert proposals_page.evaluate('document.documentElement.scrollWidth') <= width


def test_points_of_a_ranking_tell_what_they_are(proposals_page, ranking):
    """The title of the best formula is inside the shape that is drawn for it."""
    said = proposals_page.locator('#figure-ranking-1-compositions title').all_text_contents()
    assert ranking.describe(0) in said
    assert len(said) == len(ranking.best)
