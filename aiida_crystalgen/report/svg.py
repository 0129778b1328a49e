"""Matplotlib figures as SVG that takes its colours and fonts from the page around it."""

from __future__ import annotations

import html
import io
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.colors import Colormap, ListedColormap
from matplotlib.figure import Figure

__all__ = ('INK', 'MUTED', 'PAPER', 'SERIES', 'colour_scale', 'page_style', 'themed_svg')

INK, MUTED, RULE, PAPER = '#1b1f24', '#5b6470', '#d7dce2', '#fefefe'
SERIES = ('#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9')
"""Colours that colour-blind readers can tell apart: Okabe and Ito, Color Universal Design, 2008."""

_VARIABLES = {
    INK: 'var(--ink)',
    MUTED: 'var(--muted)',
    RULE: 'var(--rule)',
    PAPER: 'var(--card)',
    **{colour: f'var(--series-{number})' for number, colour in enumerate(SERIES, start=1)},
}
_STYLE: dict[Any, Any] = {
    'axes.edgecolor': MUTED,
    'axes.facecolor': 'none',
    'axes.labelcolor': INK,
    'axes.spines.right': False,
    'axes.spines.top': False,
    'axes.titlecolor': INK,
    'axes.titlesize': 'medium',
    'figure.facecolor': 'none',
    'font.size': 9.5,
    'grid.color': RULE,
    'grid.linewidth': 0.7,
    'legend.frameon': False,
    'lines.linewidth': 1.7,
    'path.simplify': False,
    'svg.fonttype': 'none',
    'text.color': INK,
    'text.parse_math': False,
    'xtick.color': MUTED,
    'ytick.color': MUTED,
}

Titles = Mapping[str, Sequence[str]]


def colour_scale() -> Colormap:
    """Return colours for numbers from low to high, and that of the page for none."""
    # Without the darkest fifth, which would vanish on a dark page.
    colours = ListedColormap(mpl.colormaps['viridis'](np.linspace(0.2, 1.0, 32)))
    return colours.with_extremes(bad=PAPER)


def themed_svg(
    name: str, description: str, *, size: tuple[float, float], draw: Callable[[Figure], Titles]
) -> str:
    """Return a figure as an SVG element; the same content gives the same bytes.

    :param name: unlike that of any other figure of the page; it starts every identifier in it.
    :param description: read aloud in place of the figure.
    :param size: width and height in inches.
    :param draw: draws on the figure, and returns the texts that appear over the points of each
        scatter plot, by the plot's gid.
    """
    with page_style(name):
        figure = Figure(figsize=size, layout='constrained')
        titles = draw(figure)
        buffer = io.StringIO()
        figure.savefig(buffer, format='svg', metadata={'Date': None, 'Creator': None})
    svg = buffer.getvalue()
    for gid, texts in titles.items():
        svg = _with_titles(svg, gid, texts)
    return _as_element(svg, name, description, width=size[0])


@contextmanager
def page_style(name: str) -> Iterator[None]:
    """Draw in the style of the page within the context, whatever the user's own is.

    :param name: of the figure, which its identifiers depend on.
    """
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update({**_STYLE, 'svg.hashsalt': name})
        yield


def _with_titles(svg: str, gid: str, texts: Sequence[str]) -> str:
    """Return the SVG with a title in each of the points of the group ``gid``."""
    before, start, after = svg.partition(f'<g id="{gid}">')
    points = iter(texts)

    def with_title(match: re.Match[str]) -> str:
        text = next(points, None) if match[1] else None
        if text is None:
            return match[0]
        return f'{match[1]}><title>{html.escape(text)}</title></{match[2]}>'

    # Matplotlib draws many points as uses of a path that it defines before, and few as paths.
    drawn = r'<defs>.*?</defs>|(<(use|path) [^>]*?)/>'
    return before + start + re.sub(drawn, with_title, after, flags=re.DOTALL)


def _as_element(svg: str, name: str, description: str, *, width: float) -> str:
    """Return the SVG document as an element of a page that holds others like it."""
    body = re.sub(r'<metadata>.*?</metadata>|<style.*?</style>', '', svg, flags=re.DOTALL)
    body = body[body.index('>', body.index('<svg')) + 1 :]
    used = set(re.findall(r'(?:href="#|url\(#)([^")]+)', body))
    body = re.sub(
        r' id="([^"]*)"', lambda match: f' id="{name}-{match[1]}"' if match[1] in used else '', body
    )
    body = re.sub(r'(href="#|url\(#)', rf'\g<1>{name}-', body).replace('xlink:href', 'href')
    body = re.sub(r'font-family: [^;"]+(; )?', '', body)
    body = re.sub(r'#[0-9a-f]{6}', lambda match: _VARIABLES.get(match[0], match[0]), body)
    body = re.sub(r'\s*\n\s*', ' ', body)
    view = re.search(r'viewBox="[^"]+"', svg)
    box = view[0] if view else ''
    # Between two thirds and seven sixths of its size in print, where the text stays readable.
    limits = f'min-width: {4 * width:g}rem; max-width: {7 * width:g}rem'
    label = html.escape(description)
    return f'<svg id="{name}" role="img" aria-label="{label}" style="{limits}" {box}>{body}'
