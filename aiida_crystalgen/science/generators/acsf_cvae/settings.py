"""What can be chosen about the conditional autoencoder, its training and what is drawn from it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator, model_validator

from aiida_crystalgen.science.fingerprints.acsf.settings import AcsfSettings
from aiida_crystalgen.science.reconstruction.settings import ReconstructionSettings
from aiida_crystalgen.science.settings import Settings

__all__ = ('AcsfCvaeProposing', 'AcsfCvaeSettings', 'SurrogateSettings')


def _require_widths(value: tuple[int, ...]) -> tuple[int, ...]:
    """Return the widths of layers if each has a unit.

    :raises ValueError: otherwise.
    """
    if min(value) < 1:
        raise ValueError('a layer has at least one unit')
    return value


class SurrogateSettings(Settings):
    """How the networks that predict properties from representations are built and trained.

    :param members: number of networks, whose spread tells how sure they are.
    :param hidden: widths of the hidden layers.
    :param epochs: passes through the training crystals.
    :param batch_size: crystals per step of the optimiser.
    :param learning_rate: of Adam, per step, in the first epoch.
    :param final_learning_rate: share of it that is left in the last epoch; it falls exponentially.
    :param weight_decay: of AdamW, per step and unit of learning rate.
    """

    members: int = Field(gt=1)
    hidden: tuple[int, ...] = Field(min_length=1)
    epochs: int = Field(gt=0)
    batch_size: int = Field(gt=0)
    learning_rate: float = Field(gt=0)
    final_learning_rate: float = Field(gt=0, le=1)
    weight_decay: float = Field(ge=0)

    _widths = field_validator('hidden')(_require_widths)


class AcsfCvaeSettings(Settings):
    """How the autoencoder and the surrogate are built and trained.

    :param acsf: of the symmetry functions that it learns.
    :param properties: columns of the training set that it is conditioned on, as in 'energy'.
    :param scaling: 'logarithmic' standardises log(1 + x), as symmetry functions span orders of
        magnitude; 'range' maps least and largest value of each one to 0 and 1, as published.
    :param scale_floor: every symmetry function is divided by its spread in the training set, but at
        least by this share of the largest spread of any.
    :param hidden: widths of the hidden layers of the encoder; the decoder has them in reverse.
    :param latent: number of latent units.
    :param validation_fraction: share of the crystals that is kept apart to validate.
    :param epochs: passes of the autoencoder through the training crystals.
    :param batch_size: crystals per step of the optimiser.
    :param learning_rate: of Adam, per step, in the first epoch.
    :param final_learning_rate: share of it that is left in the last epoch; it falls exponentially.
    :param weight_decay: of AdamW, per step and unit of learning rate.
    :param kl_weight: weight of the Kullback–Leibler divergence against the squared error, which is
        summed over the scaled symmetry functions.
    :param kl_warmup: number of epochs in which this weight grows linearly from zero.
    :param surrogate: of the networks that predict the properties.
    :param references: most training crystals that the model keeps, to tell how far a representation
        is from the data and to take cells and compositions from.
    """

    acsf: AcsfSettings
    properties: tuple[str, ...] = Field(min_length=1)
    scaling: Literal['logarithmic', 'range']
    scale_floor: float = Field(gt=0, le=1)
    hidden: tuple[int, ...] = Field(min_length=1)
    latent: int = Field(gt=0)
    validation_fraction: float = Field(gt=0, lt=1)
    epochs: int = Field(gt=0)
    batch_size: int = Field(gt=0)
    learning_rate: float = Field(gt=0)
    final_learning_rate: float = Field(gt=0, le=1)
    weight_decay: float = Field(ge=0)
    kl_weight: float = Field(ge=0)
    kl_warmup: int = Field(ge=0)
    surrogate: SurrogateSettings
    references: int = Field(ge=10)

    _widths = field_validator('hidden')(_require_widths)

    @field_validator('properties')
    @classmethod
    def _are_distinct(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(value)) < len(value):
            raise ValueError('a property is named twice')
        return value


class AcsfCvaeProposing(Settings):
    """How representations are drawn, which are kept, and how they become crystals.

    :param draws: latent points drawn at once, of which the first acceptable one is reconstructed.
    :param attempts: number of times a candidate is drawn and reconstructed before it is given up;
        the request's number of attempts is for generators to which one costs next to nothing.
    :param latents: 'prior' draws them from the normal distribution of the training; 'posterior'
        from those of the codes of training crystals that resemble the target, so that they stay
        nearer to the data.
    :param temperature: standard deviation of the latent points, in units of these distributions'.
    :param tolerance_share: the surrogate must predict each target property within this share of its
        tolerance, of the representation and of the crystal, so that something is left for the
        surrogate's own error.
    :param deviation_share: largest uncertainty of the surrogate, in units of the tolerance.
    :param quantile: a representation is far from the data if it is farther than this share of the
        training crystals are, by any of three measures; 1 is as far as the farthest of them, and
        null asks for nothing.
    :param compositions: 'requested' builds the composition of the request, its numbers of formula
        units in turn; 'sampled' draws composition and number of atoms among those training crystals
        that consist of the elements of the request and resemble the target.
    :param cell: 'nearest' takes the cell of the training crystal with the nearest representation
        among those of the same composition, scaled to the nearest volume that the request allows;
        'free' looks for a cell of the requested volume along with the positions. Clusters have no
        cell.
    :param start: 'random' looks for positions from random ones, 'nearest' near those in the
        training crystals of the same composition with the nearest representations, which must be
        there; it takes their cells.
    :param templates: number of these training crystals, of which the best result is taken.
    :param reach: edge of the box around its place in such a crystal that an atom stays in, in Å.
    :param margin: space that atoms of a cluster get beyond the extents of the training cluster with
        the nearest representation, along each of its principal axes, in Å, where positions start
        at random.
    :param reconstruction: of the search for positions.
    """

    draws: int = Field(gt=0)
    attempts: int = Field(gt=0)
    latents: Literal['prior', 'posterior']
    temperature: float = Field(gt=0)
    tolerance_share: float = Field(gt=0, le=1)
    deviation_share: float = Field(gt=0)
    quantile: float | None = Field(gt=0, le=1)
    compositions: Literal['requested', 'sampled']
    cell: Literal['nearest', 'free']
    start: Literal['random', 'nearest']
    templates: int = Field(gt=0)
    reach: float = Field(gt=0)
    margin: float = Field(ge=0)
    reconstruction: ReconstructionSettings

    @model_validator(mode='after')
    def _agree(self) -> AcsfCvaeProposing:
        if self.cell == 'free' and self.start == 'nearest':
            raise ValueError(
                "'start' is 'nearest', which takes the cells of training crystals, but 'cell' is "
                "'free'; choose 'random' or 'nearest'"
            )
        return self
