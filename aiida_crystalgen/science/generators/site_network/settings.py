"""What can be chosen about the network of sites, its training and its use."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from aiida_crystalgen.science.fingerprints.sites.settings import SiteSettings
from aiida_crystalgen.science.settings import Settings

__all__ = (
    'ConvolutionalEncoder',
    'InvariantEncoder',
    'LearningRate',
    'SiteNetworkSettings',
)

Widths = Annotated[tuple[Annotated[int, Field(gt=0)], ...], Field(min_length=1)]


class InvariantEncoder(Settings):
    """Fully connected layers over what hardly changes when a crystal is turned.

    :param scalars: principal components of the mean fingerprint of each set of perspectives.
    :param vectors: principal components of their differences, each a vector.
    :param floor: values are divided by their standard deviation plus this share of the largest one
        before components are looked for.
    :param lengths: combinations of the vectors whose lengths go into the network.
    :param hidden: widths of the layers.
    """

    scalars: int = Field(gt=0)
    vectors: int = Field(gt=0)
    floor: float = Field(gt=0)
    lengths: int = Field(gt=0)
    hidden: Widths


class ConvolutionalEncoder(Settings):
    """Convolutions along the distance, the perspectives being the channels.

    :param channels: of each stage.
    :param layers: convolutions in each stage, of which the first makes the table shorter.
    :param kernel: width of the convolutions, an odd number of points.
    :param stride: by which each stage makes the table shorter.
    """

    channels: Widths
    layers: int = Field(gt=0)
    kernel: int = Field(gt=0)
    stride: int = Field(gt=0)


class LearningRate(Settings):
    """The learning rate of Adam, step by step.

    :param first: at the first step.
    :param growth: by which it grows with each step.
    :param highest: at which it stops to grow.
    :param last: to which it falls.
    :param fall: 'cosine' for half a wave from the highest to the last rate over the whole training,
        or 'sudden' for the last rate as soon as ``steps`` are done.
    :param steps: after which a sudden fall comes.
    """

    first: float = Field(ge=0)
    growth: float = Field(ge=0)
    highest: float = Field(gt=0)
    last: float = Field(ge=0)
    fall: Literal['cosine', 'sudden']
    steps: int = Field(ge=0)


class SiteNetworkSettings(Settings):
    """How the network is built and trained.

    :param sites: of the fingerprints of sites.
    :param symmetry_tolerance: of positions, for which sites are equivalent, in Å.
    :param jitter: standard deviation of the random shift of each neighbour, in Å.
    :param epochs_per_orientation: passes through the sites after which all of them are turned at
        random and shaken anew.
    :param encoder: which of the two leads from fingerprints to the code.
    :param invariant: the one by what hardly changes when a crystal is turned.
    :param convolutional: the one by convolutions.
    :param latent: length of the code.
    :param reconstruction_weight: of the decoder's squared error; 0 leaves the decoder out.
    :param kl_weight: of the Kullback–Leibler divergence of the code from a normal distribution.
    :param kl_first: its weight at the first step.
    :param kl_growth: by which the weight grows with each step.
    :param sigmoid_hidden: widths of the layers from the code to the likelihood of each element.
    :param softmax_hidden: widths of the layers of the auxiliary classifier.
    :param softmax_sees: whether the auxiliary classifier is given the likelihoods alone, or the
        code as well.
    :param distance_functions: Gaussians that the nearest distance is spread over for the auxiliary
        classifier; 0 gives it the bare number.
    :param softmax_weight: of the loss of the auxiliary classifier.
    :param positive_weight: of the true element in the loss of the sigmoid.
    :param dropout: share of the hidden units that are left out at each step.
    :param weight_decay: strength of the L2 regularization.
    :param oversampling: sites of an element are drawn in proportion to its number of sites to the
        power of one minus this; 0 draws all sites alike, 1 all elements.
    :param validation: share of the compositions that the training is watched on.
    :param test: share of the compositions that are kept apart for tests.
    :param epochs: passes through as many sites as there are to learn from.
    :param batch_size: sites per step of the optimizer.
    :param learning_rate: of Adam.
    :param evaluation_orientations: random orientations that likelihoods are averaged over.
    :param evaluation_sites: of the validation and of the test compositions, at most, that the
        likelihoods are calibrated and judged by after the training.
    :param volume_ridge: strength of the regularization of the volume model, in crystals.
    """

    sites: SiteSettings
    symmetry_tolerance: float = Field(gt=0)
    jitter: float = Field(ge=0)
    epochs_per_orientation: int = Field(gt=0)
    encoder: Literal['invariant', 'convolutional']
    invariant: InvariantEncoder
    convolutional: ConvolutionalEncoder
    latent: int = Field(gt=0)
    reconstruction_weight: float = Field(ge=0)
    kl_weight: float = Field(ge=0)
    kl_first: float = Field(ge=0)
    kl_growth: float = Field(ge=0)
    sigmoid_hidden: Widths
    softmax_hidden: Widths
    softmax_sees: Literal['likelihoods', 'code']
    distance_functions: int = Field(ge=0)
    softmax_weight: float = Field(ge=0)
    positive_weight: float = Field(gt=0)
    dropout: float = Field(ge=0, lt=1)
    weight_decay: float = Field(ge=0)
    oversampling: float = Field(ge=0, le=1)
    validation: float = Field(gt=0, lt=1)
    test: float = Field(ge=0, lt=1)
    epochs: int = Field(gt=0)
    batch_size: int = Field(gt=1)
    learning_rate: LearningRate
    evaluation_orientations: int = Field(gt=0)
    evaluation_sites: int = Field(gt=0)
    volume_ridge: float = Field(gt=0)

    @model_validator(mode='after')
    def _leaves_something(self) -> SiteNetworkSettings:
        if self.validation + self.test >= 1:
            raise ValueError("'validation' and 'test' leave nothing to train on")
        if self.encoder == 'invariant' and self.reconstruction_weight > 0:
            raise ValueError(
                "only a convolutional encoder has a decoder; set 'reconstruction_weight' to 0"
            )
        return self
