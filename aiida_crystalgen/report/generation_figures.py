"""The figures of how proposals came about, as SVG elements."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Int
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from aiida_crystalgen.report.drawing import element_style
from aiida_crystalgen.report.generation import DenoisingFilm, SpaceGroupCounts
from aiida_crystalgen.report.structure_plot import draw_atoms
from aiida_crystalgen.report.svg import INK, MUTED, SERIES, themed_svg
from aiida_crystalgen.science.structures import formulas
from aiida_crystalgen.science.symmetry.analysis import space_group_symbol

__all__ = ('denoising_strip', 'space_group_bars')

_WIDTH = 7.0  # inches; the page scales it to its columns
_MOST_GROUPS = 20
_OTHERS = 'others'


def space_group_bars(counts: SpaceGroupCounts, name: str) -> str:
    """Return how often groups were asked for and found, beside how often known crystals have them.

    :param name: of the figure.
    """
    groups = counts.most_frequent(_MOST_GROUPS)
    shares = {'asked for': counts.requested, 'found': counts.found}
    if counts.known is not None:
        shares['training set'] = counts.known
    labels = [f'{space_group_symbol(int(group))} ({group})' for group in groups] + [_OTHERS]
    thickness = 0.8 / len(shares)

    def draw(figure: Figure) -> dict[str, Sequence[str]]:
        axes = figure.subplots()
        rows = np.arange(len(labels))
        for place, (label, numbers) in enumerate(shares.items()):
            offset = (place - (len(shares) - 1) / 2) * thickness
            values = 100 * _shares(numbers, groups)
            axes.barh(rows + offset, values, height=thickness, color=SERIES[place], label=label)
        axes.set_yticks(rows, labels)
        axes.tick_params(axis='y', length=0, labelcolor=INK)
        axes.set_ylim(len(labels) - 0.4, -0.6)
        axes.set_xlabel('Share of the crystals (%)')
        axes.grid(axis='x')
        axes.set_axisbelow(True)
        figure.legend(loc='outside upper left', ncols=len(shares))
        return {}

    description = (
        f'Space groups of {counts.number} proposals: {counts.equal} have the one asked for, '
        f'{counts.kept} that or a supergroup.'
    )
    size = (_WIDTH, 1.2 + 0.36 * len(labels))
    return themed_svg(name, description, size=size, draw=draw)


def _shares(
    numbers: Int[np.ndarray, ' numbers'], groups: Int[np.ndarray, ' groups']
) -> Float[np.ndarray, ' shown']:
    """Return the shares of these groups and of all others."""
    shares = numbers / max(int(numbers.sum()), 1)
    return np.append(shares[groups], max(0.0, shares.sum() - shares[groups].sum()))


def denoising_strip(film: DenoisingFilm, name: str) -> str:
    """Return small pictures of a crystal with less and less noise, all on one scale.

    :param name: of the figure.
    """
    frames, number = film.frames, len(film.frames)
    formula = formulas(frames.select([number - 1]))[0]

    def draw(figure: Figure) -> dict[str, Sequence[str]]:
        row = figure.subplots(1, number, squeeze=False)[0]
        for frame, axes in enumerate(row):
            draw_atoms(axes, frames.select([frame]).without_columns(), small=True)
            noise = film.deviations[frame]
            axes.set_title(f'σ {noise:.2f} Å' if noise else formula, fontsize='small')
        _share_limits(row)
        _name_elements(figure, frames.atomic_numbers)
        return {}

    description = (
        f'{film.label}, {formula}: {number} pictures on the way from noise with a standard '
        f'deviation of {film.deviations[0]:.2f} Å.'
    )
    return themed_svg(name, description, size=(1.45 * number, 2.3), draw=draw)


def _share_limits(row: Sequence[Axes]) -> None:
    """Show as much of each picture, around its middle, as the largest one takes."""
    extents = 1.04 * np.array([np.abs(axes.dataLim.get_points()).max(axis=0) for axes in row])
    for axes, (across, up) in zip(
        row, np.broadcast_to(extents.max(axis=0), extents.shape), strict=True
    ):
        axes.set_xlim(-across, across)
        axes.set_ylim(-up, up)
        axes.set_aspect('equal')
        axes.set_axis_off()


def _name_elements(figure: Figure, numbers: Int[np.ndarray, ' atoms']) -> None:
    """Write which colour is which element below the pictures."""
    styles = [element_style(int(number)) for number in np.unique(numbers)]
    for style in styles:
        colour = np.array(style['colour']) / 255
        figure.axes[0].scatter(
            [], [], color=colour, edgecolors=MUTED, linewidths=0.5, label=style['symbol']
        )
    figure.legend(loc='outside lower center', ncols=len(styles))
