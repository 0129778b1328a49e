"""The figures of a ranking as SVG elements: compositions, and what became of the candidates."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
from jaxtyping import Bool, Float, Int
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection, PolyCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from aiida_crystalgen.report.element_figures import confusion_plot, element_plot
from aiida_crystalgen.report.ranking import CompoundRanking
from aiida_crystalgen.report.svg import INK, MUTED, PAPER, SERIES, colour_scale, themed_svg
from aiida_crystalgen.report.triangle import CORNERS, draw_triangle, in_triangle

__all__ = ('compositions_plot', 'rank_plot', 'ranking_figures')

_WIDTH = 7.0  # inches; the page scales it to its columns
_MOST_POINTS = 500  # formulas and known candidates with a text each
_MOST_BARS = 25
_NUMBERED = 10  # formulas whose rank or name is written beside them
_LIKELIHOOD = 'Log-likelihood ln L'
_KNOWN, _OTHER = 'known composition', 'other composition'
_COLOURS = {_KNOWN: SERIES[1], _OTHER: SERIES[0]}


def ranking_figures(ranking: CompoundRanking, number: int) -> dict[str, str]:
    """Return the figures that there are data for.

    :param number: of the ranking in the report, which tells its figures from those of others.
    """
    name = f'figure-ranking-{number}'
    drawn = {'ranks': rank_plot(ranking, f'{name}-ranks')}
    if len(ranking.best) > 1:
        drawn['compositions'] = compositions_plot(ranking, f'{name}-compositions')
    if ranking.element_map is not None:
        drawn['elements'] = element_plot(ranking.element_map, f'{name}-elements')
    if ranking.confusion is not None:
        drawn['confusion'] = confusion_plot(ranking.confusion, f'{name}-confusion')
    return drawn


def compositions_plot(ranking: CompoundRanking, name: str) -> str:
    """Return the best likelihood of each formula over the composition.

    Of three elements it is a triangle, of two a line; other formulas are listed.

    :param name: of the figure.
    """
    drawings = {2: _draw_line, 3: _draw_triangle}
    draw = drawings.get(len(ranking.system), _draw_bars)
    rows = ranking.best
    description = (
        f'Log-likelihood of the best candidate of {len(rows)} formulas, '
        f'{int(ranking.known[rows].sum())} of them known; the first is {ranking.formulas[0]}.'
    )
    bars = min(len(rows), _MOST_BARS)
    size = (_WIDTH, 1.1 + 0.24 * bars if draw is _draw_bars else 5.2)
    return themed_svg(name, description, size=size, draw=lambda figure: draw(figure, ranking))


def rank_plot(ranking: CompoundRanking, name: str) -> str:
    """Return likelihoods, and energies above the hull where there are any, against the rank.

    :param name: of the figure.
    """
    relaxed = np.isfinite(ranking.above_hull)

    def draw(figure: Figure) -> dict[str, Sequence[str]]:
        panels = figure.subplots(1 + relaxed.any(), 1, sharex=True, squeeze=False)[:, 0]
        titles = _draw_likelihoods(panels[0], ranking)
        if relaxed.any():
            titles |= _draw_energies(panels[1], ranking, relaxed)
        panels[-1].set_xlabel('Rank')
        figure.legend(handles=_legend(), loc='outside upper left', ncols=2)
        return titles

    description = (
        f'Log-likelihood of {len(ranking)} candidates against their rank, '
        f'{int(ranking.known.sum())} of them of known composition; {int(relaxed.sum())} have an '
        'energy above the hull.'
    )
    size = (_WIDTH, 5.2 if relaxed.any() else 3.6)
    return themed_svg(name, description, size=size, draw=draw)


def _draw_triangle(figure: Figure, ranking: CompoundRanking) -> dict[str, Sequence[str]]:
    """Draw the formulas of three elements in the colours of their likelihoods."""
    axes = figure.subplots()
    rows = ranking.best[:_MOST_POINTS]
    places = in_triangle(ranking.fractions[:, ranking.system])
    for first, second in combinations(CORNERS, 2):
        axes.plot(*np.stack([first, second]).T, color=MUTED, lw=0.9, zorder=1)
    titles: dict[str, Sequence[str]] = {}
    for kind, marker, mine in _kinds(ranking, rows):
        across, up = places[mine].T
        drawn = axes.scatter(
            across,
            up,
            c=ranking.log_likelihoods[mine],
            cmap=colour_scale(),
            vmin=float(ranking.log_likelihoods[rows].min()),
            vmax=float(ranking.log_likelihoods[rows].max()),
            s=42,
            marker=marker,
            edgecolors=INK,
            linewidths=0.7,
            zorder=2,
            clip_on=False,
            label=kind,
            gid=_gid(kind),
        )
        titles[_gid(kind)] = [ranking.describe(row) for row in mine]
    texts = [str(rank) for rank in range(1, _NUMBERED + 1)]
    _annotate(axes, places[rows[:_NUMBERED]], texts)
    figure.colorbar(drawn, label=_LIKELIHOOD, shrink=0.8).outline.set_visible(False)
    draw_triangle(axes, [ranking.elements[column] for column in ranking.system])
    figure.legend(loc='outside upper left', ncols=2)
    return titles


def _draw_line(figure: Figure, ranking: CompoundRanking) -> dict[str, Sequence[str]]:
    """Draw the formulas of two elements over the fraction of the second."""
    axes = figure.subplots()
    rows = ranking.best[:_MOST_POINTS]
    first, second = ranking.system
    places = np.stack([ranking.fractions[:, second], ranking.log_likelihoods], axis=1)
    titles: dict[str, Sequence[str]] = {}
    for kind, marker, mine in _kinds(ranking, rows):
        _scatter(axes, places[mine], kind, marker, _gid(kind))
        titles[_gid(kind)] = [ranking.describe(row) for row in mine]
    _annotate(axes, places[rows[:_NUMBERED]], [ranking.formulas[row] for row in rows])
    axes.set_xlim(0.0, 1.0)
    axes.set_xlabel(
        f'Fraction of {ranking.elements[second]} in '
        f'{ranking.elements[first]}–{ranking.elements[second]}'
    )
    _finish(axes, _LIKELIHOOD)
    figure.legend(handles=_legend(), loc='outside upper left', ncols=2)
    return titles


def _draw_bars(figure: Figure, ranking: CompoundRanking) -> dict[str, Sequence[str]]:
    """Draw a bar for each of the first formulas, longer ones more likely."""
    axes = figure.subplots()
    rows = ranking.best[:_MOST_BARS]
    values = ranking.log_likelihoods[rows]
    margin = 0.1 * max(float(np.ptp(values)), 0.1)
    start = float(values.min()) - margin
    bars = [
        [(start, place - 0.33), (value, place - 0.33), (value, place + 0.33), (start, place + 0.33)]
        for place, value in enumerate(values.tolist())
    ]
    colours = [_COLOURS[_KNOWN if ranking.known[row] else _OTHER] for row in rows]
    axes.add_collection(PolyCollection(bars, facecolors=colours, linewidths=0, gid='bars'))
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.set_xlim(start, float(values.max()) + margin)
    axes.set_yticks(range(len(rows)), [ranking.formulas[row] for row in rows])
    axes.tick_params(axis='y', length=0, labelcolor=INK)
    axes.set_xlabel(_LIKELIHOOD)
    axes.grid(axis='x')
    axes.set_axisbelow(True)
    figure.legend(handles=_legend(), loc='outside upper left', ncols=2)
    return {'bars': [ranking.describe(row) for row in rows]}


def _draw_likelihoods(axes: Axes, ranking: CompoundRanking) -> dict[str, Sequence[str]]:
    """Draw the likelihoods as one line, and those of known compositions as points on it."""
    ranks = np.arange(1, len(ranking) + 1)
    values = ranking.log_likelihoods
    marker = '.' if len(ranking) <= _MOST_POINTS else ''
    axes.plot(ranks, values, color=_COLOURS[_OTHER], lw=1.4, marker=marker, ms=4)
    known = np.flatnonzero(ranking.known)[:_MOST_POINTS]
    places = np.stack([ranks, values], axis=1)[known]
    _scatter(axes, places, _KNOWN, 'D', 'likelihoods-known')
    _finish(axes, _LIKELIHOOD)
    return {'likelihoods-known': [ranking.describe(row) for row in known]}


def _draw_energies(
    axes: Axes, ranking: CompoundRanking, relaxed: Bool[np.ndarray, ' candidates']
) -> dict[str, Sequence[str]]:
    """Draw the energies above the hull of the candidates that were relaxed."""
    titles: dict[str, Sequence[str]] = {}
    axes.axhline(0.0, color=MUTED, lw=0.7, zorder=0)
    rows = np.flatnonzero(relaxed)[:_MOST_POINTS]
    places = np.stack([np.arange(1, len(ranking) + 1), ranking.above_hull], axis=1)
    for kind, marker, mine in _kinds(ranking, rows):
        gid = f'energies-{_gid(kind)}'
        _scatter(axes, places[mine], kind, marker, gid)
        titles[gid] = [ranking.describe(row) for row in mine]
    _finish(axes, 'Energy above hull (eV/atom)')
    return titles


def _kinds(
    ranking: CompoundRanking, rows: Int[np.ndarray, ' rows']
) -> list[tuple[str, str, Int[np.ndarray, ' rows']]]:
    """Return name, marker and rows of other and of known compositions, the most likely last."""
    known = ranking.known[rows]
    return [(_OTHER, 'o', rows[~known][::-1]), (_KNOWN, 'D', rows[known][::-1])]


def _scatter(
    axes: Axes, places: Float[np.ndarray, 'points 2'], kind: str, marker: str, gid: str
) -> PathCollection:
    """Return points in the colour of their kind."""
    across, up = places.T
    return axes.scatter(
        across,
        up,
        s=26,
        marker=marker,
        color=_COLOURS[kind],
        edgecolors=PAPER,
        linewidths=0.5,
        zorder=3,
        clip_on=False,
        gid=gid,
    )


def _annotate(axes: Axes, places: Float[np.ndarray, 'points 2'], texts: Sequence[str]) -> None:
    """Write short texts beside points."""
    for place, text in zip(places, texts, strict=False):
        axes.annotate(
            text, place, (5, 4), textcoords='offset points', color=INK, fontsize='small', zorder=4
        )


def _legend() -> list[Line2D]:
    """Return what the colours mean."""
    markers = {_OTHER: 'o', _KNOWN: 'D'}
    return [
        Line2D([], [], color=_COLOURS[kind], marker=marker, ls='', label=kind)
        for kind, marker in markers.items()
    ]


def _finish(axes: Axes, label: str) -> None:
    """Name the upright axis, with a grid behind the points."""
    axes.set_ylabel(label)
    axes.grid(axis='y')
    axes.set_axisbelow(True)


def _gid(kind: str) -> str:
    """Return what the group of points is called in the SVG."""
    return kind.replace(' ', '-')
