"""The structure type of a crystal: which Wyckoff positions it fills, and what else does so.

Labels are made like those of the AFLOW library of crystallographic prototypes (M. J. Mehl et al.,
Comput. Mater. Sci. 136, S1 (2017), doi:10.1016/j.commatsci.2017.01.017), except that elements are
ordered by their amounts instead of their names, so that all crystals of a type have one label.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib.util import find_spec
from itertools import groupby, permutations, product
from math import gcd
from pathlib import Path
from string import ascii_uppercase

import spglib
from pymatgen.core import Structure

from aiida_crystalgen.science.crystals import CrystalSet
from aiida_crystalgen.science.screening.matching import MatchTolerances
from aiida_crystalgen.science.sources.prototypes import prototype_library
from aiida_crystalgen.science.structures import from_structures, to_structure
from aiida_crystalgen.science.symmetry.dataset import ask_spglib

__all__ = ('prototype_label', 'prototype_name', 'wyckoff_renamings')

_FAMILIES = {2: 'a', 15: 'm', 74: 'o', 142: 't', 194: 'h', 230: 'c'}  # by their last space group
_CENTRINGS = {'A': 'C', 'B': 'C'}  # which face is centred depends on the names of the axes
_EXACT = 1e-3  # Å: the library gives coordinates to four or more decimals
_LETTERS = {letter: place for place, letter in enumerate('abcdefghijklmnopqrstuvwxyzA', start=1)}


def prototype_label(crystals: CrystalSet, row: int, tolerance: float) -> str | None:
    """Return the label of one crystal's type, as in 'AB2_cF12_225_a_c' for fluorite.

    It says how many atoms of each element a formula unit has, the Pearson symbol, the number of the
    space group, and the Wyckoff positions of each element. Of equivalent origins and axes, and of
    the orders of elements of equal amount, those with the earliest Wyckoff letters count. Only in
    triclinic and monoclinic groups can crystals of one type have several labels, for there the
    shape of the cell decides which axes spglib takes.

    :param tolerance: of positions, in Å.
    :return: None where spglib finds no space group.
    """
    atoms = crystals.atoms(row)
    numbers = crystals.atomic_numbers[atoms]
    cell = (crystals.lattices[row], crystals.fractional_coordinates[atoms], numbers)
    dataset = ask_spglib(spglib.get_symmetry_dataset, cell, symprec=tolerance)
    if dataset is None:
        return None
    amounts = Counter(numbers.tolist())
    units = gcd(*amounts.values())
    orbits = {
        (number, letter, orbit)
        for number, letter, orbit in zip(
            numbers.tolist(),
            dataset.wyckoffs,
            dataset.crystallographic_orbits.tolist(),
            strict=True,
        )
    }
    letters = {
        number: Counter(letter for owner, letter, _ in orbits if owner == number)
        for number in amounts
    }
    filled = min(_fillings(dataset.number, amounts, letters), key=_lateness)
    formula = ''.join(
        f'{name}{amount // units if amount > units else ""}'
        for name, amount in zip(ascii_uppercase, sorted(amounts.values()), strict=False)
    )
    pearson = _pearson_symbol(dataset.number, dataset.international, len(dataset.std_types))
    return '_'.join([formula, pearson, str(dataset.number), *(_text(one) for one in filled)])


def _fillings(
    space_group: int, amounts: Mapping[int, int], letters: Mapping[int, Counter[str]]
) -> Iterator[list[Counter[str]]]:
    """Yield the positions of each element in every equivalent description of a crystal.

    :param amounts: number of atoms of each element.
    :param letters: how many orbits of each letter each element has.
    """
    ranked = sorted(amounts, key=lambda number: amounts[number])
    groups = [list(group) for _, group in groupby(ranked, key=lambda number: amounts[number])]
    orders = list(product(*(permutations(group) for group in groups)))
    for renaming in wyckoff_renamings()[space_group]:
        for order in orders:
            yield [
                Counter({renaming[letter]: number for letter, number in letters[element].items()})
                for group in order
                for element in group
            ]


def _lateness(filled: Sequence[Counter[str]]) -> tuple[int, str]:
    """Return how far back in the alphabet the letters are; texts decide between equals."""
    places = sum(_LETTERS[letter] for one in filled for letter in one)
    return places, '_'.join(_text(one) for one in filled)


def _text(positions: Counter[str]) -> str:
    """Return the positions of one element, as in '2ac'."""
    return ''.join(
        f'{positions[letter] if positions[letter] > 1 else ""}{letter}'
        for letter in sorted(positions, key=_LETTERS.__getitem__)
    )


def _pearson_symbol(space_group: int, international: str, atoms: int) -> str:
    """Return the Pearson symbol, that of a rhombohedral crystal for its primitive cell.

    :param atoms: in the conventional cell.
    """
    family = next(family for last, family in _FAMILIES.items() if space_group <= last)
    centring = _CENTRINGS.get(international[0], international[0])
    return f'{family}{centring}{atoms // 3 if centring == "R" else atoms}'


@cache
def wyckoff_renamings() -> dict[int, list[dict[str, str]]]:
    """Return what the letters of each space group become in its equivalent descriptions.

    These are the Wyckoff sets of the Bilbao Crystallographic Server (M. I. Aroyo et al.,
    Z. Kristallogr. 221, 15 (2006), doi:10.1524/zkri.2006.221.1.15), which come with PyXtal.

    :raises ValueError: if PyXtal is missing.
    """
    # Finding the package does not run it: importing PyXtal costs a second and half of SciPy.
    spec = find_spec('pyxtal')
    if spec is None or not spec.submodule_search_locations:
        raise ValueError('the Wyckoff sets come with PyXtal, which is not installed')
    path = Path(spec.submodule_search_locations[0]) / 'database' / 'wyckoff_sets.json'
    sets = json.loads(path.read_text())
    return {int(number): _distinct(one['Transformed WP']) for number, one in sets.items()}


def _distinct(letters: Sequence[str]) -> list[dict[str, str]]:
    """Return the different renamings in a list whose first entry is the usual order."""
    usual = letters[0].split()
    different = dict.fromkeys(tuple(one.split()) for one in letters)
    return [dict(zip(usual, one, strict=True)) for one in different]


def prototype_name(
    crystals: CrystalSet, row: int, tolerance: float, matching: MatchTolerances
) -> str | None:
    """Return the mineral or compound that one crystal looks most like, as in 'Fluorite'.

    Only entries of the AFLOW library with the label of the crystal are compared with it.

    :param tolerance: of positions in the space group, in Å.
    :param matching: of the comparison of the two crystals, whatever their elements.
    :return: None where nothing in the library matches.
    """
    from pymatgen.core.structure_matcher import StructureMatcher

    label = prototype_label(crystals, row, tolerance)
    alike = [(name, one) for name, one, other in _library() if label == other]
    if not alike:
        return None
    matcher = StructureMatcher(
        ltol=matching.length_tolerance,
        stol=matching.site_tolerance,
        angle_tol=matching.angle_tolerance,
        scale=matching.scale,
    )
    crystal = to_structure(crystals, row)
    distances = [matcher.get_rms_anonymous(crystal, one)[0] for _, one in alike]
    matches = [
        (distance, name)
        for distance, (name, _) in zip(distances, alike, strict=True)
        if distance is not None
    ]
    return min(matches)[1] if matches else None


@cache
def _library() -> list[tuple[str, Structure, str | None]]:
    """Return name, structure and label of every entry of the AFLOW library."""
    entries = prototype_library()
    structures = [entry['snl'].structure for entry in entries]
    crystals = from_structures(structures)
    names = [
        entry['tags']['mineral'].strip() or one.composition.reduced_formula
        for entry, one in zip(entries, structures, strict=True)
    ]
    labels = [prototype_label(crystals, row, _EXACT) for row in range(len(crystals))]
    return list(zip(names, structures, labels, strict=True))
