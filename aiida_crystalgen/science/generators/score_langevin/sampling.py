"""Crystals from noise: the noise that the network finds is removed step by step."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from jaxtyping import Bool, Float, Int, UInt64
from pydantic import Field
from scipy.special import ndtri
from torch import Tensor

from aiida_crystalgen.science.determinism import single_threaded
from aiida_crystalgen.science.generators.score_langevin.batch import CrystalNumbers, TemplateBatch
from aiida_crystalgen.science.generators.score_langevin.devices import found_device
from aiida_crystalgen.science.generators.score_langevin.model import ScoreModel
from aiida_crystalgen.science.generators.score_langevin.settings import Device
from aiida_crystalgen.science.progress import Progress, silent
from aiida_crystalgen.science.settings import Settings
from aiida_crystalgen.science.symmetric_crystals import SiteTemplates, SymmetricCrystals
from aiida_crystalgen.science.symmetry.random_numbers import fold, root_key, uniform

__all__ = ('Samples', 'SamplingSettings', 'row_keys', 'sample_crystals')

_SITES, _CELLS = 0, 1  # streams of random numbers
_LEAST_BATCH = 8  # crystals; products of matrices with very few rows are rounded differently
_FARTHEST = 6.0  # standard deviations that a cell may have from what is usual


class SamplingSettings(Settings):
    """How noise is removed.

    :param sampler: 'annealed_langevin' takes Langevin steps at ever lower noise; 'predictor' goes
        from each level of noise to the next one first.
    :param levels: of noise, from the most to the least.
    :param corrections: Langevin steps at each level.
    :param correction_size: of a Langevin step, in variances of the noise of its level.
    :param temperature: factor of the variance of the random part of Langevin steps.
    :param freshness: share of the noise that the predictor replaces by new noise: 0 follows the
        probability flow, 1 is ancestral sampling.
    :param batch_size: crystals at once.
    :param device: that the network runs on; 'cuda' is a GPU, whose crystals differ by rounding.
    """

    sampler: Literal['annealed_langevin', 'predictor']
    levels: int = Field(gt=1)
    corrections: int = Field(ge=0)
    correction_size: float = Field(gt=0, lt=1)
    temperature: float = Field(ge=0, le=1)
    freshness: float = Field(ge=0, le=1)
    batch_size: int = Field(gt=0)
    device: Device = 'cpu'


@dataclass(frozen=True)
class Samples:
    """Crystals that were made from noise.

    :param crystals: one for each template.
    :param collapsed: which cells ran away, so that the crystal means nothing.
    """

    crystals: SymmetricCrystals
    collapsed: Bool[np.ndarray, ' crystals']


def sample_crystals(
    model: ScoreModel,
    templates: SiteTemplates,
    rows: Int[np.ndarray, ' crystals'],
    settings: SamplingSettings,
    *,
    seed: int,
    progress: Progress = silent,
) -> Samples:
    """Return a crystal for each template.

    It depends on template, settings, seed and row alone.

    :param rows: number of each crystal, of which its random numbers are a function.
    :raises ValueError: if there is no such device.
    """
    device = found_device(settings.device)
    parameters, cells = np.zeros((len(templates.letters), 3)), np.zeros((len(templates), 6))
    lattices = np.zeros((len(templates), 3, 3))
    bounds = np.concatenate([[0], np.cumsum(templates.orbit_counts)])
    for start in range(0, len(templates), settings.batch_size):
        stop = min(start + settings.batch_size, len(templates))
        chosen = np.arange(start, max(stop, start + _LEAST_BATCH)).clip(max=stop - 1)
        batch = TemplateBatch.of(templates.select(chosen), model.scaling, device)
        run = Sampling(model, batch, settings, row_keys(rows[chosen], seed))
        with single_threaded(), torch.inference_mode():
            *_, (_, final) = run.states()
            cells[start:stop] = final.cells[: stop - start].cpu().numpy()
            lattices[start:stop] = batch.lattices(final.cells)[: stop - start].cpu().numpy()
        sites = int(bounds[stop] - bounds[start])
        parameters[bounds[start] : bounds[stop]] = final.parameters[:sites].cpu().numpy()
        progress(stop, len(templates), 'denoised')
    crystals = SymmetricCrystals(
        space_groups=templates.space_groups,
        orbit_counts=templates.orbit_counts,
        atomic_numbers=templates.atomic_numbers,
        letters=templates.letters,
        parameters=parameters,
        lattices=lattices,
        rows=rows,
    )
    return Samples(crystals, np.abs(cells).max(axis=1) >= _FARTHEST)


def row_keys(rows: Int[np.ndarray, ' rows'], seed: int) -> UInt64[np.ndarray, ' rows']:
    """Return the keys of the random numbers of rows."""
    return fold(root_key(seed, 0), rows)


class Sampling:
    """The way of one batch from noise to crystals.

    :param keys: of the random numbers of each crystal.
    """

    def __init__(
        self,
        model: ScoreModel,
        batch: TemplateBatch,
        settings: SamplingSettings,
        keys: UInt64[np.ndarray, ' crystals'],
    ) -> None:
        self._network = model.network.to(batch.device)
        self._schedule, self._batch = model.schedule, batch
        self._settings, self._keys = settings, keys
        owners = batch.layout.owners.cpu().numpy()
        self._site_keys = keys[owners]
        counts = np.bincount(owners, minlength=len(keys))
        self._places = np.arange(len(owners)) - np.repeat(np.cumsum(counts) - counts, counts)

    def states(self) -> Iterator[tuple[float | None, CrystalNumbers]]:
        """Yield the crystals at each level of noise with its time, and last without any noise."""
        settings = self._settings
        times = torch.linspace(1, 0, settings.levels, dtype=torch.float64).tolist()
        state, number = self._start(), 1
        for level, time in enumerate(times):
            if level and settings.sampler == 'predictor':
                state = self._predicted(state, times[level - 1], time, number)
                number += 1
            for _ in range(settings.corrections):
                state = self._corrected(state, time, number)
                number += 1
            yield time, state
        yield None, self._moved(state, self._noise(state, 0.0), 0.0, None)

    def _start(self) -> CrystalNumbers:
        """Return crystals of which nothing is decided but the template."""
        keys = fold(fold(self._site_keys, _SITES), self._places)
        parameters = self._placed(uniform(keys[:, None], np.arange(3)))
        free = self._batch.layout.tables.maps[
            self._batch.layout.tables.map_bounds[self._batch.layout.positions], :, :3
        ].any(dim=1)
        return CrystalNumbers(parameters * free, self._normal(0)[1])

    def _normal(self, number: int) -> tuple[Float[Tensor, 'sites 3'], Float[Tensor, 'crystals 6']]:
        """Return normal random numbers of the sites, as they may move, and of the cells."""
        sites = fold(fold(fold(self._site_keys, _SITES), number + 1_000_000), self._places)
        displacements = self._placed(ndtri(uniform(sites[:, None], np.arange(3))))
        cells = fold(fold(self._keys, _CELLS), number)
        coordinates = self._placed(ndtri(uniform(cells[:, None], np.arange(6))))
        return self._batch.freedoms.allowed(displacements), coordinates * self._batch.is_free

    def _placed(
        self, numbers: Float[np.ndarray, 'items numbers']
    ) -> Float[Tensor, 'items numbers']:
        """Return random numbers where the batch is."""
        return torch.from_numpy(numbers).to(self._batch.device)

    def _noise(self, state: CrystalNumbers, time: float) -> CrystalNumbers:
        """Return the noise that the network finds."""
        times = torch.full((len(self._batch),), time, dtype=torch.float64).to(self._batch.device)
        return self._batch.noise(self._network, self._schedule, state, times)

    def _predicted(
        self, state: CrystalNumbers, before: float, after: float, number: int
    ) -> CrystalNumbers:
        """Return crystals at a lower level of noise."""
        return self._moved(state, self._noise(state, before), before, (after, number))

    def _moved(
        self,
        state: CrystalNumbers,
        noise: CrystalNumbers,
        before: float,
        target: tuple[float, int] | None,
    ) -> CrystalNumbers:
        """Return crystals with less of the noise, or with none of it.

        :param target: time, and number of the step; None for no noise at all.
        """
        position, cell, shrinkage = self._deviations(before)
        if target is None:
            parameters = self._batch.freedoms.moved(state.parameters, -position * noise.parameters)
            return CrystalNumbers(
                parameters, self._bounded(state.cells / shrinkage - cell * noise.cells)
            )
        to_position, to_cell, to_shrinkage = self._deviations(target[0])
        sites, cells = self._normal(target[1])
        fresh = self._settings.freshness
        kept, new = _split(position, to_position, fresh)
        displacements = (kept - position) * noise.parameters + new * sites
        kept, new = _split(cell, to_cell, fresh)
        coordinates = state.cells / shrinkage + (kept - cell) * noise.cells + new * cells
        return CrystalNumbers(
            self._batch.freedoms.moved(state.parameters, displacements),
            self._bounded(coordinates * to_shrinkage),
        )

    def _corrected(self, state: CrystalNumbers, time: float, number: int) -> CrystalNumbers:
        """Return crystals after a Langevin step."""
        noise, (sites, cells) = self._noise(state, time), self._normal(number)
        position, cell, shrinkage = self._deviations(time)
        size = self._settings.correction_size
        spread = (2 * size * self._settings.temperature) ** 0.5
        displacements = position * (spread * sites - size * noise.parameters)
        coordinates = state.cells + cell * shrinkage * (spread * cells - size * noise.cells)
        return CrystalNumbers(
            self._batch.freedoms.moved(state.parameters, displacements), self._bounded(coordinates)
        )

    def _deviations(self, time: float) -> tuple[float, float, float]:
        """Return the deviations of positions and cells, and the shrinkage of the latter."""
        times = torch.tensor([time], dtype=torch.float64)
        schedule = self._schedule
        parts = (schedule.positions(times), schedule.cells(times), schedule.shrinkage(times))
        position, cell, shrinkage = (float(one) for one in parts)
        return position, cell, shrinkage

    def _bounded(self, cells: Float[Tensor, 'crystals 6']) -> Float[Tensor, 'crystals 6']:
        """Return coordinates that are numbers within bounds, so that every cell is one."""
        return cells.nan_to_num(_FARTHEST).clamp(-_FARTHEST, _FARTHEST)


def _split(before: float, after: float, fresh: float) -> tuple[float, float]:
    """Return how much of the old noise is kept, and how much new noise is added."""
    new = fresh * after * (1 - (after / before) ** 2) ** 0.5
    return (after**2 - new**2) ** 0.5, new
