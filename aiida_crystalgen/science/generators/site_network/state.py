"""All that the rest of a training depends on, so that one that was cut short can go on."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from aiida_crystalgen.science.checkpoint import Checkpoint
from aiida_crystalgen.science.generators.optimization import (
    optimization_arrays,
    restore_optimization,
)
from aiida_crystalgen.science.generators.site_network.network import SiteClassifier
from aiida_crystalgen.science.generators.site_network.settings import SiteNetworkSettings

__all__ = ('CURVES', 'METHOD', 'TrainingState')

METHOD = 'site_network'
CURVES = ('sigmoid', 'softmax', 'error')  # of training and of validation, in this order


class TrainingState:
    """A training between two epochs. Random numbers are functions of the seed and the epoch.

    :param settings: of the training.
    :param seed: of the training.
    :param network: with its weights of now.
    :param optimizer: of the weights, with its moments.
    """

    def __init__(
        self,
        settings: SiteNetworkSettings,
        seed: int,
        network: SiteClassifier,
        optimizer: torch.optim.Optimizer,
    ) -> None:
        self.settings = settings
        self.network = network
        self.optimizer = optimizer
        self.losses = np.empty((settings.epochs, 2, len(CURVES)))
        self.epochs = 0
        self._training: dict[str, Any] = {
            'settings': settings.model_dump(mode='json'),
            'seed': seed,
        }

    def capture(self) -> Checkpoint:
        """Return a copy of the state, whose summary counts the epochs."""
        arrays = {'losses': self.losses[: self.epochs].copy()}
        arrays |= optimization_arrays(self.network, self.optimizer)
        summary = {
            'done': self.epochs,
            'total': self.settings.epochs,
            'seed': self._training['seed'],
        }
        return Checkpoint(METHOD, arrays, self._training['settings'], summary)

    def restore(self, state: Checkpoint) -> None:
        """Take the place of the training that the state was captured from.

        :raises ValueError: if that was a training with other settings or another seed.
        """
        state.require_training(METHOD, **self._training)
        self.epochs = len(state.weights['losses'])
        self.losses[: self.epochs] = state.weights['losses']
        restore_optimization(self.network, self.optimizer, state.weights)
