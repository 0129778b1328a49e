"""Radial distribution functions of whole sets of crystals, all elements alike.

n(r) = g(r) ρ 4π r² is the mean number of atoms in a shell around an atom, divided by the thickness
of the shell (Lee & Chang, Curr. Appl. Phys. 2021, equation 1), smeared by a Gaussian. It knows
neither the choice of the cell nor its size, orientation or origin, nor the order of the atoms.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int
from pydantic import Field

from aiida_crystalgen.science.crystals import CrystalSet
from aiida_crystalgen.science.neighbors import periodic_images
from aiida_crystalgen.science.settings import Settings

__all__ = ('RdfSettings', 'radial_distribution')

_TAIL = 5.5  # widths after which a Gaussian has fallen below 3e-7 of its peak
_CELLS_PER_WIDTH = 6  # of the fine grid: errors below 1e-4 of a peak


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

    :raises ValueError: if a cell has no volume.
    """
    ...
