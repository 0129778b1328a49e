"""What can be chosen about atom-centred symmetry functions and how atoms are pooled."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from aiida_crystalgen.science.settings import Settings

__all__ = ('AcsfSettings', 'Pooling')

Pooling = Literal['maximum', 'minimum', 'mean', 'variance', 'third_moment']

_Eta = Annotated[float, Field(ge=0)]
_Shift = Annotated[float, Field(ge=0)]
_Sign = Annotated[float, Field(ge=-1, le=1)]
_Zeta = Annotated[int, Field(ge=1)]


class AcsfSettings(Settings):
    """Which symmetry functions describe an atom, and how those of all atoms become one row.

    Every radial η is combined with every radial shift, and every λ with every ζ, η and shift of the
    angular functions; the angular lists may be empty, all at once.

    :param cutoff: distance in Å within which neighbours count in radial functions.
    :param radial_eta: how narrow the Gaussians of the radial functions are, in 1/Å².
    :param radial_shift: distances in Å at which they are centred.
    :param angular_cutoff: distance in Å within which neighbours count in angular functions, at most
        ``cutoff``. It matters for the cost: pairs of neighbours grow with its sixth power.
    :param angular_lambda: 1 favours neighbours in one direction, -1 those in opposite ones.
    :param angular_zeta: how sharply.
    :param angular_eta: how narrow the Gaussians of the distances are, in 1/Å².
    :param angular_shift: distances in Å at which they are centred.
    :param per_species: whether atoms of each element are pooled apart, which keeps more than
        pooling all atoms does, but multiplies the number of features by that of the elements.
    :param pooling: largest and smallest value over the atoms, their mean, and the second and third
        central moments. Moments are smooth where atoms are equivalent, roots of them are not.
    :param quantiles: number of equal shares that the sorted values are divided into; the mean of
        each share is a feature. With as many shares as there are atoms these are all the values.
        None if zero.
    """

    cutoff: float = Field(gt=0)
    radial_eta: tuple[_Eta, ...] = Field(min_length=1)
    radial_shift: tuple[_Shift, ...] = Field(min_length=1)
    angular_cutoff: float = Field(gt=0)
    angular_lambda: tuple[_Sign, ...]
    angular_zeta: tuple[_Zeta, ...]
    angular_eta: tuple[_Eta, ...]
    angular_shift: tuple[_Shift, ...]
    per_species: bool
    pooling: tuple[Pooling, ...]
    quantiles: int = Field(ge=0)

    @model_validator(mode='after')
    def _agree(self) -> AcsfSettings:
        if self.angular_cutoff > self.cutoff:
            raise ValueError(
                f"'angular_cutoff' is {self.angular_cutoff}, larger than 'cutoff', which is "
                f'{self.cutoff}; choose it smaller or equal'
            )
        angular = (self.angular_lambda, self.angular_zeta, self.angular_eta, self.angular_shift)
        if any(angular) and not all(angular):
            raise ValueError('some of the angular lists are empty and others not; fill all or none')
        if not self.pooling and not self.quantiles:
            raise ValueError("'pooling' is empty and 'quantiles' is 0; choose what to pool by")
        return self

    @property
    def has_angular(self) -> bool:
        """Whether there are angular functions at all."""
        return bool(self.angular_lambda)
