"""How proposals came about: space groups, a film, and evaluations on the page."""

from __future__ import annotations

import re
from dataclasses import replace
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from aiida_crystalgen.report.contents import ProposalReport, TrainingCurves
from aiida_crystalgen.report.evaluation import EvaluationResult
from aiida_crystalgen.report.generation import DenoisingFilm, SpaceGroupCounts
from aiida_crystalgen.report.generation_figures import denoising_strip, space_group_bars
from aiida_crystalgen.report.page import render, render_proposals
from aiida_crystalgen.science.crystals import concatenate


def tally(**numbers):
    """Return counts by the number of the group, named as in g62=3."""
    result = np.zeros(231, dtype=np.int64)
    for name, number in numbers.items():
        result[int(name[1:])] = number
    return result


COUNTS = SpaceGroupCounts(
    name='score_langevin',
    requested=tally(g62=30, g139=10),
    found=tally(g0=1, g62=28, g63=2, g139=9),
    equal=37,
    kept=39,
    tolerance=0.01,
    known=tally(g62=500, g225=1500),
)
EVALUATION = EvaluationResult(
    name='proposals 42',
    generated={'valid': 0.995, 'recall': 0.5, 'density_distance': 0.1234, 'novel': float('nan')},
    real={'valid': 1.0, 'recall': 0.99, 'density_distance': 0.05},
    numbers={'generated': 40, 'valid': 39, 'reference': 90, 'real': 80},
    real_source='training',
)


@pytest.fixture
def film(silicon_phases):
    """Return three frames, of which the first is the largest."""
    crystal = silicon_phases[2].crystal
    frames = [replace(crystal, lattices=crystal.lattices * scale) for scale in (1.5, 0.8, 1.0)]
    return DenoisingFilm('P3', concatenate(frames), np.array([2.5, 0.4, 0.0]))


@pytest.mark.parametrize('figure', ['groups', 'film'])
def test_figures_are_well_formed_and_take_their_looks_from_the_page(figure, film):
    """XML with a description, references that lead somewhere, and no ink of its own."""
    svg = (
        space_group_bars(COUNTS, 'figure')
        if figure == 'groups'
        else denoising_strip(film, 'figure')
    )
    root = ET.fromstring(svg)  # noqa: S314, our own figure
    assert root.get('aria-label')
    named = [element.get('id') for element in root.iter() if element.get('id')]
    assert set(re.findall(r'(?:href="|url\()#([^")]+)', svg)) <= set(named)
    assert not re.search(r'#000000|#ffffff|font-family', svg)


def test_groups_are_named_and_those_of_the_training_set_beside(film):
    """What was never asked for or found is one of the others."""
    svg = space_group_bars(COUNTS, 'figure')
    assert all(f'>{text}<' in svg for text in ('Pnma (62)', 'Cmcm (63)', 'I4/mmm (139)'))
    assert '(225)' not in svg
    assert '>training set<' in svg
    assert '>training set<' not in space_group_bars(replace(COUNTS, known=None), 'figure')
    assert '37 have the one asked for, 39 that or a supergroup' in svg


def test_only_the_most_frequent_groups_are_shown():
    """They stand in the order of their numbers; crystals without a group have no line."""
    many = replace(COUNTS, requested=tally(g5=1, g1=3, g230=2), found=tally(g0=6))
    assert many.most_frequent(2).tolist() == [1, 230]
    assert many.most_frequent(20).tolist() == [1, 5, 230]


def test_counts_are_of_the_same_crystals():
    """Others are refused."""
    with pytest.raises(ValueError, match='of 39 proposals were looked for, but 40'):
        replace(COUNTS, found=tally(g1=39))


def test_frames_share_a_scale_and_say_how_much_noise_there_is(film):
    """The last one is named by its formula; atoms are small discs without light."""
    svg = denoising_strip(film, 'figure')
    assert [text in svg for text in ('σ 2.50 Å', 'σ 0.40 Å', '>Si16<')] == [True] * 3
    assert len(svg) < 400_000


def test_each_frame_has_its_noise(film):
    """Other numbers of deviations are refused."""
    with pytest.raises(ValueError, match='2 deviations are given for 3 frames'):
        replace(film, deviations=np.array([1.0, 0.0]))


def test_measures_have_titles_units_and_dashes():
    """They come in the order that people read them."""
    rows = [(row.title, row.generated, row.real) for row in EVALUATION.rows]
    assert rows == [
        ('Valid in both respects', '99.5 %', '100.0 %'),
        ('COV-R, of all', '50.0 %', '99.0 %'),
        ('Wasserstein distance of densities (g/cm³)', '0.123', '0.050'),
        ('Novel among these', '–', '–'),
    ]
    assert '80 real crystals of the training set' in EVALUATION.summary


def test_the_page_of_proposals_shows_what_there_is(film):
    """Sections of what there is not are left out."""
    losses = {name: np.array([1.0, 0.5]) for name in ('total', 'positions', 'cells')}
    report = ProposalReport(
        title='Proposals',
        space_groups=(COUNTS,),
        film=film,
        training=TrainingCurves(losses),
        evaluations=(EVALUATION,),
    )
    page = render_proposals(report)
    for text in ('97.5 % that', 'From noise to P3', 'Noise of the cells', '99.5 %'):
        assert text in page
    assert 'Ranking' not in page
    bare = render_proposals(ProposalReport(title='Proposals'))
    assert not re.search('Space groups|From noise|Training|Evaluation', bare)


def test_the_page_of_a_search_shows_them_too(make_report, film):
    """They follow the rankings."""
    page = render(make_report(space_groups=(COUNTS,), film=film, evaluations=(EVALUATION,)))
    assert 'Space groups of the proposals: score_langevin' in page
    assert 'figure-film' in page
    assert 'Evaluation of proposals 42' in page
