"""Compositions of cells and numbers of space groups, read and written without AiiDA."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ('atoms_in_cell', 'format_ranges')


def atoms_in_cell(formula: str, number: int = 1) -> dict[str, int]:
    """Return how many atoms of each element a number of formula units has.

    :raises ValueError: if the formula is none, or has broken numbers of atoms.
    """
    from pymatgen.core import Composition

    try:
        composition = Composition(formula)
    except ValueError:
        composition = Composition({})
    amounts = composition.get_el_amt_dict()
    if not amounts or not composition.valid:
        raise ValueError(f"'{formula}' is not a chemical formula, as 'SnSe' and 'Sn4Se4' are")
    if any(amount != int(amount) for amount in amounts.values()):
        raise ValueError(f"'{formula}' has broken numbers of atoms; a cell holds whole ones")
    return {symbol: int(amount) * number for symbol, amount in amounts.items()}


def format_ranges(numbers: Sequence[int]) -> str:
    """Return ascending numbers with neighbours drawn together, as in '1-5, 7'."""
    ranges: list[list[int]] = []
    for number in numbers:
        if ranges and number == ranges[-1][-1] + 1:
            ranges[-1].append(number)
        else:
            ranges.append([number])
    return ', '.join(str(one[0]) if len(one) == 1 else f'{one[0]}-{one[-1]}' for one in ranges)
