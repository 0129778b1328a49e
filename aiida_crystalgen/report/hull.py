"""The convex hull of two or three elements as an SVG element."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float
from matplotlib.figure import Figure

from aiida_crystalgen.report.svg import INK, MUTED, PAPER, SERIES, colour_scale, themed_svg
from aiida_crystalgen.report.triangle import draw_triangle, in_triangle
from aiida_crystalgen.science.engines import is_emulated
from aiida_crystalgen.science.stability.diagram import HullDiagram, HullPoints

__all__ = ('draw_hull', 'hull_plot')

_WIDTH = 7.0  # inches; the page scales it to its columns
_ON_HULL = 1e-6  # eV/atom


def hull_plot(diagram: HullDiagram) -> str:
    """Return the hull of two elements over the composition, or that of three in a triangle.

    :raises ValueError: if there are other numbers of elements.
    """

    def draw(figure: Figure) -> Mapping[str, Sequence[str]]:
        return draw_hull(figure, diagram)

    new = int((diagram.phases.above_hull < -_ON_HULL).sum())
    description = (
        f'Convex hull of {"-".join(diagram.elements)} by {diagram.engine["name"]}'
        f'{" (emulated)" if is_emulated(diagram.engine) else ""}: '
        f'{len(diagram.references.labels)} known crystals, {len(diagram.phases.labels)} phases, '
        f'{new} of these below the hull.'
    )
    return themed_svg('figure-hull', description, size=(_WIDTH, 4.8), draw=draw)


def draw_hull(
    figure: Figure, diagram: HullDiagram, named: Sequence[str] = ()
) -> Mapping[str, Sequence[str]]:
    """Draw the hull, and return what is said of the points of each group.

    :param named: labels of phases that are written beside their points.
    :raises ValueError: if there are other than two or three elements.
    """
    plots = {2: _draw_binary, 3: _draw_ternary}
    if len(diagram.elements) not in plots:
        raise ValueError(
            f'the hull of {"-".join(diagram.elements)} cannot be drawn; only those of two or three '
            'elements can'
        )
    titles = plots[len(diagram.elements)](figure, diagram)
    for row, label in enumerate(diagram.phases.labels):
        if label in named:
            place = _places(diagram)[row]
            figure.axes[0].annotate(
                label, place, (7, 5), textcoords='offset points', color=INK, weight='bold'
            )
    if is_emulated(diagram.engine):
        figure.suptitle(f'EMULATED energies: {diagram.engine["name"]}', color=SERIES[1])
    figure.legend(loc='outside lower center', ncols=3)
    return titles


def _places(diagram: HullDiagram) -> Float[np.ndarray, 'phases 2']:
    """Return where the phases are drawn."""
    phases = diagram.phases
    if len(diagram.elements) == 3:
        return in_triangle(phases.fractions)
    return np.stack([phases.fractions[:, 1], phases.formation_energies], axis=1)


def _draw_binary(figure: Figure, diagram: HullDiagram) -> dict[str, Sequence[str]]:
    """Draw formation energies over the fraction of the second element."""
    axes = figure.subplots()
    known, phases = diagram.references, diagram.phases
    for line in diagram.tie_lines:
        ends = known.fractions[line, 1], known.formation_energies[line]
        axes.plot(*ends, color=SERIES[1], lw=1.2, zorder=1)
    axes.axhline(0.0, color=MUTED, lw=0.7, zorder=0)
    titles: dict[str, Sequence[str]] = {}
    for gid, points, marker, colour in (
        ('known crystals', known, 'o', SERIES[1]),
        ('phases', phases, 'D', SERIES[0]),
    ):
        stable = points.above_hull <= _ON_HULL
        axes.scatter(
            points.fractions[:, 1],
            points.formation_energies,
            s=26,
            marker=marker,
            facecolors=[colour if one else PAPER for one in stable],
            edgecolors=colour,
            linewidths=1.1,
            zorder=2,
            clip_on=False,
            label=gid,
            gid=gid.replace(' ', '-'),
        )
        titles[gid.replace(' ', '-')] = _titles(points)
    first, second = diagram.elements
    axes.set_xlim(0.0, 1.0)
    axes.set_xlabel(f'Fraction of {second} in {first}–{second}')
    axes.set_ylabel('Formation energy (eV/atom)')
    axes.grid(axis='y')
    axes.set_axisbelow(True)
    return titles


def _draw_ternary(figure: Figure, diagram: HullDiagram) -> dict[str, Sequence[str]]:
    """Draw the hull from below, points in the colours of their energies above it."""
    axes = figure.subplots()
    known, phases = diagram.references, diagram.phases
    places = in_triangle(known.fractions)
    for line in diagram.tie_lines:
        axes.plot(*places[line].T, color=MUTED, lw=0.9, zorder=1)
    heights = np.nan_to_num(np.concatenate([known.above_hull, phases.above_hull]))
    lowest = min(0.0, heights.min())  # phases below the hull of the known crystals
    highest = max(0.0, heights.max())
    titles: dict[str, Sequence[str]] = {}
    for gid, points, marker in (('known crystals', known, 'o'), ('phases', phases, 'D')):
        order = np.argsort(-points.above_hull, kind='stable')  # the lowest on top
        across, up = in_triangle(points.fractions)[order].T
        drawn = axes.scatter(
            across,
            up,
            c=points.above_hull[order],
            cmap=colour_scale(),
            vmin=lowest,
            vmax=highest if highest > lowest else 1.0,
            s=34,
            marker=marker,
            edgecolors=INK,
            linewidths=0.7,
            plotnonfinite=True,
            zorder=2,
            clip_on=False,
            label=gid,
            gid=gid.replace(' ', '-'),
        )
        titles[gid.replace(' ', '-')] = [_titles(points)[row] for row in order]
    figure.colorbar(drawn, label='Energy above hull (eV/atom)').outline.set_visible(False)
    draw_triangle(axes, diagram.elements)
    return titles


def _titles(points: HullPoints) -> list[str]:
    """Return what to say of each point."""
    return [
        f'{label}, {formula}, {above:+.3f} eV/atom from the hull'
        for label, formula, above in zip(
            points.labels, points.formulas, points.above_hull, strict=True
        )
    ]
