"""What can be chosen about the autoencoder and its training."""

from __future__ import annotations

from pydantic import Field, field_validator, model_validator

from aiida_crystalgen.science.fingerprints.rdf import RdfSettings
from aiida_crystalgen.science.settings import Settings

__all__ = ('RdfVaeSettings', 'ReplicaSettings')

_MOST_REPLICAS = 100_000


class ReplicaSettings(Settings):
    """Which latent points are decoded into replicas.

    :param grid: number of points along each latent axis.
    :param confidence: share of the standard normal distribution that the grid covers along each
        axis, centred at its mean.
    """

    grid: int = Field(gt=1)
    confidence: float = Field(gt=0, lt=1)


class RdfVaeSettings(Settings):
    """How the autoencoder is built and trained.

    :param rdf: of the radial distribution functions that it learns.
    :param hidden: widths of the hidden layers of the encoder; the decoder has them in reverse.
    :param latent: number of latent units.
    :param scale_floor: every point of the radial distribution function is divided by its largest
        value in the training set, but at least by this share of the largest value at any point.
        With 1 all points are divided by the same maximum, and the few sharp peaks of the simplest
        crystals leave nothing to learn about the others.
    :param validation_fraction: share of the crystals that is kept apart to validate.
    :param epochs: passes through the training crystals.
    :param batch_size: crystals per step of the optimiser.
    :param learning_rate: of Adam, per step.
    :param kl_weight: weight of the Kullback–Leibler divergence against the reconstruction, which
        is summed over the points.
    :param kl_warmup: number of epochs in which this weight grows linearly from zero.
    :param replicas: which latent points are decoded into replicas.
    """

    rdf: RdfSettings
    hidden: tuple[int, ...] = Field(min_length=1)
    latent: int = Field(gt=0)
    scale_floor: float = Field(gt=0, le=1)
    validation_fraction: float = Field(gt=0, lt=1)
    epochs: int = Field(gt=0)
    batch_size: int = Field(gt=0)
    learning_rate: float = Field(gt=0)
    kl_weight: float = Field(ge=0)
    kl_warmup: int = Field(ge=0)
    replicas: ReplicaSettings

    @field_validator('hidden')
    @classmethod
    def _are_widths(cls, value: tuple[int, ...]) -> tuple[int, ...]:
        if min(value) < 1:
            raise ValueError('a layer has at least one unit')
        return value

    @model_validator(mode='after')
    def _are_countable(self) -> RdfVaeSettings:
        if self.replicas.grid**self.latent > _MOST_REPLICAS:
            raise ValueError(
                f"'replicas.grid' is {self.replicas.grid} for each of {self.latent} latent units, "
                f'which makes more than {_MOST_REPLICAS} replicas; choose fewer'
            )
        return self
