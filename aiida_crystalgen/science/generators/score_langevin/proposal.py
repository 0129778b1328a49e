"""Proposals: templates are drawn, and filled with what the network makes of noise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from ase.data import atomic_numbers
from jaxtyping import Int
from pydantic import Field

from aiida_crystalgen.science.crystals import Column, CrystalSet, concatenate
from aiida_crystalgen.science.generators.interface import Request
from aiida_crystalgen.science.generators.score_langevin.model import ScoreModel
from aiida_crystalgen.science.generators.score_langevin.sampling import (
    Samples,
    SamplingSettings,
    sample_crystals,
)
from aiida_crystalgen.science.generators.score_langevin.state import METHOD
from aiida_crystalgen.science.progress import Progress
from aiida_crystalgen.science.screening.validity import ValiditySettings, invalid_reasons
from aiida_crystalgen.science.seeds import derive_seed
from aiida_crystalgen.science.settings import Settings
from aiida_crystalgen.science.site_templates import TemplateSettings, draw_templates
from aiida_crystalgen.science.symmetric_crystals import SiteTemplates
from aiida_crystalgen.science.symmetry.wyckoff import wyckoff_table

__all__ = ('Asked', 'ScoreLangevinProposing', 'asked_of', 'propose_crystals')


class ScoreLangevinProposing(Settings):
    """How crystals are proposed.

    :param templates: how space groups and sites are chosen.
    :param sampling: how noise is turned into crystals.
    :param attempts: templates and noise that are tried for one candidate before it is rejected.
    :param smallest_volume: per atom, of a crystal that has not collapsed, in Å³.
    :param largest_volume: per atom, of a crystal that has not run away, in Å³.
    """

    templates: TemplateSettings
    sampling: SamplingSettings
    attempts: int = Field(gt=0)
    smallest_volume: float = Field(gt=0)
    largest_volume: float = Field(gt=0)


@dataclass(frozen=True)
class Asked:
    """What some rows of a request come to.

    :param proposing: how they are proposed.
    :param templates: of the rows.
    :param seed: of their noise.
    """

    proposing: ScoreLangevinProposing
    templates: SiteTemplates
    seed: int


def asked_of(
    model: ScoreModel, request: Request, rows: Int[np.ndarray, ' rows'], attempt: int, *, seed: int
) -> Asked:
    """Return what an attempt at rows of a request comes to.

    :param attempt: its number, from 1.
    :raises ValueError: if a setting is wrong, clusters or targets are asked for, an element was
        never seen in the training, or no template fulfils the request.
    """
    proposing = ScoreLangevinProposing.parse(request.proposing, 'proposing')
    _require_feasible(model, request)
    templates = draw_templates(
        request,
        model.distribution,
        rows,
        settings=proposing.templates,
        seed=derive_seed(seed, METHOD, attempt, 'templates'),
    )
    return Asked(proposing, templates, derive_seed(seed, METHOD, attempt, 'noise'))


def propose_crystals(
    model: ScoreModel,
    request: Request,
    rows: Int[np.ndarray, ' rows'],
    *,
    seed: int,
    progress: Progress,
) -> CrystalSet:
    """Return rows of a proposal, rejected ones with a reason.

    Columns: ``requested_space_group``, ``wyckoff``, the letters of the sites, ``sites``, their
    number, ``attempts``, and ``rejection``, of the last attempt. Cells have the volume that the
    model gives them, whatever volume is asked for.

    :param rows: in ascending order, at least one.
    :raises ValueError: as `asked_of` does.
    """
    proposing = ScoreLangevinProposing.parse(request.proposing, 'proposing')
    left = np.arange(len(rows))
    parts, order = [], []
    for attempt in range(1, proposing.attempts + 1):
        crystals = _attempted(model, request, rows[left], attempt, seed, progress)
        fine = (crystals['rejection'] == '') | (attempt == proposing.attempts)
        parts.append(crystals.select(fine))
        order.append(left[fine])
        left = left[~fine]
        if not len(left):
            break
    found = concatenate(parts).select(np.argsort(np.concatenate(order)))
    return found.with_metadata(
        source={'generator': METHOD, 'seed': seed, 'request': request.model_dump(mode='json')}
    )


def _attempted(
    model: ScoreModel,
    request: Request,
    rows: Int[np.ndarray, ' rows'],
    attempt: int,
    seed: int,
    progress: Progress,
) -> CrystalSet:
    """Return what an attempt makes of rows."""
    asked = asked_of(model, request, rows, attempt, seed=seed)
    templates = asked.templates
    samples = sample_crystals(
        model, templates, rows, asked.proposing.sampling, seed=asked.seed, progress=progress
    )
    crystals = samples.crystals.to_crystals()
    return crystals.with_columns(
        requested_space_group=templates.space_groups,
        wyckoff=Column(_letters(templates)),
        sites=templates.orbit_counts,
        attempts=np.full(len(rows), attempt),
        rejection=_rejections(crystals, samples, request, asked.proposing),
    )


def _require_feasible(model: ScoreModel, request: Request) -> None:
    """Raise if the model cannot be asked for this at all.

    :raises ValueError: naming what of the request it cannot do.
    """
    if not request.periodic:
        raise ValueError(f'{METHOD} proposes crystals, but clusters are asked for')
    if request.targets:
        raise ValueError(
            f"{METHOD} is not conditioned on properties; leave 'targets' out, here "
            f"'{request.targets[0].property}'"
        )
    unseen = [symbol for symbol in request.elements if not model.seen[atomic_numbers[symbol] - 1]]
    if unseen:
        raise ValueError(
            f'no crystal that the model was trained on contains {", ".join(unseen)}; train it on '
            'some that do'
        )


def _rejections(
    crystals: CrystalSet, samples: Samples, request: Request, proposing: ScoreLangevinProposing
) -> np.ndarray:
    """Return why each crystal cannot be used, empty for those that can."""
    settings = ValiditySettings(
        distances=request.distances,
        smallest_volume=proposing.smallest_volume,
        largest_volume=proposing.largest_volume,
    )
    reasons = invalid_reasons(crystals, settings).astype(object)
    reasons[samples.collapsed & (reasons == '')] = 'the cell ran away from what cells are like'
    return reasons.astype(np.str_)


def _letters(templates: SiteTemplates) -> np.ndarray:
    """Return the multiplicity and letter of each site as text, one line a crystal, as '4a 8c'."""
    labels = wyckoff_table().labels
    ends = np.cumsum(templates.orbit_counts)
    names = [labels[position] for position in templates.positions]
    return np.array(
        [
            ' '.join(names[end - count : end])
            for end, count in zip(ends, templates.orbit_counts, strict=True)
        ],
        dtype=np.str_,
    )
