"""What each row of a request asks for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from ase.data import atomic_numbers, chemical_symbols
from jaxtyping import Bool, Float, Int

from aiida_crystalgen.science.generators.acsf_cvae.model import TrainedModel
from aiida_crystalgen.science.generators.interface import Request

__all__ = ('Wanted', 'target_warnings', 'wanted_of')


@dataclass(frozen=True)
class Wanted:
    """Targets and composition of some rows.

    :param columns: place of each target property among those of the model.
    :param values: of each row, in the unit of the property.
    :param tolerances: of each target property.
    :param amounts: number of atoms of each element of the model.
    """

    columns: tuple[int, ...]
    values: Float[np.ndarray, 'rows targets']
    tolerances: Float[np.ndarray, ' targets']
    amounts: Int[np.ndarray, 'rows elements']

    def select(self, rows: Int[np.ndarray, ' rows'] | Bool[np.ndarray, ' all_rows']) -> Wanted:
        """Return what some of the rows ask for."""
        return Wanted(self.columns, self.values[rows], self.tolerances, self.amounts[rows])


def wanted_of(model: TrainedModel, request: Request, rows: Int[np.ndarray, ' rows']) -> Wanted:
    """Return what rows of a request ask for: each value in turn, then each number of formula units.

    :raises ValueError: if an element or a property was not learned.
    """
    columns = tuple(_column(model, target.property) for target in request.targets)
    values = np.zeros((len(rows), len(columns)))
    number = 1
    for place, (target, column) in enumerate(zip(request.targets, columns, strict=True)):
        lowest = model.ranges[0, column] if target.above_lowest else 0.0
        number = len(target.values)
        values[:, place] = lowest + np.array(target.values)[rows % number]
    units = np.array(request.formula_units)[rows // number % len(request.formula_units)]
    return Wanted(
        columns=columns,
        values=values,
        tolerances=np.array([target.tolerance for target in request.targets], dtype=np.float64),
        amounts=units[:, None] * _amounts(model, request),
    )


def target_warnings(model: TrainedModel, request: Request) -> list[str]:
    """Return a sentence for each target value that no training crystal comes near to."""
    sentences = []
    for target in request.targets:
        column = _column(model, target.property)
        lowest, highest = (float(value) for value in model.ranges[:, column])
        zero = lowest if target.above_lowest else 0.0
        unit = str(model.facts['units'].get(target.property, ''))
        sentences += [
            f"target '{target.property}' {zero + value:g} {unit} lies outside the training data, "
            f'which reach from {lowest:g} to {highest:g} {unit}'
            for value in target.values
            if not lowest - target.tolerance <= zero + value <= highest + target.tolerance
        ]
    return sentences


def _column(model: TrainedModel, name: str) -> int:
    """Return the place of a property among those of the model.

    :raises ValueError: if it is not there.
    """
    known = model.settings.properties
    if name not in known:
        raise ValueError(
            f"the model was not conditioned on '{name}', only on {', '.join(known)}; choose one of "
            f"these targets, or train with '{name}' in 'properties'"
        )
    return known.index(name)


def _amounts(model: TrainedModel, request: Request) -> Int[np.ndarray, ' elements']:
    """Return the number of atoms of each element of the model in a formula unit.

    :raises ValueError: if an element was not in the training set.
    """
    result = np.zeros(len(model.elements), dtype=np.int64)
    for symbol, amount in request.amounts.items():
        if atomic_numbers[symbol] not in model.elements:
            known = ', '.join(chemical_symbols[number] for number in model.elements)
            raise ValueError(
                f'no training crystal contains {symbol}, only {known}; train with crystals that do'
            )
        result[model.elements.index(atomic_numbers[symbol])] = amount
    return result
