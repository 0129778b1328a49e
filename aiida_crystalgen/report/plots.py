"""Pictures of one phase as files, drawn by matplotlib."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from aiida_crystalgen.report.measurements import BandStructure, Diffraction, PhononDos, Phonons
from aiida_crystalgen.report.svg import INK, MUTED, SERIES, page_style

__all__ = ('draw_bands', 'draw_diffraction', 'draw_dos', 'save_picture')

_SUFFIXES: Mapping[str, Mapping[str, str | None]] = {
    '.png': {'Software': None},
    '.svg': {'Date': None, 'Creator': None},
}
_RESOLUTION = 200  # pixels per inch
_CLOSEST = 0.03  # share of a path that two names of special points are apart
_NAMED = 8.0  # % of the strongest peak, from which on indices are written


def save_picture(
    path: Path, draw: Callable[[Figure], object], *, size: tuple[float, float], title: str
) -> None:
    """Write a picture as PNG or SVG, by the suffix of its file; the same data give the same bytes.

    :param draw: draws on the figure.
    :param size: width and height in inches.
    :raises ValueError: if the suffix is another one.
    """
    if path.suffix.lower() not in _SUFFIXES:
        raise ValueError(f'{path} is neither a file .png nor a file .svg; name one of these')
    with page_style(title):
        figure = Figure(figsize=size, layout='constrained')
        draw(figure)
        above = figure.get_suptitle()
        figure.suptitle(f'{title}\n{above}' if above else title)
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(
            path,
            dpi=_RESOLUTION,
            facecolor='white',
            metadata={**_SUFFIXES[path.suffix.lower()], 'Title': title},
        )


def draw_bands(figure: Figure, phonons: Phonons) -> None:
    """Draw bands, and the density of states beside them if it is known.

    :raises ValueError: if there are no bands.
    """
    if phonons.bands is None:
        raise ValueError('the bands of these phonons are not stored; calculate the phonons again')
    if phonons.dos is None:
        _draw_bands(figure.subplots(), phonons.bands)
        return
    left, right = figure.subplots(1, 2, sharey=True, width_ratios=(3, 1))
    _draw_bands(left, phonons.bands)
    _draw_dos(right, phonons.dos, upright=True)


def draw_dos(figure: Figure, phonons: Phonons) -> None:
    """Draw the density of states over the frequency.

    :raises ValueError: if there is none.
    """
    if phonons.dos is None:
        raise ValueError(
            'the density of states of these phonons is not stored; calculate the phonons again'
        )
    _draw_dos(figure.subplots(), phonons.dos, upright=False)


def draw_diffraction(figure: Figure, pattern: Diffraction) -> None:
    """Draw a powder pattern as sticks, the strong ones with their Miller indices."""
    axes = figure.subplots()
    axes.vlines(pattern.angles, 0, pattern.intensities, color=SERIES[0], lw=1.4)
    for angle, height, indices in zip(
        pattern.angles, pattern.intensities, pattern.indices, strict=True
    ):
        if height >= _NAMED:
            axes.annotate(
                indices,
                (angle, height),
                (0, 4),
                textcoords='offset points',
                ha='center',
                va='bottom',
                rotation=90,
                fontsize='small',
                color=MUTED,
            )
    radiation = '' if pattern.wavelength is None else f', λ = {pattern.wavelength:g} Å'
    axes.set_xlabel(f'Scattering angle 2θ (°){radiation}')
    axes.set_ylabel('Intensity (%)')
    axes.set_ylim(0, 125)
    axes.set_yticks([0, 50, 100])


def _draw_bands(axes: Axes, bands: BandStructure) -> None:
    """Draw the branches, with a gap where lines do not meet."""
    lines = np.split(np.arange(len(bands.lengths)), bands.breaks)
    for line in lines:
        axes.plot(bands.lengths[line], bands.frequencies[line], color=SERIES[0], lw=1.2)
    shown: list[tuple[float, str]] = []
    for place, name in bands.ticks:
        axes.axvline(place, color=MUTED, lw=0.6)
        # names that would touch the one before are left out; their lines stay
        if not shown or place - shown[-1][0] > _CLOSEST * bands.lengths[-1]:
            shown.append((place, name.replace('|', '\n')))
    axes.axhline(0.0, color=MUTED, lw=0.7, ls='--')
    axes.set_xticks([place for place, _ in shown], [name for _, name in shown])
    axes.tick_params(axis='x', length=0, labelcolor=INK)
    axes.set_xlim(float(bands.lengths[0]), float(bands.lengths[-1]))
    axes.set_ylabel('Frequency (THz)')


def _draw_dos(axes: Axes, dos: PhononDos, *, upright: bool) -> None:
    """Draw the density of states.

    :param upright: whether the frequencies go up.
    """
    if upright:
        axes.fill_betweenx(dos.frequencies, dos.values, color=SERIES[0], alpha=0.2, lw=0)
        axes.plot(dos.values, dos.frequencies, color=SERIES[0], lw=1.2)
        axes.axhline(0.0, color=MUTED, lw=0.7, ls='--')
        axes.set_xlim(left=0)
        axes.set_xlabel('DOS (1/THz)')
        return
    axes.fill_between(dos.frequencies, dos.values, color=SERIES[0], alpha=0.2, lw=0)
    axes.plot(dos.frequencies, dos.values, color=SERIES[0], lw=1.2)
    axes.axvline(0.0, color=MUTED, lw=0.7, ls='--')
    axes.set_ylim(bottom=0)
    axes.set_xlabel('Frequency (THz)')
    axes.set_ylabel('Density of states (1/THz)')
