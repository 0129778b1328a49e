"""The figures of a report as SVG elements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection
from matplotlib.figure import Figure

from aiida_crystalgen.report.contents import (
    EnergyGroup,
    LatentMap,
    LatentPoints,
    RdfComparison,
    Stage,
    TrainingCurves,
)
from aiida_crystalgen.report.svg import INK, MUTED, SERIES, colour_scale, themed_svg

__all__ = ('energy_levels', 'latent_map', 'loss_curves', 'rdf_comparisons', 'yield_funnel')

_WIDTH = 7.0  # inches; the page scales it to its columns
_CURVES = {
    'total': 'Total loss',
    'divergence': 'Kullback–Leibler',
    'error': 'Share of wrong elements',
    'sigmoid': 'Likelihoods',
    'softmax': 'Classifier',
    'positions': 'Noise of the positions',
    'cells': 'Noise of the cells',
}


def yield_funnel(stages: Sequence[Stage]) -> str:
    """Return bars with the number of crystals left after each stage, by generator."""
    generators = list(dict.fromkeys(name for stage in stages for name in stage.counts))
    rows = np.arange(len(stages))

    def draw(figure: Figure) -> dict[str, list[str]]:
        axes = figure.subplots()
        left = np.zeros(len(stages))
        for generator, colour in zip(generators, _colours(len(generators)), strict=True):
            counts = np.array([stage.counts.get(generator, 0) for stage in stages])
            axes.barh(rows, counts, left=left, height=0.62, color=colour, label=generator)
            left += counts
        for row, text in enumerate(_stage_texts(stages)):
            axes.annotate(
                text, (left[row], row), (5, 0), textcoords='offset points', va='center', color=INK
            )
        axes.set_yticks(rows, [stage.name for stage in stages])
        axes.tick_params(axis='y', length=0, labelcolor=INK)
        axes.set_xlim(0, max(left.max(), 1) * 1.2)
        axes.set_xlabel('Number left')
        axes.invert_yaxis()
        axes.spines['left'].set_visible(False)
        if len(generators) > 1:
            axes.legend(loc='lower right')
        return {}

    description = ', '.join(f'{stage.name} {stage.total}' for stage in stages)
    size = (_WIDTH, 0.9 + 0.5 * len(stages))
    return themed_svg('figure-yield', f'Yield: {description}.', size=size, draw=draw)


def _stage_texts(stages: Sequence[Stage]) -> list[str]:
    """Return for each stage its count and what share of the stage before is left."""
    texts = [f'{stages[0].total:,}'.replace(',', ' ')]
    for before, stage in pairwise(stages):
        share = f'  ({stage.total / before.total:.1%})' if before.total else ''
        texts.append(f'{stage.total:,}'.replace(',', ' ') + share)
    return texts


def loss_curves(curves: TrainingCurves) -> str:
    """Return the main curve of a training and the others against the epoch."""

    def draw(figure: Figure) -> dict[str, list[str]]:
        others = [name for name in curves.training if name != curves.main]
        layout: list[Any] = [[curves.main, name] for name in others] or [[curves.main]]
        ratios = (3, 2) if others else (1,)
        for name, axes in figure.subplot_mosaic(layout, width_ratios=ratios).items():
            axes.plot(curves.epochs, curves.training[name], color=SERIES[0], label='training')
            if curves.validation is not None:
                values = curves.validation[name]
                axes.plot(curves.epochs, values, '--', color=SERIES[1], label='validation')
            axes.set_title(_CURVES.get(name, name.capitalize()))
            axes.set_xlabel('Epoch')
            axes.grid(axis='y')
        figure.axes[0].legend()
        return {}

    description = (
        f'{_CURVES.get(curves.main, curves.main.capitalize())} over {len(curves.epochs)} epochs; '
        f'the last value in training is {curves.training[curves.main][-1]:.4g}.'
    )
    return themed_svg('figure-losses', description, size=(_WIDTH, 4.6), draw=draw)


def latent_map(latent: LatentMap) -> str:
    """Return where a model puts its training crystals, coloured by energy (Fig. 4)."""

    def draw(figure: Figure) -> dict[str, Sequence[str]]:
        axes = figure.subplots()
        groups = [latent.training, *([latent.phases] if latent.phases else [])]
        energies = np.concatenate([group.energies for group in groups])
        known = energies[np.isfinite(energies)]
        highest = known.max(initial=0.0) or 1.0
        if latent.replicas is not None:
            first, second = latent.replicas.T
            axes.plot(
                first, second, '+', color=MUTED, alpha=0.55, ms=3.5, label='drawn by the model'
            )
        training = _latent_points(axes, latent.training, highest, 'o', 'training set')
        titles: dict[str, Sequence[str]] = {str(training.get_gid()): _point_titles(latent.training)}
        if latent.phases is not None:
            phases = _latent_points(axes, latent.phases, highest, 'D', 'phases')
            titles[str(phases.get_gid())] = _point_titles(latent.phases)
        if len(known):
            bar = figure.colorbar(training, label='Energy above lowest (eV/atom)')
            bar.outline.set_visible(False)
        axes.set_xlabel(latent.axes[0])
        axes.set_ylabel(latent.axes[1])
        figure.legend(loc='outside upper left', ncols=3)
        return titles

    description = f'Latent map of {len(latent.training.labels)} structures of the training set.'
    return themed_svg('figure-latent', description, size=(_WIDTH, 4.6), draw=draw)


def _latent_points(
    axes: Axes, points: LatentPoints, highest: float, marker: str, label: str
) -> PathCollection:
    """Return the points drawn in the colours of their energies, on a scale up to ``highest``."""
    first, second = points.coordinates.T
    return axes.scatter(
        first,
        second,
        c=points.energies,
        cmap=colour_scale(),
        vmin=0.0,
        vmax=highest,
        s=40,
        marker=marker,
        edgecolors=INK,
        linewidths=0.7,
        plotnonfinite=True,
        clip_on=False,
        label=label,
        gid=label.replace(' ', '-'),
    )


def _point_titles(points: LatentPoints) -> list[str]:
    """Return for each point its label and energy."""
    return [
        f'{label}, {energy:.3f} eV/atom' if np.isfinite(energy) else label
        for label, energy in zip(points.labels, points.energies, strict=True)
    ]


def rdf_comparisons(comparisons: Sequence[RdfComparison]) -> str:
    """Return each phase's radial distribution with its nearest known crystal's (Fig. 5)."""
    columns = min(3, len(comparisons))
    rows = -(-len(comparisons) // columns)

    def draw(figure: Figure) -> dict[str, list[str]]:
        grid = figure.subplots(rows, columns, sharex=True, squeeze=False)
        for axes, comparison in zip(grid.flat, comparisons, strict=False):
            _draw_comparison(axes, comparison)
        for axes in grid.flat[len(comparisons) :]:
            axes.remove()
        for column in range(columns):
            below = max(row for row in range(rows) if row * columns + column < len(comparisons))
            grid[below, column].set_xlabel('r (Å)')
            grid[below, column].tick_params(labelbottom=True)
        for axes in grid[:, 0]:
            axes.set_ylabel('n(r)')
        named: dict[str, Any] = {}
        for axes in figure.axes:
            handles, labels = axes.get_legend_handles_labels()
            named |= dict(zip(labels, handles, strict=True))
        figure.legend(list(named.values()), list(named), loc='outside upper left', ncols=3)
        return {}

    description = '; '.join(
        f'{one.phase} and {one.reference}: Pearson distance {one.distance:.3f}'
        for one in comparisons
    )
    size = (0.5 + 4.4 * columns, 0.6 + 2.3 * rows)
    return themed_svg('figure-rdf', f'{description}.', size=size, draw=draw)


def _draw_comparison(axes: Axes, comparison: RdfComparison) -> None:
    """Draw the curves of one phase."""
    radii = comparison.radii
    axes.fill_between(radii, comparison.of_reference, color=SERIES[1], alpha=0.22, linewidth=0)
    axes.plot(radii, comparison.of_reference, color=SERIES[1], lw=1.1, label='nearest known')
    if comparison.of_candidate is not None:
        before = 'candidate before relaxation'
        axes.plot(radii, comparison.of_candidate, ':', color=SERIES[2], lw=1.3, label=before)
    axes.plot(radii, comparison.of_phase, color=SERIES[0], lw=1.4, label='phase')
    distance = f'Pearson {comparison.distance:.3f}'
    if comparison.candidate_distance is not None:
        distance += f', before {comparison.candidate_distance:.3f}'
    axes.set_title(f'{comparison.phase} – {comparison.reference}\n{distance}')
    axes.set_xlim(float(radii[0]), float(radii[-1]))
    axes.set_ylim(bottom=0)


def energy_levels(references: EnergyGroup | None, groups: Sequence[EnergyGroup]) -> str:
    """Return the energies of known crystals and of each group of candidates (Fig. 6).

    Beside them stands how many crystals of each group lie below an energy.
    """
    shown = [*([references] if references else []), *groups]
    colours = [*([SERIES[1]] if references else []), *_colours(len(groups), skip=SERIES[1])]

    def draw(figure: Figure) -> dict[str, Sequence[str]]:
        levels, numbers = figure.subplots(1, 2, sharey=True, width_ratios=(3, 2))
        titles: dict[str, Sequence[str]] = {}
        for column, (group, colour) in enumerate(zip(shown, colours, strict=True)):
            energies = np.sort(group.energies[np.isfinite(group.energies)])
            if group.labels:
                titles |= _draw_labelled(levels, group, column, colour)
            else:
                _draw_dots(levels, energies, column, colour)
            counts = np.repeat(np.arange(len(energies) + 1), 2)[1:-1]
            numbers.plot(counts, np.repeat(energies, 2), color=colour)
        names = [f'{group.name}\n{np.isfinite(group.energies).sum()}' for group in shown]
        levels.set_xticks(range(len(shown)), [name.replace(' ', '\n', 1) for name in names])
        levels.tick_params(axis='x', length=0, labelcolor=INK)
        levels.set_xlim(-0.6, len(shown) - 0.4)
        levels.set_ylabel('Energy above lowest (eV/atom)')
        numbers.set_xlabel('Number below this energy')
        for axes in (levels, numbers):
            axes.grid(axis='y')
            axes.set_axisbelow(True)
        return titles

    description = ', '.join(f'{group.name}: {len(group.energies)}' for group in shown)
    return themed_svg('figure-energies', f'{description}.', size=(_WIDTH, 4.4), draw=draw)


def _draw_dots(
    axes: Axes, energies: Float[np.ndarray, ' crystals'], column: int, colour: str
) -> None:
    """Draw one dot per energy as a single path, which keeps thousands of them small."""
    across = column + _spread(len(energies))
    ends = np.stack([across, across + 1e-3, np.full(len(energies), np.nan)], axis=1)
    heights = np.repeat(energies, 3)
    axes.plot(ends.ravel(), heights, color=colour, lw=3.4, alpha=0.7, solid_capstyle='round')


def _draw_labelled(
    axes: Axes, group: EnergyGroup, column: int, colour: str
) -> Mapping[str, Sequence[str]]:
    """Draw a dot per energy and return what each is called."""
    rows = np.flatnonzero(np.isfinite(group.energies))
    rows = rows[np.argsort(group.energies[rows], kind='stable')]
    gid = f'levels-{column}'
    across, energies = column + _spread(len(rows)), group.energies[rows]
    axes.scatter(across, energies, s=16, color=colour, linewidths=0, gid=gid, clip_on=False)
    return {gid: [f'{group.labels[row]}, {group.energies[row]:.3f} eV/atom' for row in rows]}


def _spread(number: int) -> Float[np.ndarray, ' crystals']:
    """Return offsets that keep neighbours in a column apart, the same ones every time."""
    return (np.arange(number) * (np.sqrt(5) - 1) / 2 % 1.0 - 0.5) * 0.62


def _colours(number: int, skip: str = '') -> list[str]:
    """Return this many colours of the palette, in a circle where there are more."""
    palette = [colour for colour in SERIES if colour != skip]
    return [palette[index % len(palette)] for index in range(number)]
