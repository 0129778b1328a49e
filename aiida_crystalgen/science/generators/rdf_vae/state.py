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
from aiida_crystalgen.science.generators.rdf_vae.model import METHOD
from aiida_crystalgen.science.generators.rdf_vae.network import Autoencoder
from aiida_crystalgen.science.generators.rdf_vae.settings import RdfVaeSettings

__all__ = ('TrainingState',)


class TrainingState:
    """A training between two epochs.

    :param settings: of the training.
    :param seed: of the training.
    :param network: with its weights of now.
    :param optimizer: of the weights, with its moments.
    :param generator: of all random numbers.
    """

    def __init__(
        self,
        settings: RdfVaeSettings,
        seed: int,
        network: Autoencoder,
        optimizer: torch.optim.Optimizer,
        generator: torch.Generator,
    ) -> None:
        self.settings = settings
        self.network = network
        self.optimizer = optimizer
        self.generator = generator
        self.losses = np.empty((settings.epochs, 4))
        self.epochs = 0
        self._training: dict[str, Any] = {
            'settings': settings.model_dump(mode='json'),
            'seed': seed,
        }

    def capture(self) -> Checkpoint:
        """Return a copy of the state, whose summary counts the epochs."""
        arrays = {
            'losses': self.losses[: self.epochs].copy(),
            'generator': self.generator.get_state().numpy().copy(),
        }
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
        arrays = state.weights
        self.epochs = len(arrays['losses'])
        self.losses[: self.epochs] = arrays['losses']
        self.generator.set_state(torch.from_numpy(np.array(arrays['generator'])))
        restore_optimization(self.network, self.optimizer, arrays)
