"""Measures of generated crystals beside those of real ones, as people read them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ('EvaluationResult', 'MeasuredValue')

_MINUS = '\u2212'
_SHARE = 'share'
# Title of each measure, and its unit; shares are shown in per cent.
_MEASURES = {
    'valid_structure': ('Valid structure', _SHARE),
    'plausible_composition': ('Plausible composition', _SHARE),
    'valid': ('Valid in both respects', _SHARE),
    'recall': ('COV-R, of all', _SHARE),
    'precision': ('COV-P, of all', _SHARE),
    'sample_recall': ('COV-R, of a valid sample', _SHARE),
    'sample_precision': ('COV-P, of a valid sample', _SHARE),
    'frechet_distance': ('Fréchet distance of structures', ''),
    'activation_frechet_distance': ('Fréchet distance of activations', ''),
    'activated': ('Structures with activations', _SHARE),
    'density_distance': ('Wasserstein distance of densities', 'g/cm³'),
    'element_count_distance': ('Wasserstein distance of numbers of elements', ''),
    'energy_distance': ('Wasserstein distance of energies', 'eV/atom'),
    'structure_diversity': ('Diversity of structures', ''),
    'composition_diversity': ('Diversity of compositions', ''),
    'unique': ('Unique', _SHARE),
    'novel': ('Novel among these', _SHARE),
    'space_group_equal': ('Space group as asked for', _SHARE),
    'space_group_kept': ('That or a supergroup', _SHARE),
    'match_rate': ('References found', _SHARE),
    'match_displacement': ('Their mean displacement', '(V/n)^(1/3)'),
}


@dataclass(frozen=True)
class MeasuredValue:
    """One measure of both kinds of crystals.

    :param title: what is measured.
    :param generated: value as text, a dash if it was not measured.
    :param real: the same of real crystals.
    """

    title: str
    generated: str
    real: str


@dataclass(frozen=True)
class EvaluationResult:
    """How good a set of crystals is, beside as many real ones.

    :param name: of what was evaluated, as 'proposals 42'.
    :param generated: measures of the generated crystals by their names.
    :param real: those of real crystals.
    :param numbers: of crystals in each set: 'generated', 'valid', 'reference', 'real', 'training'.
    :param real_source: where the real crystals are from: 'training' or 'references'.
    """

    name: str
    generated: Mapping[str, float]
    real: Mapping[str, float]
    numbers: Mapping[str, int]
    real_source: str

    @property
    def rows(self) -> tuple[MeasuredValue, ...]:
        """What was measured, in the order that people read it."""
        return tuple(
            MeasuredValue(
                f'{title} ({unit})' if unit not in {'', _SHARE} else title,
                _text(self.generated.get(name), unit),
                _text(self.real.get(name), unit),
            )
            for name, (title, unit) in _MEASURES.items()
            if name in self.generated or name in self.real
        )

    @property
    def summary(self) -> str:
        """How many crystals the measures are of."""
        numbers = self.numbers
        source = 'the training set' if self.real_source == 'training' else 'the references'
        return (
            f'{numbers["generated"]} generated crystals, {numbers["valid"]} of them valid; '
            f'{numbers["reference"]} references; {numbers["real"]} real crystals of {source}'
        )


def _text(value: float | None, unit: str) -> str:
    """Return a value as text."""
    if value is None or math.isnan(value):
        return '–'
    text = f'{100 * value:.1f} %' if unit == _SHARE else f'{value:.3f}'
    return text.replace('-', _MINUS)
