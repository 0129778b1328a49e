"""The figures as SVG elements."""

from __future__ import annotations

import re
from dataclasses import replace
from xml.etree import ElementTree as ET

import matplotlib as mpl
import numpy as np
import pytest

from aiida_crystalgen.report import figures
from aiida_crystalgen.report.contents import EnergyGroup, LatentMap, Stage, TrainingCurves


def _drawn(report) -> dict[str, str]:
    """Return every figure of the report."""
    return {
        'yield': figures.yield_funnel(report.stages),
        'losses': figures.loss_curves(report.training),
        'latent': figures.latent_map(report.latent),
        'rdf': figures.rdf_comparisons(report.rdfs[:4]),
        'energies': figures.energy_levels(report.references, report.groups),
    }


@pytest.fixture(scope='module')
def drawn(silicon_report):
    """Return every figure of the complete report."""
    return _drawn(silicon_report)


@pytest.mark.parametrize('name', ['yield', 'losses', 'latent', 'rdf', 'energies'])
def test_figures_are_well_formed(drawn, name):
    """Each figure is XML with a description, whose references all lead somewhere."""
    root = ET.fromstring(drawn[name])  # noqa: S314, our own figure
    assert root.get('role') == 'img'
    assert root.get('aria-label')
    named = [element.get('id') for element in root.iter() if element.get('id')]
    assert len(named) == len(set(named))
    assert set(re.findall(r'(?:href="|url\()#([^")]+)', drawn[name])) == set(named[1:])


@pytest.mark.parametrize('name', ['yield', 'losses', 'latent', 'rdf', 'energies'])
def test_figures_take_colours_and_fonts_from_the_page(drawn, name):
    """No figure brings its own ink, paper or font."""
    assert 'var(--ink)' in drawn[name]
    assert not re.search(r'#000000|#ffffff|font-family', drawn[name])


def test_no_two_figures_share_an_identifier(drawn):
    """Figures on one page do not clip each other."""
    named = [name for svg in drawn.values() for name in re.findall(r' id="([^"]*)"', svg)]
    assert len(named) == len(set(named))


def test_the_reader_s_matplotlib_settings_do_not_matter(silicon_report, drawn):
    """The same data give the same bytes whatever the style in force."""
    with mpl.rc_context({'font.size': 31.0, 'axes.facecolor': 'red'}):
        assert _drawn(silicon_report) == drawn


def test_every_known_crystal_is_named_at_its_point(silicon_report, drawn):
    """Pointing at a crystal shows its label and energy, in both maps."""
    references = silicon_report.references
    for name in ('latent', 'energies'):
        shown = re.findall(r'<title>([^<]*)</title>', drawn[name])
        for label, energy in zip(references.labels, references.energies, strict=True):
            assert f'{label}, {energy:.3f} eV/atom' in shown


def test_a_title_sits_at_its_own_energy(silicon_report, drawn):
    """Points of a column lie the higher the larger the energy in their title."""
    points = re.findall(r'y="([\d.]+)"[^>]*><title>[^,]*, ([\d.]+) eV', drawn['energies'])
    heights, energies = np.array(points, dtype=float).T
    assert len(points) == len(silicon_report.references.labels)
    assert (np.diff(heights[np.argsort(energies)]) <= 1e-3).all()


def test_the_axes_of_energy_have_units(drawn):
    """Energies are in eV per atom wherever they are drawn."""
    assert 'Energy above lowest (eV/atom)' in drawn['energies']
    assert 'Energy above lowest (eV/atom)' in drawn['latent']
    assert 'r (Å)' in drawn['rdf']


@pytest.mark.parametrize('energies', [np.zeros(0), np.array([np.nan]), np.zeros(1)])
def test_groups_may_be_empty(energies):
    """A group of which nothing was relaxed is drawn as an empty column."""
    svg = figures.energy_levels(None, [EnergyGroup('similar', energies)])
    assert f'>{np.isfinite(energies).sum()}</' in svg


def test_a_map_needs_no_energies(silicon_report):
    """Training crystals without energies are drawn, without a scale of energy."""
    training = silicon_report.latent.training
    unknown = replace(training, energies=np.full(len(training.labels), np.nan))
    svg = figures.latent_map(LatentMap(unknown, axes=('z₁', 'z₂')))
    assert svg.count('<title>') == len(training.labels)
    assert 'eV/atom' not in svg


def test_losses_need_no_validation(silicon_report):
    """Curves are drawn of a training without a validation set."""
    svg = figures.loss_curves(replace(silicon_report.training, validation=None))
    assert 'validation' not in svg


def test_every_curve_of_a_training_has_its_axes():
    """Curves of any names are drawn, one alone as well."""
    values = np.array([0.6, 0.5, 0.4])
    for names in (('error',), ('error', 'sigmoid', 'softmax')):
        curves = TrainingCurves(dict.fromkeys(names, values))
        svg = figures.loss_curves(curves)
        assert svg.count('Epoch') >= len(names)
        assert 'Share of wrong elements' in svg


def test_nothing_left_is_drawn():
    """A stage after which nothing is left has neither bar nor share."""
    svg = figures.yield_funnel([Stage('proposed', {'a': 5}), Stage('valid', {}), Stage('new', {})])
    assert '0  (0.0%)' in re.sub(r'\u2009', ' ', svg)


@pytest.mark.parametrize('number', [1, 2, 4])
def test_each_comparison_has_its_panel(silicon_report, number):
    """As many panels are drawn as there are comparisons."""
    svg = figures.rdf_comparisons(silicon_report.rdfs[:number])
    assert len(re.findall(r'>P\d+ – ', svg)) == number
