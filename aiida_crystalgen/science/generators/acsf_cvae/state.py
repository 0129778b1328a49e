"""All that the rest of a training depends on, so that one that was cut short can go on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import nn

from aiida_crystalgen.science.checkpoint import Checkpoint
from aiida_crystalgen.science.generators.acsf_cvae.model import METHOD
from aiida_crystalgen.science.generators.acsf_cvae.settings import AcsfCvaeSettings
from aiida_crystalgen.science.generators.optimization import (
    optimization_arrays,
    restore_optimization,
)

__all__ = ('Stage', 'TrainingState')


@dataclass(frozen=True)
class Stage:
    """A network on its way through its epochs.

    :param network: with its weights of now.
    :param optimizer: of these, with its moments.
    :param losses: a row for each epoch of the training.
    """

    network: nn.Module
    optimizer: torch.optim.Optimizer
    losses: Float[np.ndarray, 'epochs parts']

    def arrays(self, epochs: int) -> dict[str, np.ndarray]:
        """Return copies of everything after so many epochs of this stage."""
        arrays = optimization_arrays(self.network, self.optimizer)
        return {'losses': self.losses[:epochs].copy(), **arrays}

    def restore(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Take over what ``arrays`` returned."""
        self.losses[: len(arrays['losses'])] = arrays['losses']
        restore_optimization(self.network, self.optimizer, arrays)


class TrainingState:
    """A training between two epochs.

    :param settings: of the training.
    :param seed: of the training.
    :param stages: by name, in the order in which they are trained.
    :param generator: of all random numbers.
    """

    def __init__(
        self,
        settings: AcsfCvaeSettings,
        seed: int,
        stages: Mapping[str, Stage],
        generator: torch.Generator,
    ) -> None:
        self.stages = stages
        self.generator = generator
        self.epochs = 0
        self._training: dict[str, Any] = {
            'settings': settings.model_dump(mode='json'),
            'seed': seed,
        }

    @property
    def total(self) -> int:
        """Number of epochs of all stages."""
        return sum(len(stage.losses) for stage in self.stages.values())

    def capture(self) -> Checkpoint:
        """Return a copy of the state, whose summary counts the epochs of all stages."""
        arrays = {'generator': self.generator.get_state().numpy().copy()}
        done = self.epochs
        for name, stage in self.stages.items():
            of_stage = min(done, len(stage.losses))
            done -= of_stage
            arrays.update({f'{name}.{key}': one for key, one in stage.arrays(of_stage).items()})
        summary = {'done': self.epochs, 'total': self.total, 'seed': self._training['seed']}
        return Checkpoint(METHOD, arrays, self._training['settings'], summary)

    def restore(self, state: Checkpoint) -> None:
        """Take the place of the training that the state was captured from.

        :raises ValueError: if that was a training with other settings, crystals or another seed.
        """
        of_state = {'settings': dict(state.settings), 'seed': state.summary.get('seed')}
        if state.method != METHOD or of_state != self._training or not self._fits(state):
            raise ValueError(
                f'the state to go on from belongs to a training of {state.method} with other '
                'settings, elements or another seed; train from the beginning'
            )
        self.epochs = int(state.summary['done'])
        self.generator.set_state(torch.from_numpy(np.array(state.weights['generator'])))
        for name, stage in self.stages.items():
            stage.restore(_below(f'{name}.', state.weights))

    def _fits(self, state: Checkpoint) -> bool:
        """Return whether the weights of a state have the shapes of these networks."""
        expected = {
            f'{name}.network.{key}': tuple(tensor.shape)
            for name, stage in self.stages.items()
            for key, tensor in stage.network.state_dict().items()
        }
        return all(
            name in state.weights and state.weights[name].shape == shape
            for name, shape in expected.items()
        )


def _below(prefix: str, arrays: Mapping[str, Any]) -> dict[str, Any]:
    """Return the entries whose names start with a prefix, without it."""
    return {
        name.removeprefix(prefix): one for name, one in arrays.items() if name.startswith(prefix)
    }
