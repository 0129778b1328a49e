"""The triangle of the compositions of three elements."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes

from aiida_crystalgen.report.svg import INK

__all__ = ('CORNERS', 'draw_triangle', 'in_triangle')

CORNERS = np.array([[0.0, 0.0], [1.0, 0.0], [0.5, np.sqrt(3) / 2]])
"""Lower left, lower right, top."""


def in_triangle(fractions: Float[np.ndarray, 'crystals 3']) -> Float[np.ndarray, 'crystals 2']:
    """Return where compositions lie.

    :param fractions: of the atoms that are of each element.
    """
    return fractions @ CORNERS


def draw_triangle(axes: Axes, symbols: Sequence[str]) -> None:
    """Name the corners, and take away what a triangle does not need."""
    for corner, symbol in zip(CORNERS, symbols, strict=True):
        beyond = 1.07 * (corner - CORNERS.mean(axis=0)) + CORNERS.mean(axis=0)
        axes.annotate(symbol, beyond, ha='center', va='center', color=INK)
    axes.set_aspect('equal')
    axes.set_axis_off()
    axes.set_xlim(-0.08, 1.08)
    axes.set_ylim(-0.08, CORNERS[2, 1] + 0.08)
