"""The figures of a campaign of several rounds as SVG elements."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from aiida_crystalgen.report.campaign import Round
from aiida_crystalgen.report.svg import INK, SERIES, themed_svg

__all__ = ('energy_progress', 'has_energies', 'round_yields')

_WIDTH = 7.0  # inches; the page scales it to its columns
_ENERGIES = {'lowest': 'Above lowest', 'hull': 'Above hull'}


def has_energies(rounds: Sequence[Round]) -> bool:
    """Return whether a round found a phase of known energy."""
    return any(one.lowest is not None or one.hull is not None for one in rounds)


def energy_progress(rounds: Sequence[Round]) -> str:
    """Return the lowest energy and hull distance of each round, and the lowest so far."""
    numbers = np.array([one.number for one in rounds])

    def draw(figure: Figure) -> dict[str, Sequence[str]]:
        axes = figure.subplots()
        titles: dict[str, Sequence[str]] = {}
        for (name, label), colour, marker in zip(_ENERGIES.items(), SERIES, 'oD', strict=False):
            energies = _energies(rounds, name)
            known = np.flatnonzero(np.isfinite(energies))
            if not len(known):
                continue
            so_far = np.fmin.accumulate(energies)
            axes.step(numbers, so_far, where='post', color=colour, lw=1.2, alpha=0.6)
            across, up, gid = numbers[known], energies[known], f'rounds-{name}'
            axes.scatter(
                across, up, s=30, color=colour, marker=marker, gid=gid, label=label, clip_on=False
            )
            titles[gid] = [
                f'round {number}: {energy:.3f} eV/atom'
                for number, energy in zip(across, up, strict=True)
            ]
        _label_rounds(axes, rounds)
        axes.set_ylabel('Energy of the lowest phase (eV/atom)')
        figure.legend(loc='outside upper left', ncols=2)
        return titles

    lowest = np.nanmin(np.concatenate([_energies(rounds, name) for name in _ENERGIES]))
    description = f'Energies over {len(rounds)} rounds; the lowest is {lowest:.3f} eV/atom.'
    return themed_svg('figure-progress', description, size=(_WIDTH, 3.9), draw=draw)


def round_yields(rounds: Sequence[Round]) -> str:
    """Return how many crystals of each generator entered each round, and how many were left."""
    generators = list(dict.fromkeys(name for one in rounds for name in one.yields))
    stages = list(
        dict.fromkeys(name for one in rounds for counts in one.yields.values() for name in counts)
    )
    ends = list(dict.fromkeys([*stages[:1], *stages[-1:]]))

    def draw(figure: Figure) -> dict[str, Sequence[str]]:
        for axes, stage in zip(
            figure.subplots(1, max(len(ends), 1), squeeze=False)[0], ends, strict=False
        ):
            below = np.zeros(len(rounds))
            for row, generator in enumerate(generators):
                counts = [one.yields.get(generator, {}).get(stage, 0) for one in rounds]
                colour = SERIES[row % len(SERIES)]
                numbers = [one.number for one in rounds]
                axes.bar(numbers, counts, 0.7, bottom=below, color=colour, label=generator)
                below += counts
            _label_rounds(axes, rounds)
            axes.set_ylim(0, 1.08 * max(below.max(), 1))
            axes.yaxis.set_major_locator(MaxNLocator(integer=True))
            axes.set_ylabel(f'Number {stage}' if stage != 'phases' else 'Phases')
        handles, labels = figure.axes[0].get_legend_handles_labels()
        if handles:
            figure.legend(handles, labels, loc='outside upper left', ncols=3)
        return {}

    description = f'Yields of {", ".join(generators) or "no generator"} over {len(rounds)} rounds.'
    return themed_svg('figure-rounds', description, size=(_WIDTH, 3.9), draw=draw)


def _energies(rounds: Sequence[Round], name: str) -> np.ndarray:
    """Return one energy of each round, NaN where there is none."""
    values = [getattr(one, name) for one in rounds]
    return np.array([np.nan if value is None else value for value in values], dtype=np.float64)


def _label_rounds(axes: Axes, rounds: Sequence[Round]) -> None:
    """Write the numbers of the rounds below a plot."""
    axes.set_xlabel('Round', color=INK)
    axes.set_xlim(rounds[0].number - 0.6, rounds[-1].number + 0.6)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(axis='y')
    axes.set_axisbelow(True)
