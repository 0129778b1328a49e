"""A crystal on its way from noise, for people to look at."""

from __future__ import annotations

import numpy as np
import torch

from aiida_crystalgen.science.crystals import Column, CrystalSet, concatenate
from aiida_crystalgen.science.determinism import single_threaded
from aiida_crystalgen.science.generators.interface import Request
from aiida_crystalgen.science.generators.score_langevin.batch import CrystalNumbers, TemplateBatch
from aiida_crystalgen.science.generators.score_langevin.devices import found_device
from aiida_crystalgen.science.generators.score_langevin.model import ScoreModel
from aiida_crystalgen.science.generators.score_langevin.proposal import (
    asked_of,
    propose_crystals,
)
from aiida_crystalgen.science.generators.score_langevin.sampling import Sampling, row_keys
from aiida_crystalgen.science.progress import silent
from aiida_crystalgen.science.symmetric_crystals import SiteTemplates, SymmetricCrystals

__all__ = ('film_proposal',)

_COPIES = 8  # as many as make a batch in which numbers are rounded as in any other


def film_proposal(
    model: ScoreModel, request: Request, row: int, *, seed: int, frames: int
) -> CrystalSet:
    """Return a row of a proposal on its way, the last crystal being that row.

    The column ``noise`` is the standard deviation of the noise of the positions in Å, falling to 0.

    :param frames: number of crystals, evenly spread over the levels of noise, at least two.
    :raises ValueError: if there are fewer frames, or as `asked_of` does.
    """
    if frames < 2:
        raise ValueError(f"'frames' is {frames}: a film has a beginning and an end, two at least")
    rows = np.array([row])
    proposed = propose_crystals(model, request, rows, seed=seed, progress=silent)
    asked = asked_of(model, request, rows, int(proposed['attempts'][0]), seed=seed)
    copies = asked.templates.select(np.zeros(_COPIES, dtype=np.int64))
    batch = TemplateBatch.of(copies, model.scaling, found_device(asked.proposing.sampling.device))
    keys = row_keys(np.repeat(rows, _COPIES), asked.seed)
    with single_threaded(), torch.inference_mode():
        states = list(Sampling(model, batch, asked.proposing.sampling, keys).states())
        chosen = np.linspace(0, len(states) - 1, frames).round().astype(np.int64)
        pictures = [_picture(model, batch, asked.templates, *states[one]) for one in chosen]
    return concatenate(pictures)


def _picture(
    model: ScoreModel,
    batch: TemplateBatch,
    templates: SiteTemplates,
    time: float | None,
    numbers: CrystalNumbers,
) -> CrystalSet:
    """Return the first crystal of a batch as it is now.

    :param time: of its noise; None if it has none.
    """
    lattice = batch.lattices(numbers.cells)[:1].cpu().numpy()
    noise = 0.0
    if time is not None:
        deviation = model.schedule.positions(torch.tensor([time], dtype=torch.float64))
        noise = float(deviation) * float(np.cbrt(np.linalg.det(lattice[0])))
    crystal = SymmetricCrystals(
        space_groups=templates.space_groups,
        orbit_counts=templates.orbit_counts,
        atomic_numbers=templates.atomic_numbers,
        letters=templates.letters,
        parameters=numbers.parameters[: len(templates.letters)].cpu().numpy(),
        lattices=lattice,
        rows=np.zeros(1, dtype=np.int64),
    )
    return crystal.to_crystals().with_columns(noise=Column(np.array([noise]), 'Å'))
