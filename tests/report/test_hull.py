"""The convex hull as an SVG element."""

from __future__ import annotations

import re
from dataclasses import replace
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from matplotlib.figure import Figure

from aiida_crystalgen.report.hull import draw_hull, hull_plot
from aiida_crystalgen.science.stability.diagram import HullDiagram, HullPoints

ENGINE = {'name': '7net-0', 'package': 'sevenn', 'version': '0.13.0'}


def points(labels, fractions, energies, above):
    """Return points; labels serve as formulas too."""
    return HullPoints(
        labels, labels, np.array(fractions), np.array(energies), np.array(above, dtype=np.float64)
    )


def binary(engine=ENGINE):
    """Return the hull of tin and selenium with two phases, one of them below it."""
    known = points(
        ('Se', 'Sn', 'SnSe', 'SnSe2'),
        [[1, 0], [0, 1], [0.5, 0.5], [2 / 3, 1 / 3]],
        [0.0, 0.0, -0.5, -0.3],
        [0.0, 0.0, 0.0, 0.03],
    )
    phases = points(('P1', 'P2'), [[0.5, 0.5], [0.5, 0.5]], [-0.55, -0.4], [-0.05, 0.1])
    return HullDiagram(('Se', 'Sn'), known, phases, np.array([[0, 2], [2, 1]]), engine)


def ternary(engine=ENGINE):
    """Return the hull of three elements with one compound and one phase."""
    corners = np.eye(3).tolist()
    known = points(
        ('Li', 'P', 'S', 'LiPS2'), [*corners, [0.25, 0.25, 0.5]], [0, 0, 0, -1.0], [0.0] * 4
    )
    phases = points(('P1',), [[0.5, 0.25, 0.25]], [-0.2], [0.1])
    lines = np.array([[0, 1], [1, 2], [0, 2], [0, 3], [1, 3], [2, 3]])
    return HullDiagram(('Li', 'P', 'S'), known, phases, lines, engine)


@pytest.mark.parametrize('make', [binary, ternary])
def test_plots_are_well_formed_and_take_their_looks_from_the_page(make):
    """XML with a description, references that lead somewhere, and no ink of its own."""
    svg = hull_plot(make())
    root = ET.fromstring(svg)  # noqa: S314, our own figure
    assert 'Convex hull' in root.get('aria-label')
    named = [element.get('id') for element in root.iter() if element.get('id')]
    assert set(re.findall(r'(?:href="|url\()#([^")]+)', svg)) == set(named[1:])
    assert not re.search(r'#000000|#ffffff|font-family', svg)


@pytest.mark.parametrize('make', [binary, ternary])
def test_every_crystal_is_named_at_its_point(make):
    """Pointing at a crystal shows its label, its formula and its distance from the hull."""
    diagram = make()
    titles = re.findall(r'<title>([^<]*)</title>', hull_plot(diagram))
    expected = [
        f'{label}, {label}, {above:+.3f} eV/atom from the hull'
        for group in (diagram.references, diagram.phases)
        for label, above in zip(group.labels, group.above_hull, strict=True)
    ]
    assert sorted(titles) == sorted(expected)


def test_lower_formation_energies_are_drawn_lower():
    """Each title sits at its own point."""
    svg = hull_plot(binary())
    drawn = r'(?:y="|d="M [\d.]+ )([\d.]+)[^>]*><title>(\w+),'
    height = {label: float(value) for value, label in re.findall(drawn, svg)}
    assert height['P1'] > height['SnSe'] > height['P2'] > height['SnSe2']
    assert height['SnSe2'] > height['Se'] == height['Sn']


def test_axes_and_corners_name_elements_and_units():
    """Energies are in eV per atom."""
    assert 'Formation energy (eV/atom)' in hull_plot(binary())
    svg = hull_plot(ternary())
    assert 'Energy above hull (eV/atom)' in svg
    assert all(f'>{symbol}</text>' in svg for symbol in ('Li', 'P', 'S'))


def test_colours_tell_how_far_below_the_hull_phases_are():
    """The scale of a triangle begins at the lowest phase, or at the hull if none is below it."""
    usual = ternary()
    below = replace(usual, phases=replace(usual.phases, above_hull=np.array([-0.2])))
    for diagram, lowest, highest in ((usual, 0, 0.1), (below, -0.2, 0)):
        figure = Figure()
        draw_hull(figure, diagram)
        drawn = figure.axes[0].collections[-1]
        assert (drawn.norm.vmin, drawn.norm.vmax) == pytest.approx((lowest, highest))
        assert drawn.get_array() == pytest.approx(diagram.phases.above_hull)


@pytest.mark.parametrize('make', [binary, ternary])
def test_emulated_energies_are_marked_in_the_picture(make):
    """Whoever sees or hears the figure is told."""
    svg = hull_plot(make({**ENGINE, 'name': 'vasp-emulator', 'emulated': True}))
    assert 'EMULATED energies: vasp-emulator' in svg
    assert '(emulated)' in svg
    assert 'mulated' not in hull_plot(make())


@pytest.mark.parametrize('elements', [('Si',), ('A', 'B', 'C', 'D')])
def test_other_numbers_of_elements_are_refused(elements):
    """There is no plane picture of them."""
    diagram = HullDiagram(elements, *(binary().references,) * 2, np.array([[0, 1]]), ENGINE)
    with pytest.raises(ValueError, match='cannot be drawn; only those of two or three'):
        hull_plot(diagram)
