"""What sets of crystals are made of, whole sets at once."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from itertools import product
from math import gcd
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Bool

from aiida_crystalgen.science.crystals import CrystalSet

if TYPE_CHECKING:
    from pymatgen.core import Composition

__all__ = (
    'competing_formulas',
    'element_symbols',
    'has_only',
    'reduced_formulas',
    'stoichiometries',
)


def element_symbols(crystals: CrystalSet) -> list[str]:
    """Return the symbols of all elements of the set, in alphabetical order."""
    from pymatgen.core import Element

    numbers = np.unique(crystals.atomic_numbers)
    return sorted(Element.from_Z(int(number)).symbol for number in numbers)


def has_only(crystals: CrystalSet, symbols: Iterable[str]) -> Bool[np.ndarray, ' crystals']:
    """Return which crystals consist of none but these elements."""
    from pymatgen.core import Element

    numbers = [Element(symbol).Z for symbol in symbols]
    strangers = crystals.crystal_of_atom[~np.isin(crystals.atomic_numbers, numbers)]
    return np.bincount(strangers, minlength=len(crystals)) == 0


def reduced_formulas(crystals: CrystalSet) -> np.ndarray:
    """Return pymatgen's reduced formula of each crystal as text, as in 'SnSe'.

    Of clusters it is the whole formula, as in 'Pt10': larger ones are not more of the same.
    """
    from pymatgen.core import Composition, Element

    numbers, element_of_atom = np.unique(crystals.atomic_numbers, return_inverse=True)
    amounts = np.zeros((len(crystals), len(numbers)), dtype=np.int64)
    np.add.at(amounts, (crystals.crystal_of_atom, element_of_atom), 1)
    different, kind = np.unique(amounts, axis=0, return_inverse=True)
    elements = [Element.from_Z(int(number)) for number in numbers]
    with warnings.catch_warnings():
        # Noble gases come last in a formula; that they have no electronegativity is no news.
        warnings.filterwarnings('ignore', 'No Pauling electronegativity', UserWarning)
        formulas = [
            _formula(
                Composition(dict(zip(elements, amount.tolist(), strict=True))), crystals.periodic
            )
            for amount in different
        ]
    return np.array(formulas, dtype=np.str_)[kind.reshape(-1)]


def competing_formulas(
    composition: str, formula_units: Iterable[int], *, periodic: bool
) -> tuple[str, ...]:
    """Return what `reduced_formulas` calls crystals or clusters of some formula units.

    :param composition: formula unit, as in 'SnSe'.
    :param periodic: whether they are crystals.
    :raises ValueError: if the composition is no formula.
    """
    from pymatgen.core import Composition

    unit = Composition(composition)
    return tuple(dict.fromkeys(_formula(unit * number, periodic) for number in formula_units))


def _formula(composition: Composition, periodic: bool) -> str:
    """Return what to call the composition of a crystal, or of a cluster."""
    if periodic:
        return str(composition.reduced_formula)
    return str(composition.formula).replace(' ', '')


def stoichiometries(symbols: Iterable[str], atoms: int) -> tuple[str, ...]:
    """Return all formula units of a chemical system, each with all of its elements.

    They are in the order of their size, without multiples of smaller ones.

    :param symbols: of the elements.
    :param atoms: in a formula unit at most.
    :raises ValueError: if there is no such element, or no formula unit is small enough.
    """
    from pymatgen.core import Composition, Element

    names = sorted(set(symbols))
    unknown = [name for name in names if not Element.is_valid_symbol(name)]
    if unknown:
        raise ValueError(f"'{unknown[0]}' is not the symbol of a chemical element")
    if not 1 <= len(names) <= atoms:
        raise ValueError(
            f'formula units of {len(names)} elements with at most {atoms} atoms do not exist'
        )
    amounts = [
        numbers
        for numbers in product(range(1, atoms + 1), repeat=len(names))
        if sum(numbers) <= atoms and gcd(*numbers) == 1
    ]
    formulas = [
        Composition(dict(zip(names, numbers, strict=True))).reduced_formula
        for numbers in sorted(amounts, key=lambda numbers: (sum(numbers), numbers))
    ]
    return tuple(dict.fromkeys(formulas))
