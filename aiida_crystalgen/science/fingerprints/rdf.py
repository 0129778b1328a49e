"""Radial distribution functions of whole sets of crystals, all elements alike.

n(r) = g(r) ρ 4π r² is the mean number of atoms in a thin shell around an atom, divided by the
thickness of the shell (Lee & Chang, Computational Materials Science 2021, equation 1), smeared by a
Gaussian. It knows neither the choice of the cell nor its size, orientation or origin, nor the order
of the atoms.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from numpy.lib.stride_tricks import sliding_window_view
from pydantic import Field

from aiida_crystalgen.science.crystals import CrystalSet
from aiida_crystalgen.science.neighbors import periodic_images
from aiida_crystalgen.science.settings import Settings

__all__ = ('Grid', 'RdfSettings', 'radial_distribution')

_TAIL = 5.5  # widths after which a Gaussian has fallen below 3e-7 of its peak
_STEPS_PER_WIDTH = 4  # of the fine grid: the error of n(r) is about 1e-4 of the highest peak


class RdfSettings(Settings):
    """How a radial distribution function is tabulated.

    :param cutoff: end of the table in Å; atoms beyond it count where their Gaussians reach in.
    :param points: number of points, at the middles of equal shells from 0 to the cut-off.
    :param width: standard deviation of the Gaussian smearing in Å.
    """

    cutoff: float = Field(gt=0)
    points: int = Field(gt=0)
    width: float = Field(gt=0)

    @property
    def spacing(self) -> float:
        """Distance between points in Å."""
        return self.cutoff / self.points

    @property
    def radii(self) -> Float[np.ndarray, ' points']:
        """Distances of the points in Å."""
        return (np.arange(self.points) + 0.5) * self.spacing


def radial_distribution(
    crystals: CrystalSet, settings: RdfSettings
) -> Float[np.ndarray, 'crystals points']:
    """Return the smeared number of neighbours per Å at each radius, averaged over the atoms.

    The sum over the points times their spacing is the mean coordination number within the cut-off.
    The result for a crystal does not depend on the others, to the bit.

    :raises ValueError: if a cell has no volume.
    """
    grid = Grid.of(settings)
    result = np.empty((len(crystals), settings.points))
    for images in periodic_images(crystals, grid.reach):
        atoms = crystals.counts[images.rows[0]]
        between = grid.located(images.squared_distances())
        own = grid.located(images.squared_lengths()[:, None])
        weights = np.repeat([2 / atoms, 1.0], [len(between[0]), len(own[0])])
        cells, offsets = (np.concatenate(parts) for parts in zip(between, own, strict=True))
        result[images.rows] = grid.smeared(grid.spread(cells, offsets, weights, len(images.rows)))
    return result


@dataclass(frozen=True)
class Grid:
    """The fine grid that distances are collected on before they are smeared.

    :param step: distance between grid points in Å.
    :param per_point: grid points per point of the table.
    :param margin: grid points below zero, for the Gaussians of the first points.
    :param size: number of grid points.
    :param kernel: weights of the grid points around a point of the table, in 1/Å.
    :param points: of the table.
    """

    step: float
    per_point: int
    margin: int
    size: int
    kernel: Float[np.ndarray, ' taps']
    points: int

    @classmethod
    def of(cls, settings: RdfSettings) -> Grid:
        """Return the grid that these settings need."""
        per_point = int(np.ceil(settings.spacing * _STEPS_PER_WIDTH / settings.width))
        step = settings.spacing / per_point
        margin = int(np.ceil(_TAIL * settings.width / step)) + 1
        # A point of the table lies half a spacing above the first of its grid points.
        offsets = (np.arange(-margin, margin + per_point + 1) - per_point / 2) * step
        # Spreading a distance over three grid points has itself a variance of a quarter step².
        variance = settings.width**2 - step**2 / 4
        kernel = np.exp(-(offsets**2) / (2 * variance)) / np.sqrt(2 * np.pi * variance)
        size = settings.points * per_point + 2 * margin + 1
        return cls(step, per_point, margin, size, kernel, settings.points)

    @property
    def reach(self) -> float:
        """Longest distance in Å that contributes."""
        return (self.points * self.per_point + self.margin - 1) * self.step

    def located(
        self, squares: Float[np.ndarray, 'crystals pairs images']
    ) -> tuple[Int[np.ndarray, ' distances'], Float[np.ndarray, ' distances']]:
        """Return the nearest grid point of each distance within reach, and how far it is off.

        :param squares: squared distances in Å².
        """
        within = squares <= self.reach**2
        positions = np.sqrt(squares.ravel().take(np.flatnonzero(within))) / self.step
        nearest = np.rint(positions)
        starts = np.arange(len(squares)) * self.size + self.margin
        cells = np.repeat(starts, np.count_nonzero(within.reshape(len(squares), -1), axis=1))
        return cells + nearest.astype(np.int64), positions - nearest

    def spread(
        self,
        cells: Int[np.ndarray, ' distances'],
        offsets: Float[np.ndarray, ' distances'],
        weights: Float[np.ndarray, ' distances'],
        crystals: int,
    ) -> Float[np.ndarray, 'crystals cells']:
        """Return the histogram of each crystal, every distance spread over three grid points.

        The shares are those of a triangular-shaped cloud (Hockney & Eastwood, Computer Simulation
        Using Particles, 1988, section 5-3): they keep number, mean and variance, and change
        smoothly with the distance, so that rounding never moves a distance by a whole step.
        """
        above = weights * (0.5 + offsets) ** 2 / 2
        below = weights * (0.5 - offsets) ** 2 / 2
        shares = np.concatenate([below, weights - below - above, above])
        targets = np.concatenate([cells - 1, cells, cells + 1])
        histograms = np.bincount(targets, shares, minlength=crystals * self.size)
        # Of no distances at all numpy makes integers.
        return histograms.astype(np.float64, copy=False).reshape(-1, self.size)

    def smeared(
        self, histograms: Float[np.ndarray, 'crystals cells']
    ) -> Float[np.ndarray, 'crystals points']:
        """Return the histograms smeared by the Gaussian, at the points of the table."""
        windows = sliding_window_view(histograms, len(self.kernel), axis=1)
        windows = windows[:, : self.points * self.per_point : self.per_point]
        # Not a matrix product: its rounding would depend on the number of crystals.
        return np.einsum('cpt,t->cp', windows, self.kernel)
