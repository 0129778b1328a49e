"""What sets of crystals are made of, whole sets at once."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from itertools import product
from math import gcd

import numpy as np
from jaxtyping import Bool

from aiida_crystalgen.science.crystals import CrystalSet

__all__ = ('element_symbols', 'has_only', 'reduced_formulas', 'stoichiometries')


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
    """Return pymatgen's reduced formula of each crystal as text, as in 'SnSe'."""
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
            Composition(dict(zip(elements, amount.tolist(), strict=True))).reduced_formula
            for amount in different
        ]
    return np.array(formulas, dtype=np.str_)[kind.reshape(-1)]


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
