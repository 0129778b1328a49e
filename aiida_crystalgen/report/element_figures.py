"""What a model knows of elements, as SVG elements of a page."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from ase.data import atomic_numbers
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.colors import BoundaryNorm, ListedColormap, to_rgb
from matplotlib.figure import Figure

from aiida_crystalgen.report.ranking import ElementConfusion, ElementMap
from aiida_crystalgen.report.svg import INK, MUTED, SERIES, themed_svg

__all__ = ('confusion_plot', 'element_plot')

_WIDTH = 7.0  # inches; the page scales it to its columns
_CELL = 0.125  # inches, of a confusion matrix
_SHARES = (1, 2, 5, 10, 20, 40, 60, 100)  # %; mistakes are few, and small ones are to be seen
_STRENGTHS = np.linspace(0.12, 1.0, len(_SHARES) - 1)
_BLOCKS = dict(zip('spdf', (SERIES[1], SERIES[2], SERIES[0], SERIES[3]), strict=True))
_PERIOD_ENDS = (2, 10, 18, 36, 54, 86)  # atomic numbers of the noble gases


def element_plot(elements: ElementMap, name: str) -> str:
    """Return where a model puts the elements, in the colours of the blocks of the periodic table.

    :param name: of the figure.
    """

    def draw(figure: Figure) -> dict[str, Sequence[str]]:
        axes = figure.subplots()
        blocks = np.array(elements.blocks)
        titles: dict[str, Sequence[str]] = {}
        for block, colour in _BLOCKS.items():
            rows = np.flatnonzero(blocks == block)
            gid = f'block-{block}'
            across, up = elements.coordinates[rows].T
            axes.scatter(
                across,
                up,
                s=190,
                color=colour,
                alpha=0.22,
                linewidths=0,
                clip_on=False,
                label=f'{block} block',
                gid=gid,
            )
            titles[gid] = [f'{elements.symbols[row]}, {block} block' for row in rows]
            for row in rows:
                axes.annotate(
                    elements.symbols[row],
                    elements.coordinates[row],
                    ha='center',
                    va='center',
                    color=colour,
                    weight='bold',
                )
        axes.set_axis_off()
        figure.legend(loc='outside upper left', ncols=4, markerscale=0.6)
        return titles

    description = f'Map of {len(elements.symbols)} elements, like ones near each other.'
    return themed_svg(name, description, size=(_WIDTH, 5.2), draw=draw)


def confusion_plot(confusion: ElementConfusion, name: str) -> str:
    """Return which element is taken for which, as shares of the sites of each.

    :param name: of the figure.
    """
    tested = confusion.tested
    counts = confusion.counts[np.ix_(tested, tested)]
    sites = confusion.counts[tested].sum(axis=1)
    symbols = [confusion.symbols[row] for row in tested]

    def draw(figure: Figure) -> dict[str, Sequence[str]]:
        axes = figure.subplots()
        shares = 100 * counts / sites[:, None]
        cells = np.argwhere(shares >= _SHARES[0])
        drawn = _draw_cells(axes, cells, shares[tuple(cells.T)])
        _name_elements(axes, symbols, sites.tolist())
        bar = figure.colorbar(drawn, ax=axes, label='Share of sites (%)', shrink=0.5, pad=0.01)
        bar.outline.set_visible(False)
        return {
            'cells': [
                f'{symbols[row]} taken for {symbols[column]}: {counts[row, column]} of '
                f'{sites[row]} sites, {shares[row, column]:.1f} %'
                for row, column in cells
            ]
        }

    description = (
        f'Confusion of {len(symbols)} elements on {int(sites.sum())} sites; '
        f'{confusion.error:.0%} are taken for another element.'
    )
    side = _CELL * len(symbols)
    return themed_svg(name, description, size=(side + 1.9, side + 1.0), draw=draw)


def _draw_cells(
    axes: Axes, cells: np.ndarray, shares: Float[np.ndarray, ' cells']
) -> PolyCollection:
    """Return a square for each cell, the stronger the larger its share."""
    corners = np.array([(-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5)])
    colour = to_rgb(SERIES[0])
    drawn = PolyCollection(
        cells[:, None, ::-1] + corners,
        array=shares,
        cmap=ListedColormap([(*colour, strength) for strength in _STRENGTHS]),
        norm=BoundaryNorm(_SHARES, len(_STRENGTHS)),
        linewidths=0,
        clip_on=False,
        gid='cells',
    )
    axes.add_collection(drawn)
    return drawn


def _name_elements(axes: Axes, symbols: Sequence[str], sites: Sequence[int]) -> None:
    """Write the elements and their numbers of sites at the axes; lines end periods."""
    number = len(symbols)
    for end in np.searchsorted([atomic_numbers[one] for one in symbols], _PERIOD_ENDS, 'right'):
        axes.axhline(end - 0.5, color=MUTED, lw=0.4)
        axes.axvline(end - 0.5, color=MUTED, lw=0.4)
    axes.set_xlim(-0.5, number - 0.5)
    axes.set_ylim(number - 0.5, -0.5)
    axes.set_aspect('equal')
    axes.set_xticks(range(number), symbols, rotation=90)
    rows = [f'{symbol}  {count}' for symbol, count in zip(symbols, sites, strict=True)]
    axes.set_yticks(range(number), rows)
    axes.tick_params(length=0, labelsize=6.5, labelcolor=INK, pad=2)
    axes.set_xlabel('Element that the model names')
    axes.set_ylabel('Element of the site, with the number of sites')
    axes.spines[:].set_visible(False)
