"""Crystals for wanted properties: representations are drawn, reconstructed, and judged again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from aiida_crystalgen.science.crystals import Column, CrystalSet, concatenate
from aiida_crystalgen.science.fingerprints.acsf import symmetry_functions
from aiida_crystalgen.science.generators.acsf_cvae.model import METHOD, TrainedModel
from aiida_crystalgen.science.generators.acsf_cvae.positions import Finder, scattered
from aiida_crystalgen.science.generators.acsf_cvae.references import MEASURES
from aiida_crystalgen.science.generators.acsf_cvae.sampling import (
    Judgement,
    Limits,
    Representations,
    draw_representations,
    judge,
)
from aiida_crystalgen.science.generators.acsf_cvae.settings import AcsfCvaeProposing
from aiida_crystalgen.science.generators.acsf_cvae.wanted import (
    Wanted,
    target_warnings,
    wanted_of,
)
from aiida_crystalgen.science.generators.interface import Request
from aiida_crystalgen.science.progress import Progress
from aiida_crystalgen.science.screening.validity import ValiditySettings, invalid_reasons
from aiida_crystalgen.science.seeds import derive_seed

__all__ = ('propose_crystals',)

_INVALID = 'invalid representation'


@dataclass(frozen=True)
class _Outcome:
    """What an attempt made of some rows.

    :param crystals: bare, with a column ``rejection``.
    :param representation: that was drawn for each, scaled.
    :param judgement: of the crystals, or of the representations where no crystal was sought.
    :param loss: of the reconstruction; NaN where no crystal was sought.
    """

    crystals: CrystalSet
    representation: Float[np.ndarray, 'rows features']
    judgement: Judgement
    loss: Float[np.ndarray, ' rows']


def propose_crystals(
    model: TrainedModel,
    request: Request,
    rows: Int[np.ndarray, ' rows'],
    *,
    seed: int,
    progress: Progress,
) -> CrystalSet:
    """Return rows of a proposal, rejected ones with a reason.

    Columns: for each property of the model ``predicted_<property>`` and its uncertainty
    ``predicted_<property>_deviation``, for each target ``target_<property>``, in its unit;
    ``reconstruction_loss``, the deviation of the crystal's symmetry functions from those drawn;
    ``round_trip_distance``, ``latent_distance`` and ``neighbor_distance`` from the training data;
    ``nearest_training_row``; ``map_coordinates``, the first two principal components of
    the representation drawn; ``attempts``; ``requested_space_group``, always 0; and
    ``rejection``. Predictions and distances are those of the crystal where one was sought.

    :param rows: in ascending order, at least one.
    :raises ValueError: if a setting is wrong, or an element or property was not learned.
    """
    proposing = AcsfCvaeProposing.parse(request.proposing, 'proposing')
    _require_feasible(model, request, proposing)
    wanted = wanted_of(model, request, rows)
    sources = [
        _Attempt(model, request, proposing, derive_seed(seed, METHOD, number))
        for number in range(proposing.attempts)
    ]
    outcome, attempts = _attempted(wanted, rows, sources, progress)
    progress(len(rows), len(rows), 'proposed')
    crystals = outcome.crystals.with_columns(
        **_columns(model, request, wanted, outcome), attempts=attempts
    )
    return crystals.with_metadata(**_metadata(model, request, seed))


class _Attempt:
    """One draw and reconstruction of rows that have not been proposed yet."""

    def __init__(
        self, model: TrainedModel, request: Request, proposing: AcsfCvaeProposing, seed: int
    ) -> None:
        self._model, self._request, self._proposing = model, request, proposing
        self._seed = seed
        self._limits = Limits(model, proposing)
        self._finder = Finder(model, request, proposing)

    def outcome(self, wanted: Wanted, rows: Int[np.ndarray, ' rows'], told: _Counter) -> _Outcome:
        """Return what becomes of the rows."""
        seed = derive_seed(self._seed, 'draw')
        drawn = draw_representations(self._model, wanted, self._proposing, rows, seed=seed)
        fine = drawn.reasons == ''
        parts = []
        if not fine.all():
            told.settle(int((~fine).sum()))
            parts.append(self._refused(_rows_of(drawn, ~fine), rows[~fine]))
        if fine.any():
            parts.append(
                self._reconstructed(wanted.select(fine), _rows_of(drawn, fine), rows[fine], told)
            )
        order = np.concatenate([np.flatnonzero(~fine), np.flatnonzero(fine)])
        return _in_order(parts, np.argsort(order, kind='stable'))

    def _refused(self, drawn: Representations, rows: Int[np.ndarray, ' rows']) -> _Outcome:
        """Return rows for which no crystal is sought."""
        cells = self._finder.cells(drawn)
        seed = derive_seed(self._seed, 'scatter')
        crystals = scattered(self._model, drawn, cells, rows, seed=seed)
        crystals = crystals.with_columns(rejection=drawn.reasons)
        return _Outcome(crystals, drawn.scaled, drawn.judgement, np.full(len(rows), np.nan))

    def _reconstructed(
        self,
        wanted: Wanted,
        drawn: Representations,
        rows: Int[np.ndarray, ' rows'],
        told: _Counter,
    ) -> _Outcome:
        """Return the crystals found for representations, judged by what they turned out to be."""
        model = self._model
        seed = derive_seed(self._seed, 'reconstruct')
        found = self._finder.crystals(drawn, rows, seed=seed, told=told)
        features = symmetry_functions(found, model.settings.acsf, model.elements)
        scaled = model.features.scaled(features)
        judgement = self._judged(wanted, drawn, scaled)
        reasons = self._limits.reasons(wanted, judgement, of='the reconstructed structure')
        invalid = found['verdict'] != 'valid'
        text = [
            f'{_INVALID}: no structure found within a loss of '
            f'{self._proposing.reconstruction.valid_below:g}, only {loss:.3g}'
            for loss in found['loss']
        ]
        reasons = np.where(invalid, text, reasons)
        overlaps = invalid_reasons(found, self._validity(found))
        reasons = np.where(overlaps != '', overlaps, reasons).astype(np.str_)
        crystals = found.without_columns().with_columns(rejection=reasons)
        return _Outcome(crystals, drawn.scaled, judgement, found['loss'].astype(np.float64))

    def _judged(
        self, wanted: Wanted, drawn: Representations, scaled: Float[np.ndarray, 'rows features']
    ) -> Judgement:
        """Return what the model says of the crystals, one by one so that rows do not mix."""
        conditions = self._model.conditions
        parts = []
        for row in range(len(scaled)):
            amounts = drawn.amounts[[row]]
            properties, _ = self._model.predict(scaled[[row]], amounts)
            properties[:, list(wanted.columns)] = wanted.values[row]
            seen = conditions.conditions(properties, amounts)
            parts.append(judge(self._model, scaled[[row]], seen, amounts))
        return _joined(parts)

    def _validity(self, crystals: CrystalSet) -> ValiditySettings:
        """Return what crystals must fulfil whatever the model says of them."""
        volumes = crystals.volumes / crystals.counts
        return ValiditySettings(
            distances=self._request.distances,
            smallest_volume=float(volumes.min()),
            largest_volume=float(volumes.max()),
        )


class _Counter:
    """A count of reconstructed rows that a progress is told."""

    def __init__(self, progress: Progress, before: int, total: int) -> None:
        self._progress, self._before, self._total = progress, before, total

    def settle(self, rows: int) -> None:
        """Count rows that need no reconstruction."""
        self._before += rows

    def __call__(self, done: int) -> None:
        self._progress(min(self._before + done, self._total), self._total, 'reconstructed')


def _attempted(
    wanted: Wanted,
    rows: Int[np.ndarray, ' rows'],
    attempts: list[_Attempt],
    progress: Progress,
) -> tuple[_Outcome, Int[np.ndarray, ' rows']]:
    """Return the first good outcome of each row or its last one, and how many there were."""
    counts = np.zeros(len(rows), dtype=np.int64)
    order, outcomes = np.zeros(0, dtype=np.int64), []
    left = np.arange(len(rows))
    for number, attempt in enumerate(attempts, start=1):
        told = _Counter(progress, len(rows) - len(left), len(rows))
        outcome = attempt.outcome(wanted.select(left), rows[left], told)
        counts[left] = number
        is_done = outcome.crystals['rejection'] == ''
        settled = np.ones_like(is_done) if number == len(attempts) else is_done
        outcomes.append(_select(outcome, settled))
        order = np.concatenate([order, left[settled]])
        left = left[~settled]
        if not len(left):
            break
    return _in_order(outcomes, np.argsort(order, kind='stable')), counts


def _require_feasible(model: TrainedModel, request: Request, proposing: AcsfCvaeProposing) -> None:
    """Raise if the request asks for what this generator cannot do.

    :raises ValueError: if it names space groups, or there are no training crystals to start from.
    """
    if request.space_groups is not None:
        raise ValueError(
            f"{METHOD} cannot choose space groups, but 'space_groups' names "
            f'{len(request.space_groups)}; leave them open, or propose with another generator'
        )
    if proposing.start == 'random' or proposing.compositions == 'sampled':
        return
    rows = np.arange(len(request.formula_units)) * _values(request)
    for units, amounts in zip(
        request.formula_units, wanted_of(model, request, rows).amounts, strict=True
    ):
        if not (model.references.amounts == amounts).all(axis=1).any():
            raise ValueError(
                f'no training crystal holds {units} formula units of {request.composition} to '
                "start from; choose 'proposing.start' 'random', other formula units, or "
                "'proposing.compositions' 'sampled'"
            )


def _values(request: Request) -> int:
    """Return the number of values of each target."""
    return len(request.targets[0].values) if request.targets else 1


def _rows_of(drawn: Representations, chosen: np.ndarray) -> Representations:
    """Return some rows."""
    judgement = drawn.judgement
    return Representations(
        drawn.scaled[chosen],
        drawn.amounts[chosen],
        _of_judgement(judgement, chosen),
        drawn.reasons[chosen],
    )


def _of_judgement(judgement: Judgement, chosen: np.ndarray) -> Judgement:
    """Return some rows of a judgement."""
    return Judgement(
        judgement.predicted[chosen],
        judgement.deviations[chosen],
        judgement.distances[chosen],
        judgement.nearest[chosen],
    )


def _joined(parts: list[Judgement]) -> Judgement:
    """Return judgements as one."""
    return Judgement(
        np.concatenate([one.predicted for one in parts]),
        np.concatenate([one.deviations for one in parts]),
        np.concatenate([one.distances for one in parts]),
        np.concatenate([one.nearest for one in parts]),
    )


def _select(outcome: _Outcome, chosen: np.ndarray) -> _Outcome:
    """Return some rows of an outcome."""
    return _Outcome(
        outcome.crystals.select(chosen),
        outcome.representation[chosen],
        _of_judgement(outcome.judgement, chosen),
        outcome.loss[chosen],
    )


def _in_order(parts: list[_Outcome], order: Int[np.ndarray, ' rows']) -> _Outcome:
    """Return outcomes as one, rearranged."""
    whole = _Outcome(
        concatenate([one.crystals for one in parts]),
        np.concatenate([one.representation for one in parts]),
        _joined([one.judgement for one in parts]),
        np.concatenate([one.loss for one in parts]),
    )
    return _select(whole, order)


def _columns(
    model: TrainedModel, request: Request, wanted: Wanted, outcome: _Outcome
) -> dict[str, Column]:
    """Return what is known of each row."""
    units, judgement = model.facts['units'], outcome.judgement
    columns = {}
    for place, target in enumerate(request.targets):
        unit = units.get(target.property, '')
        columns[f'target_{target.property}'] = Column(wanted.values[:, place], unit)
    for place, name in enumerate(model.settings.properties):
        unit = units.get(name, '')
        columns[f'predicted_{name}'] = Column(judgement.predicted[:, place], unit)
        columns[f'predicted_{name}_deviation'] = Column(judgement.deviations[:, place], unit)
    for place, name in enumerate(MEASURES):
        columns[f'{name}_distance'] = Column(judgement.distances[:, place])
    components = (outcome.representation[:, None, :] * model.axes).sum(axis=2)
    rows = len(outcome.loss)
    return {
        **columns,
        'map_coordinates': Column(components),
        'reconstruction_loss': Column(outcome.loss),
        'nearest_training_row': Column(model.references.rows[judgement.nearest]),
        'requested_space_group': Column(np.zeros(rows, dtype=np.int64)),
    }


def _metadata(model: TrainedModel, request: Request, seed: int) -> dict[str, Any]:
    """Return the facts of a whole proposal."""
    return {
        'source': {
            'generator': METHOD,
            'seed': seed,
            'request': request.model_dump(mode='json'),
        },
        'warnings': target_warnings(model, request),
    }
