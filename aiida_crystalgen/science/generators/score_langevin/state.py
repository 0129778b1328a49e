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
from aiida_crystalgen.science.generators.score_langevin.architectures import NoiseNetwork
from aiida_crystalgen.science.generators.score_langevin.settings import ScoreLangevinSettings

__all__ = ('CURVES', 'METHOD', 'TrainingState')

METHOD = 'score_langevin'
CURVES = ('positions', 'cells')  # of training and of validation, in this order

_AVERAGE = 'average.'


class TrainingState:
    """A training between two epochs. Random numbers are functions of the seed and the epoch.

    :param settings: of the training.
    :param seed: of the training.
    :param network: with its weights of now.
    :param average: the same network, with the average of the weights so far.
    """

    def __init__(
        self,
        settings: ScoreLangevinSettings,
        seed: int,
        network: NoiseNetwork,
        average: NoiseNetwork,
    ) -> None:
        self.settings = settings
        self.network = network
        self.average = average
        self.optimizer = torch.optim.AdamW(
            network.parameters(),
            lr=settings.learning_rate,
            weight_decay=settings.weight_decay,
            fused=True,
        )
        self.losses = np.empty((settings.epochs, 2, len(CURVES)))
        self.epochs = 0
        self._training: dict[str, Any] = {
            'settings': settings.to_dict(),
            'seed': seed,
        }

    @torch.no_grad()
    def take_average(self, step: int) -> None:
        """Move the averaged weights towards those of now.

        :param step: number of steps taken; the first ones count more, so that nothing of the
            random weights is left.
        """
        kept = min(self.settings.average, (1 + step) / (10 + step))
        pairs = zip(self.average.parameters(), self.network.parameters(), strict=True)
        for average, weight in pairs:
            average.lerp_(weight, 1 - kept)

    def capture(self) -> Checkpoint:
        """Return a copy of the state, whose summary counts the epochs."""
        arrays = {'losses': self.losses[: self.epochs].copy()}
        arrays |= optimization_arrays(self.network, self.optimizer)
        for name, tensor in self.average.state_dict().items():
            arrays[_AVERAGE + name] = tensor.cpu().numpy().copy()
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
        averages = {
            name.removeprefix(_AVERAGE): torch.from_numpy(np.array(array))
            for name, array in state.weights.items()
            if name.startswith(_AVERAGE)
        }
        self.average.load_state_dict(averages)
