"""The figure of a property that was asked for, as an SVG element."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from aiida_crystalgen.report.svg import INK, MUTED, SERIES, themed_svg
from aiida_crystalgen.report.targets import TargetResults

__all__ = ('target_comparison',)

_SIZE = (7.0, 4.4)  # inches; the page scales it to its columns


def target_comparison(results: TargetResults) -> str:
    """Return the values of the crystals against those asked for (Fung et al. 2022, Table 2)."""
    stages = results.stages

    def draw(figure: Figure) -> dict[str, Sequence[str]]:
        axes = figure.subplots()
        lowest, highest = _limits(results)
        ends = np.array([lowest, highest])
        axes.fill_between(
            ends, ends - results.tolerance, ends + results.tolerance, color=MUTED, alpha=0.15, lw=0
        )
        axes.plot(ends, ends, color=MUTED, lw=0.9)
        shift = 0.02 * (highest - lowest)
        for place, (name, colour) in enumerate(zip(stages, SERIES, strict=False)):
            across = results.targets + shift * (place - (len(stages) - 1) / 2)
            axes.plot(across, stages[name], 'o', color=colour, ms=3.5, alpha=0.6, label=name)
        axes.set_xlim(lowest, highest)
        axes.set_xlabel(f'{results.name.capitalize()} asked for{_in(results.unit)}')
        axes.set_ylabel(f'Obtained{_in(results.unit)}', color=INK)
        axes.grid(axis='y')
        figure.legend(loc='outside upper left', ncols=3)
        return {}

    description = f'{results.name} of {len(results.targets)} crystals against what was asked.'
    return themed_svg(
        f'figure-target-{results.name.replace(" ", "-")}', description, size=_SIZE, draw=draw
    )


def _limits(results: TargetResults) -> tuple[float, float]:
    """Return the range of the values asked for, with a margin."""
    lowest, highest = float(results.targets.min()), float(results.targets.max())
    margin = max(0.15 * (highest - lowest), 3 * results.tolerance)
    return lowest - margin, highest + margin


def _in(unit: str) -> str:
    """Return the unit in parentheses, nothing for a pure number."""
    return f' ({unit})' if unit else ''
