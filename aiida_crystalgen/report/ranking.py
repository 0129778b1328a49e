"""Candidates in the order of their likelihood, and what the model knows of elements."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float, Int

__all__ = ('CompoundRanking', 'ElementConfusion', 'ElementMap', 'RankedFormula')

_MINUS = '\u2212'


@dataclass(frozen=True)
class ElementMap:
    """Where a model puts the elements, like ones near each other.

    :param symbols: of the elements.
    :param blocks: of the periodic table that they belong to: 's', 'p', 'd' or 'f'.
    :param coordinates: two of each, of no unit.
    """

    symbols: tuple[str, ...]
    blocks: tuple[str, ...]
    coordinates: Float[np.ndarray, 'elements 2']


@dataclass(frozen=True)
class ElementConfusion:
    """Which element a model takes for which.

    :param symbols: of the elements, in the order of the periodic table.
    :param counts: of the sites of each element, by the element that the model named.
    """

    symbols: tuple[str, ...]
    counts: Int[np.ndarray, 'elements elements']

    @property
    def tested(self) -> Int[np.ndarray, ' tested']:
        """Rows of the elements that the model was tested on."""
        return np.flatnonzero(self.counts.sum(axis=1))

    @property
    def error(self) -> float:
        """Share of the sites for which the model named another element."""
        return 1 - float(np.trace(self.counts)) / float(self.counts.sum())


@dataclass(frozen=True)
class RankedFormula:
    """A formula with its most likely candidate.

    :param rank: among the formulas, from 1.
    :param candidates: number of structures with this formula.
    :param above_hull: of the lowest of them after its relaxation, in eV/atom; NaN if unknown.
    """

    rank: int
    formula: str
    log_likelihood: float
    template: str
    prototype: str
    charge_balanced: bool
    known: bool
    candidates: int
    above_hull: float

    @property
    def likelihood(self) -> float:
        """Product of the likelihoods of the sites."""
        return float(np.exp(self.log_likelihood))


@dataclass(frozen=True)
class CompoundRanking:
    """Candidates of one generator, the most likely first.

    :param name: of the generator.
    :param elements: symbols that the fractions belong to.
    :param formulas: of the candidates, reduced.
    :param fractions: of the atoms that are of each element.
    :param log_likelihoods: natural logarithms of the products of the likelihoods of the sites.
    :param templates: names of the known structures that the elements were put into.
    :param prototypes: labels of the structure types.
    :param charge_balanced: whether common oxidation states can add up to zero.
    :param known: whether the model has learned from a compound of the formula.
    :param above_hull: after the relaxation, in eV/atom; NaN where it is not known.
    :param engine: of these energies, empty if there are none.
    :param element_map: of the model.
    :param confusion: of the model.
    :raises ValueError: if the lengths differ, or a candidate is more likely than one before it.
    """

    name: str
    elements: tuple[str, ...]
    formulas: tuple[str, ...]
    fractions: Float[np.ndarray, 'candidates elements']
    log_likelihoods: Float[np.ndarray, ' candidates']
    templates: tuple[str, ...]
    prototypes: tuple[str, ...]
    charge_balanced: Bool[np.ndarray, ' candidates']
    known: Bool[np.ndarray, ' candidates']
    above_hull: Float[np.ndarray, ' candidates']
    engine: str = ''
    element_map: ElementMap | None = None
    confusion: ElementConfusion | None = None

    def __post_init__(self) -> None:
        """Check lengths and order."""
        single = {'name', 'elements', 'engine', 'element_map', 'confusion'}
        for one in fields(self):
            if one.name not in single and len(getattr(self, one.name)) != len(self):
                raise ValueError(
                    f"'{one.name}' has {len(getattr(self, one.name))} values for {len(self)} "
                    'candidates'
                )
        rising = np.flatnonzero(np.diff(self.log_likelihoods) > 0)
        if len(rising):
            raise ValueError(
                f'candidate {rising[0] + 2} is more likely than the one before it; sort them'
            )

    def __len__(self) -> int:
        return len(self.formulas)

    @cached_property
    def best(self) -> Int[np.ndarray, ' formulas']:
        """Row of the most likely candidate of each formula, the most likely first."""
        first: dict[str, int] = {}
        for row, formula in enumerate(self.formulas):
            first.setdefault(formula, row)
        return np.array(list(first.values()), dtype=np.int64)

    @property
    def system(self) -> Int[np.ndarray, ' elements']:
        """Columns of the elements, if all candidates have the same ones; none otherwise."""
        has = self.fractions > 0
        used = np.flatnonzero(has.any(axis=0))
        return used if has[:, used].all() else used[:0]

    @cached_property
    def ranked_formulas(self) -> tuple[RankedFormula, ...]:
        """The formulas, the most likely first."""
        numbers = dict.fromkeys(self.formulas, 0)
        lowest = dict.fromkeys(self.formulas, np.nan)
        for formula, energy in zip(self.formulas, self.above_hull.tolist(), strict=True):
            numbers[formula] += 1
            lowest[formula] = float(np.fmin(lowest[formula], energy))
        return tuple(
            RankedFormula(
                rank=rank,
                formula=(formula := self.formulas[row]),
                log_likelihood=float(self.log_likelihoods[row]),
                template=self.templates[row],
                prototype=self.prototypes[row],
                charge_balanced=bool(self.charge_balanced[row]),
                known=bool(self.known[row]),
                candidates=numbers[formula],
                above_hull=lowest[formula],
            )
            for rank, row in enumerate(self.best.tolist(), start=1)
        )

    def describe(self, row: int) -> str:
        """Return what there is to say of a candidate."""
        facts = [
            self.formulas[row],
            f'ln L {self.log_likelihoods[row]:.2f}'.replace('-', _MINUS),
            f'as {self.templates[row]}',
            self.prototypes[row],
            'known composition' if self.known[row] else '',
        ]
        if np.isfinite(self.above_hull[row]):
            energy = f'{self.above_hull[row]:+.3f}'.replace('-', _MINUS)
            facts.append(f'{energy} eV/atom from the hull')
        return ', '.join(text for text in facts if text)
