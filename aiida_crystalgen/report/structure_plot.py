"""A crystal in perspective, for a picture on paper."""

from __future__ import annotations

from itertools import product

import numpy as np
from jaxtyping import Bool, Float, Int
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle

from aiida_crystalgen.report.drawing import element_style
from aiida_crystalgen.report.svg import MUTED
from aiida_crystalgen.science.crystals import CrystalSet

__all__ = ('draw_atoms', 'draw_structure')

_BOND_SLACK = 1.15  # bonded when nearer than this times the sum of the covalent radii
_SPHERE = 0.45  # drawn radius, as a share of the covalent one
_BORDER = 5e-4  # share of a cell vector within which an atom is shown on both sides
_CORNERS = np.array(list(product((0, 1), repeat=3)))
_TURNS = ((2, -0.32), (0, -1.36))  # axis and angle in radians, first to last


def draw_structure(figure: Figure, crystal: CrystalSet) -> None:
    """Draw the cell of one crystal with its atoms, those on a border on both sides of it.

    A cluster is drawn as it is, without its box.
    """
    axes = figure.subplots()
    draw_atoms(axes, crystal)
    styles = [element_style(int(number)) for number in np.unique(crystal.atomic_numbers)]
    for style in styles:
        axes.scatter([], [], color=np.array(style['colour']) / 255, label=style['symbol'])
    figure.legend(loc='outside lower center', ncols=len(styles))
    axes.autoscale_view()
    axes.set_aspect('equal')
    axes.set_axis_off()


def draw_atoms(axes: Axes, crystal: CrystalSet, *, small: bool = False) -> None:
    """Draw the cell of one crystal with its atoms, in Å from the middle.

    :param small: whether the picture is so small that light on the atoms would not be seen.
    """
    view = _view()
    shown, numbers = _from_middle(crystal)
    positions = shown @ view.T
    styles = {int(number): element_style(int(number)) for number in np.unique(numbers)}
    radii = np.array([styles[int(number)]['radius'] for number in numbers])
    colours = np.array([styles[int(number)]['colour'] for number in numbers]) / 255
    if crystal.periodic:
        _draw_edges(axes, (_CORNERS - 0.5) @ crystal.lattices[0] @ view.T)
    _draw_bonds(axes, positions, radii, colours, width=1 if small else 3)
    for place, radius, colour in zip(positions, _SPHERE * radii, colours, strict=True):
        circle = Circle(place[:2], radius, facecolor=colour, edgecolor=colour / 2, zorder=place[2])
        circle.set_linewidth(0.5 if small else 1)
        axes.add_patch(circle)
        if not small:
            _draw_shine(axes, place, radius)


def _draw_shine(axes: Axes, place: Float[np.ndarray, ' 3'], radius: float) -> None:
    """Draw light from above on an atom, which makes a ball of the disc."""
    rings = np.linspace(0.9, 0.1, 9)
    for ring in rings:
        middle = place[:2] + 0.3 * (1 - ring) * radius * np.array([-1.0, 1.0])
        shine = Circle(middle, ring * radius, color='white', alpha=0.08, lw=0, zorder=place[2])
        axes.add_patch(shine)


def _view() -> Float[np.ndarray, '3 3']:
    """Return the rotation that the crystal is seen in, with the third axis towards the reader."""
    rotation = np.eye(3)
    for axis, angle in _TURNS:
        i, j = ((1, 2), (2, 0), (0, 1))[axis]
        turn = np.eye(3)
        turn[[i, j], [i, j]] = np.cos(angle)
        turn[j, i], turn[i, j] = np.sin(angle), -np.sin(angle)
        rotation = turn @ rotation
    return rotation


def _from_middle(
    crystal: CrystalSet,
) -> tuple[Float[np.ndarray, 'atoms 3'], Int[np.ndarray, ' atoms']]:
    """Return the atoms that are shown, in Å from the middle, and their atomic numbers."""
    if crystal.periodic:
        fractions, numbers = _with_borders(crystal)
        return (fractions - 0.5) @ crystal.lattices[0], numbers
    positions = crystal.cartesian_coordinates
    return positions - positions.mean(axis=0), crystal.atomic_numbers


def _with_borders(
    crystal: CrystalSet,
) -> tuple[Float[np.ndarray, 'atoms 3'], Int[np.ndarray, ' atoms']]:
    """Return the coordinates of all atoms that are shown, and their atomic numbers."""
    home = crystal.fractional_coordinates % 1.0
    home = np.where(home > 1 - _BORDER, home - 1, home)
    shown = (home[:, None] + _CORNERS).reshape(-1, 3)
    inside = (shown < 1 + _BORDER).all(axis=1)
    return shown[inside], np.repeat(crystal.atomic_numbers, len(_CORNERS))[inside]


def _draw_edges(axes: Axes, corners: Float[np.ndarray, '8 3']) -> None:
    """Draw the edges of the cell."""
    pairs = np.argwhere(np.abs(_CORNERS[:, None] - _CORNERS).sum(axis=2) == 1)
    for start, end in pairs[pairs[:, 0] < pairs[:, 1]]:
        depth = corners[[start, end], 2].mean()
        axes.plot(*corners[[start, end], :2].T, color=MUTED, lw=0.8, zorder=depth - 0.1)


def _draw_bonds(
    axes: Axes,
    positions: Float[np.ndarray, 'atoms 3'],
    radii: Float[np.ndarray, ' atoms'],
    colours: Float[np.ndarray, 'atoms 3'],
    *,
    width: float,
) -> None:
    """Draw half of each bond in the colour of the atom that it belongs to.

    :param width: of the line, in points.
    """
    first, second = np.nonzero(_bonded(positions, radii))
    for here, there in zip(first, second, strict=True):
        way = positions[there] - positions[here]
        surface = min(0.5, 0.92 * _SPHERE * radii[here] / np.linalg.norm(way))
        across, up, depth = (positions[here] + np.outer((surface, 0.5), way)).T
        axes.plot(across, up, color=colours[here] * 0.8, lw=width, zorder=float(depth.mean()))


def _bonded(
    positions: Float[np.ndarray, 'atoms 3'], radii: Float[np.ndarray, ' atoms']
) -> Bool[np.ndarray, 'atoms atoms']:
    """Return which atoms are bonded, as far as their distance tells."""
    distances = np.linalg.norm(positions[:, None] - positions, axis=2)
    limits = _BOND_SLACK * (radii[:, None] + radii)
    return (distances < limits) & (distances > 0.1)
