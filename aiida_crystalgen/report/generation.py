"""How proposals came about: the space groups asked for, and the way from noise to a crystal."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from aiida_crystalgen.science.crystals import CrystalSet

__all__ = ('DenoisingFilm', 'SpaceGroupCounts')


@dataclass(frozen=True)
class SpaceGroupCounts:
    """Space groups that were asked for and found, and those of the crystals that were learned from.

    Counts go by the number of the group; those of 0 are crystals that no group was found of.

    :param name: of the generator.
    :param requested: proposals that were asked for with each group.
    :param found: those of the same proposals that have each.
    :param equal: number of them that have the group asked for.
    :param kept: number of them that have it or a supergroup.
    :param tolerance: of positions, within which a group was found, in Å.
    :param known: how often the crystals that the model has learned from have each; None if nobody
        knows.
    :raises ValueError: if the counts are of different numbers of crystals.
    """

    name: str
    requested: Int[np.ndarray, ' numbers']
    found: Int[np.ndarray, ' numbers']
    equal: int
    kept: int
    tolerance: float
    known: Int[np.ndarray, ' numbers'] | None = None

    def __post_init__(self) -> None:
        """Check the numbers."""
        if self.requested.sum() != self.found.sum():
            raise ValueError(
                f'space groups of {self.found.sum()} proposals were looked for, but '
                f'{self.requested.sum()} asked for'
            )

    @property
    def number(self) -> int:
        """Number of proposals."""
        return int(self.requested.sum())

    def most_frequent(self, number: int) -> Int[np.ndarray, ' groups']:
        """Return the groups asked for or found most often, in ascending order.

        :param number: of groups at most.
        """
        counts = self.requested + self.found
        counts[0] = 0
        chosen = np.argsort(-counts, kind='stable')[:number]
        return np.sort(chosen[counts[chosen] > 0])


@dataclass(frozen=True)
class DenoisingFilm:
    """One crystal on its way from noise.

    :param label: of the crystal, as in 'P1'.
    :param frames: the crystal with less and less noise, the last one without any.
    :param deviations: standard deviations of the noise of the positions, in Å.
    :raises ValueError: if there is not one deviation for each frame.
    """

    label: str
    frames: CrystalSet
    deviations: Float[np.ndarray, ' frames']

    def __post_init__(self) -> None:
        """Check the lengths."""
        if len(self.frames) != len(self.deviations):
            raise ValueError(
                f'{len(self.deviations)} deviations are given for {len(self.frames)} frames'
            )
