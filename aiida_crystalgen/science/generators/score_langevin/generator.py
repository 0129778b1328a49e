"""Training of the score model, and crystals made from noise by it."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from jaxtyping import Int

from aiida_crystalgen.science.checkpoint import Checkpoint
from aiida_crystalgen.science.crystals import CrystalSet
from aiida_crystalgen.science.generators.interface import Course, Request
from aiida_crystalgen.science.generators.score_langevin.architectures import (
    NoiseNetwork,
    new_network,
)
from aiida_crystalgen.science.generators.score_langevin.conclusion import concluded
from aiida_crystalgen.science.generators.score_langevin.devices import found_device
from aiida_crystalgen.science.generators.score_langevin.examples import examples_of
from aiida_crystalgen.science.generators.score_langevin.film import film_proposal
from aiida_crystalgen.science.generators.score_langevin.model import ScoreModel
from aiida_crystalgen.science.generators.score_langevin.proposal import propose_crystals
from aiida_crystalgen.science.generators.score_langevin.settings import ScoreLangevinSettings
from aiida_crystalgen.science.generators.score_langevin.shipped import (
    shipped_card,
    shipped_content,
)
from aiida_crystalgen.science.generators.score_langevin.state import METHOD
from aiida_crystalgen.science.generators.score_langevin.training import train_network
from aiida_crystalgen.science.progress import Progress
from aiida_crystalgen.science.seeds import derive_seed

__all__ = ('ScoreLangevin', 'first_network')


class ScoreLangevin:
    """New crystals in given space groups, from noise that a network removes.

    Sultanov et al., arXiv:2310.10695 (2023): denoising of the inequivalent atoms and of the cell on
    a multigraph that holds the symmetry.
    """

    name = METHOD
    needs_training = True
    block_rows = 64
    takes_systems = 'as often as compounds of like elements have a formula'

    def shipped_content(self) -> bytes:
        """Return the content of the file of the model that comes with the package."""
        return shipped_content()

    def model_card(self) -> str:
        """Return what there is to know about that model."""
        return shipped_card()

    def train(
        self, training: CrystalSet, settings: dict[str, Any], *, seed: int, progress: Progress
    ) -> Checkpoint:
        """Return a model of the noise in crystals.

        :param settings: of `ScoreLangevinSettings`.
        :raises ValueError: if a setting is impossible, or the crystals are too few.
        """
        return self.resume_training(training, settings, Course(), seed=seed, progress=progress)

    def resume_training(
        self,
        training: CrystalSet,
        settings: dict[str, Any],
        course: Course,
        *,
        seed: int,
        progress: Progress,
    ) -> Checkpoint:
        """Return what ``train`` would, from where the course begins.

        :raises ValueError: as ``train`` does, if the state belongs to another training, the model
            to start from has other layers, or there is no such device.
        """
        parsed = ScoreLangevinSettings.parse(settings)
        network = first_network(parsed, course, seed)
        examples = examples_of(training, parsed, seed)
        trained = train_network(network, examples, parsed, course, seed=seed, progress=progress)
        return concluded(trained, examples, parsed, seed)

    def propose(
        self, checkpoint: Checkpoint | None, request: Request, *, seed: int, progress: Progress
    ) -> CrystalSet:
        """Return crystals made from noise, rejected ones with a reason.

        Columns are those of ``propose_crystals``. The request's ``proposing`` holds the settings
        `ScoreLangevinProposing`.

        :raises ValueError: if there is no checkpoint, it is of another method, or nothing can
            fulfil the request.
        """
        rows = np.arange(request.candidates)
        return self.propose_rows(checkpoint, request, rows, seed=seed, progress=progress)

    def propose_rows(
        self,
        checkpoint: Checkpoint | None,
        request: Request,
        rows: Int[np.ndarray, ' rows'],
        *,
        seed: int,
        progress: Progress,
    ) -> CrystalSet:
        """Return these rows of what ``propose`` would.

        :param rows: in ascending order, at least one.
        :raises ValueError: as ``propose`` does.
        """
        if checkpoint is None:
            raise ValueError(f'{self.name} proposes from a checkpoint, but there is none; train it')
        model = ScoreModel.from_checkpoint(checkpoint)
        return propose_crystals(model, request, rows, seed=seed, progress=progress)

    def film(
        self, checkpoint: Checkpoint, request: Request, row: int, *, seed: int, frames: int
    ) -> CrystalSet:
        """Return one row of what ``propose`` would on its way from noise.

        :param frames: number of crystals, at least two, of which the last is that row.
        :raises ValueError: as ``propose`` does.
        """
        model = ScoreModel.from_checkpoint(checkpoint)
        return film_proposal(model, request, row, seed=seed, frames=frames)

    def space_group_counts(self, checkpoint: Checkpoint) -> Int[np.ndarray, ' groups']:
        """Return how many of the compounds learned from have each space group, from 0 to 230.

        :raises ValueError: if the checkpoint is of another method.
        """
        known = ScoreModel.from_checkpoint(checkpoint).distribution
        counts = np.zeros(231, dtype=np.int64)
        np.add.at(counts, known.groups, known.compound_counts)
        return counts


def first_network(settings: ScoreLangevinSettings, course: Course, seed: int) -> NoiseNetwork:
    """Return a network with the weights that a training begins from, on its device.

    :raises ValueError: if there is no such device, or the model to start from has other layers.
    """
    device = found_device(settings.device)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derive_seed(seed, 'weights'))  # layers take no generator
        network = new_network(settings)
    if course.start is not None:
        start = ScoreModel.from_checkpoint(course.start)
        _require_same_layers(start.settings, settings)
        network.load_state_dict(start.network.state_dict())
    return network.to(device)


def _require_same_layers(start: ScoreLangevinSettings, settings: ScoreLangevinSettings) -> None:
    """Raise if a model to start from has other layers.

    :raises ValueError: naming the first setting that differs.
    """
    part = 'network' if settings.architecture == 'tensors' else settings.architecture
    pairs = [('architecture', start.architecture, settings.architecture)]
    if start.architecture == settings.architecture:
        for name, value in settings.layers:
            pairs.append((f'{part}.{name}', getattr(start.layers, name), value))
    for name, before, now in pairs:
        if before != now:
            raise ValueError(
                f"the model to start from has other settings of '{name}'; keep them, or train "
                'without it'
            )
