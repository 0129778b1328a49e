"""What can be chosen about the fingerprints of sites."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float
from pydantic import Field, field_validator, model_validator

from aiida_crystalgen.science.settings import Settings

__all__ = ('SiteSettings',)

_LARGEST_OFFSET = 0.5  # beyond it an origin could be nearer to a neighbour than to its own atom

# Alternate corners of a cube: the vertices of a regular tetrahedron around the origin.
_TETRAHEDRON = np.array([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]]) / np.sqrt(3)


class SiteSettings(Settings):
    """How the distances from one atom to its neighbours are tabulated.

    All lengths but those in bins are in units of the distance to the nearest neighbour.

    :param cutoff: end of the table.
    :param bins: number of equal bins from 0 to the cut-off that distances are collected in.
    :param points: number of values that are kept of each table, a divisor of ``bins``; those of a
        smeared function that varies slowly between them.
    :param window: full width of the Kaiser–Bessel window that smears each distance, in bins.
    :param shape: α of the window: it is I₀(πα √(1 − x²)) for −1 < x < 1.
    :param offsets: distance between the atom and the four origins at the vertices of a tetrahedron,
        for each set of four perspectives.
    """

    cutoff: float = Field(gt=1)
    bins: int = Field(gt=0)
    points: int = Field(gt=0)
    window: int = Field(gt=1)
    shape: float = Field(gt=0)
    offsets: tuple[float, ...] = Field(min_length=1)

    @field_validator('offsets')
    @classmethod
    def _are_small(cls, value: tuple[float, ...]) -> tuple[float, ...]:
        if min(value) < 0 or max(value) > _LARGEST_OFFSET:
            raise ValueError(f'offsets are between 0 and {_LARGEST_OFFSET} nearest distances')
        return value

    @model_validator(mode='after')
    def _divide_the_bins(self) -> SiteSettings:
        if self.bins % self.points:
            raise ValueError(f"'points' is {self.points}, which does not divide {self.bins} bins")
        return self

    @property
    def perspectives(self) -> int:
        """Number of origins that the neighbours of an atom are seen from."""
        return len(_TETRAHEDRON) * len(self.offsets)

    @property
    def origins(self) -> Float[np.ndarray, 'perspectives 3']:
        """Where the neighbours are seen from, relative to the atom, four for each offset."""
        return np.concatenate([offset * _TETRAHEDRON for offset in self.offsets])

    @property
    def radii(self) -> Float[np.ndarray, ' points']:
        """Distances of the points, which are the lower ends of every few bins."""
        return np.arange(self.points) * (self.cutoff / self.points)

    @property
    def reach(self) -> float:
        """Longest distance from an atom that contributes to its fingerprint."""
        return self.cutoff + self.cutoff / self.bins * self.window / 2 + max(self.offsets)
