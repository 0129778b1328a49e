"""Whether compositions are chemically plausible, as published evaluations judge them.

The rule is that of SMACT (Davies et al., J. Open Source Softw. 4, 1361 (2019),
doi:10.21105/joss.01361) as CDVAE applies it (Xie et al., ICLR 2022, arXiv:2110.06197): a crystal of
one element or of metals alone is plausible; any other if each element can take one of its oxidation
states so that the charges add up to zero and every cation is less electronegative than every anion.
Where an electronegativity is unknown, it forbids nothing.

Oxidation states and Pauling's electronegativities are pymatgen's. SMACT's own list has more states,
such as Pt3+ and As+, so that somewhat more compositions pass with it: of crystals of the Materials
Project, one or two in a hundred.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from jaxtyping import Bool

from aiida_crystalgen.science.crystals import CrystalSet

__all__ = ('are_plausible_compositions',)

Formula = tuple[tuple[int, int], ...]

# Metals for SMACT, metalloids for pymatgen.
_METALLOIDS_AMONG_METALS = frozenset({'Ge', 'Sb', 'Po'})


def are_plausible_compositions(crystals: CrystalSet) -> Bool[np.ndarray, ' crystals']:
    """Return which crystals have a plausible composition."""
    result = np.empty(len(crystals), dtype=bool)
    bounds = crystals.offsets
    for row in range(len(crystals)):
        numbers = crystals.atomic_numbers[bounds[row] : bounds[row + 1]]
        elements, amounts = np.unique(numbers, return_counts=True)
        reduced = amounts // np.gcd.reduce(amounts)
        formula = tuple(zip(elements.tolist(), reduced.tolist(), strict=True))
        result[row] = _is_plausible(formula)
    return result


@dataclass(frozen=True)
class _Element:
    """What is known of an element.

    :param electronegativity: of Pauling; None where unknown.
    :param metal: whether it is one.
    :param states: its oxidation states.
    """

    electronegativity: float | None
    metal: bool
    states: tuple[int, ...]


@cache
def _is_plausible(formula: Formula) -> bool:
    """Return whether a composition is plausible.

    :param formula: atomic numbers and amounts.
    """
    if len(formula) == 1:
        return True
    elements = [(_element(number), amount) for number, amount in formula]
    if all(element.metal for element, _ in elements):
        return True
    values = (element.electronegativity for element, _ in elements)
    limits = {value for value in values if value is not None} or {0.0}
    # Elements up to a limit may be cations, those above anions.
    return any(_is_neutral(elements, limit) for limit in limits)


def _is_neutral(elements: Sequence[tuple[_Element, int]], limit: float) -> bool:
    """Return whether charges add up to zero with cations up to an electronegativity.

    :param elements: with their amounts.
    """
    sums = {0}
    for element, amount in elements:
        value = element.electronegativity
        allowed = [
            amount * state
            for state in element.states
            if value is None or state == 0 or (state > 0) == (value <= limit)
        ]
        sums = {one + charge for one in sums for charge in allowed}
    return 0 in sums


@cache
def _element(number: int) -> _Element:
    """Return what pymatgen knows of an element.

    :param number: atomic number.
    """
    from pymatgen.core import Element

    element = Element.from_Z(number)
    with warnings.catch_warnings():
        # That noble gases have no electronegativity is no news.
        warnings.filterwarnings('ignore', 'No Pauling electronegativity', UserWarning)
        value = float(element.X)
    return _Element(
        electronegativity=None if math.isnan(value) else value,
        metal=element.is_metal or element.symbol in _METALLOIDS_AMONG_METALS,
        states=tuple(int(state) for state in element.oxidation_states),
    )
