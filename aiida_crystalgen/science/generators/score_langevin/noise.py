"""How much noise there is at each time."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from aiida_crystalgen.science.generators.score_langevin.settings import NoiseSettings

__all__ = ('NoiseSchedule',)


@dataclass(frozen=True)
class NoiseSchedule:
    """Standard deviations of the noise, which grow geometrically with the time.

    Cells are kept at unit variance: coordinate and noise are both divided by √(1 + deviation²), so
    that cells of any time are as large as those of crystals are.

    :param settings: the deviations of the times 0 and 1.
    """

    settings: NoiseSettings

    def positions(self, times: Float[Tensor, ' crystals']) -> Float[Tensor, ' crystals']:
        """Return the standard deviation of positions, in conventional axes of length 1."""
        least, most = self.settings.position_least, self.settings.position_most
        return _geometric(least, most, times)

    def cells(self, times: Float[Tensor, ' crystals']) -> Float[Tensor, ' crystals']:
        """Return the standard deviation of the standard coordinates of cells."""
        least, most = self.settings.cell_least, self.settings.cell_most
        return _geometric(least, most, times)

    def shrinkage(self, times: Float[Tensor, ' crystals']) -> Float[Tensor, ' crystals']:
        """Return the factor that keeps cells at unit variance."""
        return torch.rsqrt(1 + self.cells(times) ** 2)


def _geometric(least: float, most: float, times: Float[Tensor, ' crystals']) -> Tensor:
    """Return what grows from ``least`` to ``most`` while the time grows from 0 to 1."""
    return least * (times * math.log(most / least)).exp()
