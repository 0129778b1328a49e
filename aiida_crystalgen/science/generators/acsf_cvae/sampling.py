"""Representations drawn for wanted properties, and which of them can be trusted."""

from __future__ import annotations

from dataclasses import dataclass
from math import floor, log10
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int

from aiida_crystalgen.science.generators.acsf_cvae.model import TrainedModel
from aiida_crystalgen.science.generators.acsf_cvae.references import MEASURES
from aiida_crystalgen.science.generators.acsf_cvae.settings import AcsfCvaeProposing
from aiida_crystalgen.science.generators.acsf_cvae.wanted import Wanted
from aiida_crystalgen.science.seeds import derive_seed

__all__ = ('Judgement', 'Limits', 'Representations', 'draw_representations', 'judge')

_FAR = {
    'round_trip': 'encoding and decoding it changes it by {:.3g}, more than {:.3g}',
    'latent': 'its code lies {:.3g} standard deviations from the mean, more than {:.3g}',
    'neighbor': 'the nearest training crystal is {:.3g} away, more than {:.3g}',
}


@dataclass(frozen=True)
class Judgement:
    """What the model says of representations.

    :param predicted: properties, in their own units.
    :param deviations: uncertainty of these.
    :param distances: from the data, by each of `references.MEASURES`.
    :param nearest: number of the nearest training crystal among those that the model keeps.
    """

    predicted: Float[np.ndarray, 'rows properties']
    deviations: Float[np.ndarray, 'rows properties']
    distances: Float[np.ndarray, 'rows measures']
    nearest: Int[np.ndarray, ' rows']


@dataclass(frozen=True)
class Representations:
    """A representation for each row.

    :param scaled: as the networks see them.
    :param amounts: number of atoms of each element of the model.
    :param judgement: of the model.
    :param reasons: why it cannot be trusted; empty if it can.
    """

    scaled: Float[np.ndarray, 'rows features']
    amounts: Int[np.ndarray, 'rows elements']
    judgement: Judgement
    reasons: np.ndarray


def judge(
    model: TrainedModel,
    scaled: Float[np.ndarray, 'rows features'],
    conditions: Float[np.ndarray, 'rows conditions'],
    amounts: Int[np.ndarray, 'rows elements'],
) -> Judgement:
    """Return what the model says of representations.

    :param conditions: that they were drawn for.
    """
    predicted, deviations = model.predict(scaled, amounts)
    distances, nearest = model.distances(scaled, conditions)
    return Judgement(predicted, deviations, distances, nearest)


def draw_representations(
    model: TrainedModel,
    wanted: Wanted,
    proposing: AcsfCvaeProposing,
    rows: Int[np.ndarray, ' rows'],
    *,
    seed: int,
) -> Representations:
    """Return one representation for each row, the first acceptable one of its draws.

    Where none is acceptable it is the one nearest to being so, with a reason. A row depends on
    what it wants, the seed and its number alone.

    :param rows: numbers of the rows.
    """
    sampler = _Sampler(model, proposing)
    parts = [
        sampler.draw(wanted.select(np.array([place])), derive_seed(seed, int(row)))
        for place, row in enumerate(rows)
    ]
    judgements = [part.judgement for part in parts]
    return Representations(
        scaled=np.concatenate([part.scaled for part in parts]),
        amounts=np.concatenate([part.amounts for part in parts]),
        judgement=Judgement(
            *(
                np.concatenate([getattr(one, name) for one in judgements])
                for name in ('predicted', 'deviations', 'distances', 'nearest')
            )
        ),
        reasons=np.concatenate([part.reasons for part in parts]),
    )


class Limits:
    """What a representation must keep.

    :param thresholds: largest distance from the data, by each of `references.MEASURES`.
    """

    def __init__(self, model: TrainedModel, proposing: AcsfCvaeProposing) -> None:
        self._settings = proposing
        self._properties = model.settings.properties
        self._units: dict[str, Any] = dict(model.facts['units'])
        self.thresholds = model.references.thresholds(proposing.quantile)

    def excesses(self, wanted: Wanted, judgement: Judgement) -> Float[np.ndarray, 'rows criteria']:
        """Return each quantity over its limit: distances, then errors and deviations."""
        columns = list(wanted.columns)
        errors = np.abs(judgement.predicted[:, columns] - wanted.values)
        return np.column_stack(
            [
                judgement.distances / self.thresholds,
                errors / (self._settings.tolerance_share * wanted.tolerances),
                judgement.deviations[:, columns]
                / (self._settings.deviation_share * wanted.tolerances),
            ]
        )

    def reasons(self, wanted: Wanted, judgement: Judgement, *, of: str) -> np.ndarray:
        """Return the worst excess of each row as text, empty for those without one.

        :param of: what is judged, as in 'the representation'.
        """
        excesses = self.excesses(wanted, judgement)
        worst = excesses.argmax(axis=1)
        texts = [
            self._reason(wanted.select(np.array([row])), judgement, (row, int(column)), of)
            if excesses[row, column] > 1
            else ''
            for row, column in enumerate(worst)
        ]
        return np.array(texts, dtype=np.str_)

    def _reason(self, wanted: Wanted, judgement: Judgement, place: tuple[int, int], of: str) -> str:
        """Return why a row breaks a criterion."""
        row, criterion = place
        if criterion < len(MEASURES):
            name = MEASURES[criterion]
            values = judgement.distances[row, criterion], self.thresholds[criterion]
            return f'{of} far from the data: {_FAR[name].format(*values)}'
        kind, target = divmod(criterion - len(MEASURES), len(wanted.columns))
        column, tolerance = wanted.columns[target], float(wanted.tolerances[target])
        name = self._properties[column]
        unit = f' {self._units[name]}' if self._units.get(name) else ''
        value, deviation = (
            _written(float(values[row, column]), tolerance)
            for values in (judgement.predicted, judgement.deviations)
        )
        found = f"surrogate predicts '{name}' {value} ± {deviation}{unit} of {of}"
        if kind == 0:
            asked = _written(float(wanted.values[0, target]), tolerance)
            return f'{found}, not {asked} ± {tolerance:g}{unit}'
        most = _written(self._settings.deviation_share * tolerance, tolerance)
        return f'{found}, which is less sure than ± {most}{unit}'


def _written(value: float, tolerance: float) -> str:
    """Return a number with two digits more than the first one of the tolerance."""
    return f'{value:.{max(0, 2 - floor(log10(tolerance)))}f}'


class _Sampler:
    """Draws of representations from one model.

    :param model: that is drawn from.
    :param proposing: how.
    """

    def __init__(self, model: TrainedModel, proposing: AcsfCvaeProposing) -> None:
        self._model, self._settings = model, proposing
        self._limits = Limits(model, proposing)
        kept = model.references
        self._scaled = kept.features.astype(np.float64)
        conditions = model.conditions.conditions(kept.properties, kept.amounts)
        self._codes = model.encode(self._scaled, conditions)

    def draw(self, wanted: Wanted, seed: int) -> Representations:
        """Return the representation of one row."""
        model, random = self._model, np.random.default_rng(seed)
        like = self._similar(wanted, random)
        amounts = np.repeat(wanted.amounts, self._settings.draws, axis=0)
        if self._settings.compositions == 'sampled':
            amounts = model.references.amounts[like]
        properties = model.references.properties[like].copy()
        properties[:, list(wanted.columns)] = wanted.values
        conditions = model.conditions.conditions(properties, amounts)
        scaled = model.decode(self._latents(like, random), conditions)
        judgement = judge(model, scaled, conditions, amounts)
        many = wanted.select(np.zeros(len(scaled), dtype=np.int64))
        excesses = self._limits.excesses(many, judgement).max(axis=1)
        acceptable = np.flatnonzero(excesses <= 1)
        chosen = acceptable[:1] if len(acceptable) else excesses.argmin(keepdims=True)
        judgement = Judgement(
            judgement.predicted[chosen],
            judgement.deviations[chosen],
            judgement.distances[chosen],
            judgement.nearest[chosen],
        )
        reasons = self._limits.reasons(wanted, judgement, of='the representation')
        return Representations(scaled[chosen], amounts[chosen], judgement, reasons)

    def _similar(self, wanted: Wanted, random: np.random.Generator) -> Int[np.ndarray, ' draws']:
        """Return a training crystal for each draw, the likelier the nearer it is to the targets.

        Likelihoods are normal in the difference of the property, as wide as the tolerance.
        """
        kept = self._model.references
        differences = kept.properties[:, list(wanted.columns)] - wanted.values
        exponents = -0.5 * ((differences / wanted.tolerances) ** 2).sum(axis=1)
        exponents[~self._eligible(wanted.amounts[0])] = -np.inf
        weights = np.exp(exponents - exponents.max())
        return random.choice(len(kept), self._settings.draws, p=weights / weights.sum())

    def _eligible(self, amounts: Int[np.ndarray, ' elements']) -> Bool[np.ndarray, ' references']:
        """Return which training crystals a draw may take after.

        Those of the same composition; of no other elements, if there are none or compositions are
        sampled; or all.
        """
        kept = self._model.references
        same = (kept.amounts == amounts).all(axis=1)
        no_other = ~(kept.amounts[:, amounts == 0] > 0).any(axis=1)
        choices = [no_other, np.ones_like(same)]
        if self._settings.compositions == 'requested':
            choices.insert(0, same)
        return next(one for one in choices if one.any())

    def _latents(
        self, like: Int[np.ndarray, ' draws'], random: np.random.Generator
    ) -> Float[np.ndarray, 'draws latent']:
        """Return the latent points."""
        means, deviations = self._codes
        noise = self._settings.temperature * random.standard_normal((len(like), means.shape[1]))
        if self._settings.latents == 'prior':
            return noise
        return means[like] + deviations[like] * noise
