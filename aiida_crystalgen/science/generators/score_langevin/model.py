"""A trained score model, ready for use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool

from aiida_crystalgen.science.checkpoint import Checkpoint
from aiida_crystalgen.science.generators.score_langevin.architectures import (
    NoiseNetwork,
    new_network,
)
from aiida_crystalgen.science.generators.score_langevin.noise import NoiseSchedule
from aiida_crystalgen.science.generators.score_langevin.scaling import CellScaling
from aiida_crystalgen.science.generators.score_langevin.settings import ScoreLangevinSettings
from aiida_crystalgen.science.generators.score_langevin.state import METHOD
from aiida_crystalgen.science.site_templates import SiteDistribution

__all__ = ('ScoreModel',)

_NETWORK = 'network.'


@dataclass(frozen=True)
class ScoreModel:
    """A network and what belongs to it.

    :param settings: of its training.
    :param network: in single precision.
    :param scaling: of cells.
    :param distribution: of the templates that it was trained on.
    :param seen: which elements the network has learned from, by atomic number minus one.
    """

    settings: ScoreLangevinSettings
    network: NoiseNetwork
    scaling: CellScaling
    distribution: SiteDistribution
    seen: Bool[np.ndarray, ' elements']

    @property
    def schedule(self) -> NoiseSchedule:
        """How much noise there is at each time."""
        return NoiseSchedule(self.settings.noise)

    @classmethod
    def from_checkpoint(cls, checkpoint: Checkpoint) -> ScoreModel:
        """Return the model that a checkpoint holds.

        :raises ValueError: if the checkpoint is of another method, or its weights do not fit.
        """
        checkpoint.require_method(METHOD)
        settings = ScoreLangevinSettings.parse(checkpoint.settings)
        network = new_network(settings)
        network.load_state_dict(_fitting(network, checkpoint.weights))
        return cls(
            settings=settings,
            network=network.eval(),
            scaling=CellScaling.from_weights(checkpoint.weights),
            distribution=SiteDistribution.from_weights(checkpoint.weights),
            seen=np.array(checkpoint.weights['seen']),
        )

    def to_weights(self) -> dict[str, np.ndarray]:
        """Return the arrays that a checkpoint keeps."""
        network = {
            _NETWORK + name: one.cpu().numpy().copy()
            for name, one in self.network.state_dict().items()
        }
        return {
            **network,
            **self.scaling.to_weights(),
            **self.distribution.to_weights(),
            'seen': self.seen,
        }


def _fitting(network: NoiseNetwork, weights: Mapping[str, np.ndarray]) -> dict[str, torch.Tensor]:
    """Return the weights of the network.

    :raises ValueError: if they are missing, or have other shapes.
    """
    expected = {name: tuple(one.shape) for name, one in network.state_dict().items()}
    for name, shape in expected.items():
        found = weights.get(_NETWORK + name)
        if found is None or found.shape != shape:
            raise ValueError(
                f"the weights of the checkpoint do not fit its settings: '{_NETWORK}{name}' has "
                f'shape {None if found is None else found.shape} instead of {shape}'
            )
    if 'seen' not in weights:
        raise ValueError("the checkpoint lacks 'seen'; train it again")
    return {name: torch.tensor(np.array(weights[_NETWORK + name])) for name in expected}
