"""Pictures of one phase as files."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.image import imread

from aiida_crystalgen.report.hull import draw_hull
from aiida_crystalgen.report.plots import draw_bands, draw_diffraction, draw_dos, save_picture
from aiida_crystalgen.report.structure_plot import draw_structure


@pytest.fixture
def pictures(make_phonons, make_pattern, binary_hull, silicon_phases):
    """Return what draws each kind of picture."""
    phonons = make_phonons(6, imaginary=True)
    return {
        'bands': lambda figure: draw_bands(figure, phonons),
        'bands alone': lambda figure: draw_bands(figure, replace(phonons, dos=None)),
        'dos': lambda figure: draw_dos(figure, phonons),
        'xrd': lambda figure: draw_diffraction(figure, make_pattern()),
        'hull': lambda figure: draw_hull(figure, binary_hull, ('P1',)),
        'structure': lambda figure: draw_structure(figure, silicon_phases[0].crystal),
    }


@pytest.mark.parametrize('kind', ['bands', 'bands alone', 'dos', 'xrd', 'hull', 'structure'])
def test_pictures_are_files_of_the_size_asked_for(pictures, kind, tmp_path):
    """Five by four inches are 1000 by 800 pixels, and something is on them."""
    path = tmp_path / 'folder' / 'picture.png'
    save_picture(path, pictures[kind], size=(5.0, 4.0), title='P1')
    pixels = imread(path)
    assert pixels.shape[:2] == (800, 1000)
    assert pixels[..., :3].min() < 0.5


def test_the_same_data_give_the_same_bytes(pictures, tmp_path):
    """Neither the date nor chance is in the file."""
    paths = [tmp_path / name for name in ('a.svg', 'b.svg')]
    for path in paths:
        save_picture(path, pictures['xrd'], size=(4.0, 3.0), title='P1')
    assert paths[0].read_bytes() == paths[1].read_bytes()


@pytest.mark.parametrize('name', ['picture.pdf', 'picture'])
def test_other_suffixes_are_refused(pictures, name, tmp_path):
    """The sentence says which there are."""
    with pytest.raises(ValueError, match=r'neither a file \.png nor a file \.svg'):
        save_picture(tmp_path / name, pictures['dos'], size=(4.0, 3.0), title='P1')


@pytest.mark.parametrize(('draw', 'missing'), [(draw_bands, 'bands'), (draw_dos, 'dos')])
def test_curves_that_are_not_stored_are_refused(make_phonons, draw, missing):
    """A verdict without its curves cannot be drawn."""
    with pytest.raises(ValueError, match='not stored'):
        draw(Figure(), replace(make_phonons(2), **{missing: None}))


def test_atoms_on_a_border_are_drawn_on_both_sides(silicon_phases):
    """The cube of diamond shows its corners, the centres of its faces, and four atoms inside."""
    figure = Figure()
    draw_structure(figure, silicon_phases[0].crystal)
    atoms = [patch for patch in figure.axes[0].patches if patch.get_alpha() is None]
    assert len(atoms) == 8 + 6 + 4


def test_each_branch_breaks_where_lines_do_not_meet(make_phonons):
    """Two lines of the path are two curves a branch."""
    figure = Figure()
    draw_bands(figure, replace(make_phonons(6), dos=None))
    curves = [line for line in figure.axes[0].lines if len(line.get_xdata()) > 2]
    assert len(curves) == 2 * 6


def test_names_of_special_points_do_not_touch(make_phonons):
    """A name next to another is left out, its line stays; two names at a break are two rows."""
    phonons = make_phonons(6)
    lengths = np.array([0, 0.3, 0.305, 0.31, 0.6, 0.6, 1])
    bands = replace(
        phonons.bands,
        lengths=lengths,
        frequencies=np.ones((len(lengths), 6)),
        labels=((0, 'Γ'), (1, 'X'), (3, 'Y'), (4, 'K'), (5, 'U'), (6, 'Z')),
    )
    figure = Figure()
    draw_bands(figure, replace(phonons, bands=bands, dos=None))
    axes = figure.axes[0]
    assert [text.get_text() for text in axes.get_xticklabels()] == ['Γ', 'X', 'K\nU', 'Z']
    upright = [line for line in axes.lines if list(line.get_ydata()) == [0, 1]]
    assert len(upright) == len(bands.ticks) == 5
