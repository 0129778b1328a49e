"""What can be chosen about the score model and its training."""

from __future__ import annotations

from pydantic import Field, model_validator

from aiida_crystalgen.science.settings import Settings

__all__ = ('NoiseSettings', 'ScoreLangevinSettings', 'ScoreNetworkSettings')


class NoiseSettings(Settings):
    """How much noise there is between data and nothing but noise.

    Standard deviations grow geometrically with the time, from 0 for the least to 1 for the most.

    :param position_least: of the positions, in conventional axes.
    :param position_most: at which nothing is left of where an atom was.
    :param cell_least: of the cell, in units of how much cells of the crystal system differ.
    :param cell_most: at which nothing is left of the cell.
    """

    position_least: float = Field(gt=0)
    position_most: float = Field(gt=0)
    cell_least: float = Field(gt=0)
    cell_most: float = Field(gt=0)

    @model_validator(mode='after')
    def _grows(self) -> NoiseSettings:
        for name, least, most in (
            ('position', self.position_least, self.position_most),
            ('cell', self.cell_least, self.cell_most),
        ):
            if least >= most:
                raise ValueError(f"'{name}_least' has to be less than '{name}_most'")
        return self


class ScoreNetworkSettings(Settings):
    """The layers of the network.

    Widths are multiples of 32, so that no number is at the odd end of a tensor, where processors
    round differently: a crystal then does not depend on the others in its batch.

    :param cutoff: length in Å at which edges fade out.
    :param radial: Gaussians that lengths, and lengths by the size of the atoms, are spread over.
    :param width: of what the network knows of each site.
    :param edge_width: of what it knows of each edge.
    :param crystal_width: of what it knows of each crystal.
    :param tensors: spherical tensors of each degree that the neighbours of a site are summed to.
    :param degree: highest one of these tensors.
    :param layers: rounds of messages.
    """

    cutoff: float = Field(gt=0)
    radial: int = Field(gt=1)
    width: int = Field(gt=0, multiple_of=32)
    edge_width: int = Field(gt=0, multiple_of=32)
    crystal_width: int = Field(gt=0, multiple_of=32)
    tensors: int = Field(gt=0)
    degree: int = Field(ge=1, le=3)
    layers: int = Field(gt=0)


class ScoreLangevinSettings(Settings):
    """How the model is built and trained.

    :param symmetry_tolerance: of positions, for which sites are equivalent, in Å.
    :param noise: that is added to crystals, and removed again.
    :param network: that learns to remove it.
    :param cell_weight: of the loss of cells, that of positions being 1.
    :param volume_ridge: strength of the regularization of the volume model, in crystals.
    :param validation: share of the formulas that the training is watched on.
    :param epochs: passes through the crystals.
    :param batch_size: crystals in each step of the optimizer.
    :param learning_rate: of Adam, highest.
    :param final_learning_rate: share of it that is left in the end, after half a wave of a cosine.
    :param warmup: steps in which the learning rate grows to the highest.
    :param weight_decay: of the weights by AdamW.
    :param clip: largest norm of a gradient.
    :param average: share of the averaged weights that each step keeps.
    """

    symmetry_tolerance: float = Field(gt=0)
    noise: NoiseSettings
    network: ScoreNetworkSettings
    cell_weight: float = Field(gt=0)
    volume_ridge: float = Field(gt=0)
    validation: float = Field(gt=0, lt=1)
    epochs: int = Field(gt=0)
    batch_size: int = Field(gt=0)
    learning_rate: float = Field(gt=0)
    final_learning_rate: float = Field(ge=0, le=1)
    warmup: int = Field(ge=0)
    weight_decay: float = Field(ge=0)
    clip: float = Field(gt=0)
    average: float = Field(ge=0, lt=1)
