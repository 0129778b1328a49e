"""The trials of one target: which crystals they start from, and how good they have become."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int, UInt64
from torch import Tensor

from aiida_crystalgen.science.reconstruction.loss import Objective
from aiida_crystalgen.science.reconstruction.polish import polish
from aiida_crystalgen.science.reconstruction.settings import ReconstructionSettings
from aiida_crystalgen.science.reconstruction.sources import Source
from aiida_crystalgen.science.reconstruction.starts import Starts, swapped
from aiida_crystalgen.science.reconstruction.targets import DifferentiableFingerprint
from aiida_crystalgen.science.reconstruction.variables import (
    CellFreedom,
    CrystalBatch,
    Variables,
)
from aiida_crystalgen.science.symmetry.random_numbers import fold, uniform

__all__ = ('Best', 'Population', 'Problem')

_DRAW, _HOP, _ACCEPT = range(3)  # streams of a target's random numbers
_FAR_BELOW = 0.5  # a crystal that was polished already does not cut descents short
_DIGITS = 9  # of losses, to which those of equal crystals agree
_AT_ONCE = 2048  # atoms of random crystals whose fingerprints are computed together


@dataclass(frozen=True)
class Problem:
    """One target.

    :param wanted: its fingerprint.
    :param scales: what differences are divided by; None if random crystals tell.
    :param numbers: atomic numbers of its atoms.
    :param source: of random crystals.
    :param freedom: what of the cell may change.
    :param key: of its random numbers.
    """

    wanted: Float[np.ndarray, ' features']
    scales: Float[np.ndarray, ' features'] | None
    numbers: Int[np.ndarray, ' atoms']
    source: Source
    freedom: CellFreedom
    key: UInt64[np.ndarray, ' 1']


@dataclass(frozen=True)
class Best:
    """The best crystal of a target so far.

    :param start: the one start that it came from.
    :param variables: how far it is from there.
    """

    start: Starts
    variables: Variables
    loss: float


class Population:
    """All trials of a target.

    :param problem: the target.
    :param fingerprint: that crystals are compared by.
    """

    def __init__(
        self,
        problem: Problem,
        fingerprint: DifferentiableFingerprint,
        settings: ReconstructionSettings,
    ) -> None:
        self.problem, self._fingerprint, self._settings = problem, fingerprint, settings
        self.drawn = self.steps = 0
        random, features = self._random(settings.trials * settings.draws)
        self.scales = self._scales(features) if problem.scales is None else problem.scales
        self.starts = random.select(self._screened(features, settings.trials))
        self._atoms, trials = len(problem.numbers), len(self.starts.slots)
        self.losses = np.full(trials, np.inf)
        self.point = Variables.zeros(trials * self._atoms, trials)
        self._before = (self.starts, self.point)
        self.best = Best(self.starts.select(np.array([0])), self._of_trial(self.point, 0), np.inf)
        self._polished = np.inf

    @property
    def is_found(self) -> bool:
        """Whether the search for this target may end."""
        return self.best.loss < self._settings.stop_below

    @property
    def promising(self) -> float:
        """Loss below which a trial is worth polishing at once: far below that of the best."""
        return min(self._settings.polish_below, _FAR_BELOW * self.best.loss)

    def objective(self, trials: int) -> Objective:
        """Return what is minimised by so many trials."""
        wanted, scales = torch.tensor(self.problem.wanted), torch.tensor(self.scales)
        form = self._settings.loss
        repeated = [one.repeat(trials, 1) for one in (wanted, scales)]
        return Objective(self._fingerprint, form, *repeated)

    def take(self, variables: Variables, losses: Float[np.ndarray, ' trials'], hop: int) -> None:
        """Accept the points that a descent led to, or go back to those before."""
        row = int(losses.argmin())
        if losses[row] < self.best.loss:
            start = self.starts.select(np.array([row]))
            self.best = Best(start, self._of_trial(variables, row), float(losses[row]))
        draws = uniform(fold(fold(self.problem.key, _ACCEPT), hop), np.arange(len(losses)))
        limits = self.losses * (1 - self._settings.temperature * np.log(draws))
        rejected = np.flatnonzero(~(losses < limits))
        self.losses[losses < limits] = losses[losses < limits]
        is_rejected = torch.tensor(~(losses < limits))
        self.point = variables.where(is_rejected, self._before[1], self._owners())
        self.starts.replace(rejected, self._before[0].select(rejected))

    def renew(self, hop: int) -> None:
        """Replace the trials with the highest losses, and change the others at random."""
        self._before = (self.starts, self.point)
        keys = fold(fold(self.problem.key, _HOP), hop)
        trials = len(self.losses)
        trial_keys = fold(keys, np.arange(trials))
        is_swapped = uniform(fold(trial_keys, 0), 0) < self._settings.swaps
        self.starts = swapped(self.starts, self.problem.numbers, fold(trial_keys, 1), is_swapped)
        self._displace(fold(trial_keys, 2))
        order = np.argsort(self.losses, kind='stable')
        self._restart(order[trials - int(self._settings.restarts * trials) :])

    def polish(self) -> None:
        """Bring the best crystal closer to its minimum, unless that is done."""
        problem, best, steps = self.problem, self.best, self._settings.polish
        if best.loss >= self._polished or steps == 0:
            return
        batch = CrystalBatch.of([best.start], [problem.numbers], [problem.freedom])
        variables, loss, taken = polish(self.objective(1), batch, best.variables, steps)
        self.steps += taken
        if loss < best.loss:
            self.best = Best(best.start, variables, loss)
        self._polished = self.best.loss

    def _displace(self, keys: UInt64[np.ndarray, ' trials']) -> None:
        """Move all free parameters at random."""
        draws = uniform(keys[:, None], np.arange(3 * self._atoms)).reshape(-1, 3)
        moves = torch.tensor(self._settings.hop * (2 * draws - 1))
        self.point = Variables(self.point.displacements + moves, self.point.strains)

    def _restart(self, rows: Int[np.ndarray, ' rows']) -> None:
        """Put new random crystals in the place of these trials."""
        if len(rows) == 0:
            return
        random, features = self._random(len(rows) * self._settings.draws)
        chosen = self._screened(features, len(rows))
        rows = rows[: len(chosen)]
        self.starts.replace(rows, random.select(chosen))
        self.losses[rows] = np.inf
        is_new = np.zeros(len(self.losses), dtype=bool)
        is_new[rows] = True
        fresh = Variables.zeros(len(is_new) * self._atoms, len(is_new))
        self.point = self.point.where(torch.tensor(is_new), fresh, self._owners())

    def _owners(self) -> Int[Tensor, ' atoms']:
        """Return the number of the trial of each atom."""
        return torch.arange(len(self.losses)).repeat_interleave(self._atoms)

    def _of_trial(self, variables: Variables, row: int) -> Variables:
        """Return the variables of one trial."""
        chosen = torch.arange(len(self.losses)) == row
        return variables.select(chosen, self._owners())

    def _random(self, number: int) -> tuple[Starts, Float[np.ndarray, 'starts features']]:
        """Return the next random crystals, and their fingerprints."""
        keys = fold(fold(self.problem.key, _DRAW), np.arange(self.drawn, self.drawn + number))
        self.drawn += number
        starts = self.problem.source.draw(keys)
        size = max(1, _AT_ONCE // len(self.problem.numbers))
        features = []
        with torch.no_grad():
            for first in range(0, number, size):
                part = starts.select(np.arange(first, min(number, first + size)))
                batch = CrystalBatch.of([part], [self.problem.numbers], [self.problem.freedom])
                lattices, fractional = batch.crystals(
                    Variables.zeros(len(batch.owners), len(batch.counts))
                )
                features.append(
                    self._fingerprint(lattices, fractional, batch.numbers, batch.counts).numpy()
                )
        found, wanted = features[0].shape[1], len(self.problem.wanted)
        if found != wanted:
            raise ValueError(
                f'a target has {wanted} features, but the fingerprint of such a crystal has {found}'
            )
        return starts, np.concatenate(features)

    def _scales(
        self, features: Float[np.ndarray, 'starts features']
    ) -> Float[np.ndarray, ' features']:
        """Return the median deviation of random crystals from the target, or more if it is tiny."""
        deviations = np.median(np.abs(features - self.problem.wanted), axis=0)
        return np.maximum(deviations, max(self._settings.scale_floor * deviations.max(), 1e-12))

    def _screened(
        self, features: Float[np.ndarray, 'starts features'], number: int
    ) -> Int[np.ndarray, ' chosen']:
        """Return the rows with the lowest losses, of equal ones the first only."""
        differences = torch.tensor((features - self.problem.wanted) / self.scales)
        losses = self.objective(1).reduced(differences).numpy()
        _, first = np.unique(np.round(losses, _DIGITS), return_index=True)
        return first[:number]
