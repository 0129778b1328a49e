"""What can be chosen about the score model and its training."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, model_validator

from aiida_crystalgen.science.settings import Settings

__all__ = (
    'Device',
    'NoiseSettings',
    'ScoreLangevinSettings',
    'ScoreNetworkSettings',
    'TripletNetworkSettings',
)


Device = Literal['cpu', 'cuda']


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
    """The layers of the network that sums tensors at sites.

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


class TripletNetworkSettings(Settings):
    """The layers of the network that sees triplets of atoms, after DimeNet++.

    Widths are multiples of 32 as those of the other network are.

    :param cutoff: length in Å at which edges fade out.
    :param exponent: of the polynomial that they fade out by.
    :param radial: spherical Bessel functions of each degree that lengths are spread over.
    :param degree: highest one of these, and of the Legendre polynomials of angles.
    :param basis_width: that the weights of these functions go through.
    :param width: of what the network knows of each edge.
    :param angle_width: of the part of it that triplets are summed over.
    :param output_width: of what is made of it for the noise.
    :param crystal_width: of what the network knows of each crystal.
    :param blocks: rounds of messages.
    :param before_skip: residual layers of each round before it is added to what was known.
    :param after_skip: residual layers after that.
    :param output_layers: from what is known of an edge to what it says of the noise, in each round.
    :param largest: part of the noise of a site that one edge can have, in standard deviations.
    """

    cutoff: float = Field(gt=0)
    exponent: int = Field(gt=1)
    radial: int = Field(gt=0)
    degree: int = Field(ge=1)
    basis_width: int = Field(gt=0)
    width: int = Field(gt=0, multiple_of=32)
    angle_width: int = Field(gt=0, multiple_of=32)
    output_width: int = Field(gt=0, multiple_of=32)
    crystal_width: int = Field(gt=0, multiple_of=32)
    blocks: int = Field(gt=0)
    before_skip: int = Field(ge=0)
    after_skip: int = Field(ge=0)
    output_layers: int = Field(ge=0)
    largest: float = Field(gt=0)


class ScoreLangevinSettings(Settings):
    """How the model is built and trained.

    :param device: that the training runs on; 'cuda' is a GPU. What comes out runs on any.
    :param precision: of the numbers in the layers while they learn. 'bfloat16' is for GPUs;
        crystals, sums of noise and weights keep theirs.
    :param symmetry_tolerance: of positions, for which sites are equivalent, in Å.
    :param noise: that is added to crystals, and removed again.
    :param architecture: which network learns to remove it.
    :param network: the one that sums tensors at sites.
    :param triplets: the one that sees triplets of atoms.
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

    device: Device = 'cpu'
    precision: Literal['single', 'bfloat16'] = 'single'
    symmetry_tolerance: float = Field(gt=0)
    noise: NoiseSettings
    architecture: Literal['tensors', 'triplets'] = 'tensors'
    network: ScoreNetworkSettings
    triplets: TripletNetworkSettings | None = None
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

    @model_validator(mode='after')
    def _has_layers(self) -> ScoreLangevinSettings:
        if self.architecture == 'triplets' and self.triplets is None:
            raise ValueError("'architecture' is 'triplets', but there are no settings 'triplets'")
        return self

    @property
    def layers(self) -> ScoreNetworkSettings | TripletNetworkSettings:
        """The settings of the network of this architecture."""
        if self.architecture == 'triplets' and self.triplets is not None:
            return self.triplets
        return self.network

    def to_dict(self) -> dict[str, Any]:
        """Return what a model depends on, as its checkpoint keeps it."""
        unused = {'device'} | ({'triplets'} if self.architecture == 'tensors' else set())
        # so that models of the first architecture are the same files as before there were two
        return self.model_dump(mode='json', exclude=unused, exclude_defaults=True)
