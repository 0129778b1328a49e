"""The search for many targets at once: all trials of all of them are one batch."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Bool

from aiida_crystalgen.science.reconstruction.descent import Adam
from aiida_crystalgen.science.reconstruction.loss import Objective
from aiida_crystalgen.science.reconstruction.population import Population
from aiida_crystalgen.science.reconstruction.settings import ReconstructionSettings
from aiida_crystalgen.science.reconstruction.variables import CrystalBatch, Variables

__all__ = ('search',)

_LOOK = 10  # steps between two looks at which targets a trial is close to


def search(populations: Sequence[Population], settings: ReconstructionSettings) -> None:
    """Improve the trials of all targets, hop by hop, until each is found or the hops are over."""
    for hop in range(settings.hops):
        active = [one for one in populations if not one.is_found]
        if not active:
            return
        if hop > 0:
            for one in active:
                one.renew(hop)
        _Hop(active, settings).run(hop)
        for one in active:
            one.polish()


class _Hop:
    """One descent of all trials of several targets.

    :param populations: whose trials descend from where they are.
    """

    def __init__(self, populations: Sequence[Population], settings: ReconstructionSettings) -> None:
        self._populations, self._settings = populations, settings
        self._batch = CrystalBatch.of(
            [one.starts for one in populations],
            [one.problem.numbers for one in populations],
            [one.problem.freedom for one in populations],
        )
        point = Variables(
            torch.cat([one.point.displacements for one in populations]),
            torch.cat([one.point.strains for one in populations]),
        )
        objective = Objective.of_all([one.objective(len(one.losses)) for one in populations])
        self._adam = Adam(objective, self._batch, point, settings)
        self._targets = np.repeat(
            np.arange(len(populations)), [len(one.losses) for one in populations]
        )
        self._alive = np.arange(len(self._targets))
        self._found, self._losses = point, np.full(len(self._targets), np.inf)

    def run(self, hop: int) -> None:
        """Take all steps, and let the populations take the best points."""
        settings = self._settings
        for step in range(1, settings.steps + 1):
            self._adam.step()
            for target in np.unique(self._targets[self._alive]).tolist():
                self._populations[target].steps += 1
            is_kept = np.ones(len(self._alive), dtype=bool)
            if step % _LOOK == 0:
                is_kept &= ~self._is_finished()
            if step == settings.race_steps:
                is_kept &= self._is_ahead()
            if not is_kept.all():
                self._drop(is_kept)
            if len(self._alive) == 0:
                break
        self._drop(np.zeros(len(self._alive), dtype=bool))
        for target, population in enumerate(self._populations):
            chosen = self._targets == target
            found = self._found.select(torch.tensor(chosen), self._batch.owners)
            population.take(found, self._losses[chosen], hop)

    def _is_finished(self) -> Bool[np.ndarray, ' alive']:
        """Return which trials are of targets that one trial is close to."""
        losses = self._adam.losses.numpy()
        targets = self._targets[self._alive]
        limits = np.array([one.promising for one in self._populations])
        finished = np.unique(targets[losses < limits[targets]])
        return np.isin(targets, finished)

    def _is_ahead(self) -> Bool[np.ndarray, ' alive']:
        """Return which trials are among the best of their target."""
        losses, targets = self._adam.losses.numpy(), self._targets[self._alive]
        order = np.lexsort((losses, targets))
        first = np.searchsorted(targets[order], targets[order])
        ahead = np.empty(len(order), dtype=bool)
        ahead[order] = np.arange(len(order)) - first < self._settings.race_survivors
        return ahead

    def _drop(self, is_kept: Bool[np.ndarray, ' alive']) -> None:
        """Note down the best points of the trials that are not kept, and go on without these."""
        dropped = self._alive[~is_kept]
        self._losses[dropped] = self._adam.losses.numpy()[~is_kept]
        is_dropped = torch.zeros(len(self._losses), dtype=torch.bool)
        is_dropped[dropped] = True
        parts = self._adam.best.select(torch.tensor(~is_kept), self._adam.batch.owners)
        self._found = self._found.filled(is_dropped, parts, self._batch.owners)
        self._alive = self._alive[is_kept]
        self._adam.select(torch.tensor(is_kept))
