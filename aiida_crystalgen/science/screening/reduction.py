"""Primitive Niggli cells as pymatgen's ``StructureMatcher`` makes them, for many crystals at once.

The matcher reduces every crystal to its Niggli cell and calls ``get_primitive_structure``, which
looks for smaller cells that repeat the crystal within 0.25 Å along each axis. It takes the first it
finds, averages the repeated atoms, and goes on from there. The same is done here with arrays for
cells smaller by a prime factor, in the same order and along the same axes. A crystal that none of
them repeats, but that some come near to repeating, is left to pymatgen itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from ase.data import chemical_symbols
from jaxtyping import Bool, Float, Int
from pymatgen.core import Lattice, Structure

from aiida_crystalgen.science.crystals import CrystalSet, concatenate
from aiida_crystalgen.science.structures import to_structure, to_structures
from aiida_crystalgen.science.symmetry.niggli import niggli_lattices

__all__ = ('reduced_structures',)

_TOLERANCE = 0.25  # Å along each axis of a cell: pymatgen's
_FAR = 3 * _TOLERANCE  # to which the tolerances along three axes add up at most
_SLACK = 1e-6  # relative, so that rounding never excludes what pymatgen would try
_BLOCK = 1 << 18  # pairs of atoms compared at once

# Place of each element in pymatgen's order of sites, which is by symbol.
_PLACES = np.argsort(np.argsort(np.array(chemical_symbols)))


@dataclass(frozen=True)
class _Translations:
    """Translations by k/p of the cell that may repeat crystals of equally many atoms.

    :param rows: of the crystals.
    :param steps: from one atom to the one that suggests the translation, in fractions of the cell.
    :param numerators: k, of which the first that is not 0 is 1, so that each cell is meant once.
    :param prime: p.
    """

    rows: Int[np.ndarray, ' translations']
    steps: Float[np.ndarray, 'translations 3']
    numerators: Int[np.ndarray, 'translations 3']
    prime: int

    @property
    def cells(self) -> Int[np.ndarray, 'translations 3 3']:
        """The given cells in terms of the smaller ones, in Hermite normal form."""
        result = np.tile(np.eye(3, dtype=np.int64), (len(self.rows), 1, 1))
        lead = np.argmax(self.numerators != 0, axis=1)
        index = np.arange(len(lead))
        result[index, lead] = -self.numerators % self.prime
        result[index, lead, lead] = self.prime
        return result

    @property
    def ranks(self) -> Int[np.ndarray, ' translations']:
        """Places of the smaller cells in the order in which pymatgen tries them."""
        lead = np.argmax(self.numerators != 0, axis=1)
        _, b, c = (-self.numerators % self.prime).T
        return np.select([lead == 2, lead == 1], [0, 1 + c], 1 + self.prime * (1 + b) + c)

    def some(self, chosen: Int[np.ndarray, ' chosen'] | slice) -> _Translations:
        """Return some of the translations."""
        return _Translations(
            self.rows[chosen], self.steps[chosen], self.numerators[chosen], self.prime
        )

    def parts(self, size: int) -> Iterator[_Translations]:
        """Yield so many of the translations at a time."""
        for start in range(0, len(self.rows), size):
            yield self.some(slice(start, start + size))


def reduced_structures(crystals: CrystalSet) -> list[Structure]:
    """Return the primitive Niggli cell of each crystal, as ``StructureMatcher`` reduces it."""
    cells = _in_cells(crystals, niggli_lattices(crystals.lattices))
    result = to_structures(cells)
    rows = _find_nearly_repeated(cells)
    if rows:
        # Where several cells are Niggli cells, the search depends on which pymatgen chooses.
        some = crystals.select(rows)
        chosen = [Lattice(one).get_niggli_reduced_lattice().matrix for one in some.lattices]
        found, doubtful = _primitive_cells(_in_cells(some, np.array(chosen)))
        reduced = to_structures(_in_cells(found, niggli_lattices(found.lattices)))
        for place in doubtful:
            structure = to_structure(found, place)
            if _may_be_repeated(found, place):
                structure = structure.get_primitive_structure()
            reduced[place] = structure.get_reduced_structure()
        for row, structure in zip(rows, reduced, strict=True):
            result[row] = structure
    return result


def _in_cells(crystals: CrystalSet, lattices: Float[np.ndarray, 'crystals 3 3']) -> CrystalSet:
    """Return the bare crystals in other cells of their lattices."""
    changes = np.rint(crystals.lattices @ np.linalg.inv(lattices))[crystals.crystal_of_atom]
    fractions = np.einsum('ai,aij->aj', crystals.fractional_coordinates, changes)
    return CrystalSet(
        lattices=lattices,
        fractional_coordinates=fractions - np.floor(fractions),
        atomic_numbers=crystals.atomic_numbers,
        counts=crystals.counts,
    )


def _find_nearly_repeated(crystals: CrystalSet) -> list[int]:
    """Return the rows of the crystals that some translation comes near to repeating."""
    found = {
        int(row)
        for translations in _translations(crystals)
        for row in translations.rows[_nearly_repeat(crystals, translations)]
    }
    return sorted(found)


def _primitive_cells(crystals: CrystalSet) -> tuple[CrystalSet, list[int]]:
    """Return the crystals in the smallest cells found, and the rows that leave a doubt."""
    smaller: dict[int, CrystalSet] = {}
    doubtful: set[int] = set()
    for translations in _translations(crystals):
        groups = _groups(crystals, translations)
        for index in np.flatnonzero(groups.any(axis=(1, 2))):
            row = int(translations.rows[index])
            if row not in smaller:
                smaller[row] = _merged(crystals, row, translations.cells[index], groups[index])
        if groups.shape[1] != translations.prime:  # else pymatgen cannot find another cell
            near = _nearly_repeat(crystals, translations)
            doubtful.update(translations.rows[near].tolist())
    doubtful -= set(smaller)
    if not smaller:
        return crystals, sorted(doubtful)
    deeper, more = _primitive_cells(concatenate(list(smaller.values())))
    rows = list(smaller)
    order = np.arange(len(crystals))
    order[rows] = len(crystals) + np.arange(len(rows))
    return concatenate([crystals, deeper]).select(order), [*doubtful, *(rows[one] for one in more)]


def _may_be_repeated(crystals: CrystalSet, row: int) -> bool:
    """Return whether pymatgen has any translation to try in a cell.

    It tries those between atoms of the rarest element that bring every atom within twice the
    tolerance of one of its element, along each axis.
    """
    atoms = crystals.atoms(row)
    positions, numbers = crystals.fractional_coordinates[atoms], crystals.atomic_numbers[atoms]
    tolerances = _TOLERANCE * (1 + _SLACK) / np.linalg.norm(crystals.lattices[row], axis=1)
    if tolerances.max() * len(numbers) >= 1:  # then also no translation at all is near to others
        return True
    alike = numbers[:, None] == numbers
    apart = positions - positions[:, None]
    places, amounts = np.arange(len(numbers)), alike.sum(axis=1)
    leaders = np.flatnonzero((amounts == amounts.min()) & (np.argmax(alike, axis=1) == places))
    steps = np.concatenate([apart[one, alike[one] & (places != one)] for one in leaders])
    near = (np.abs(_wrapped(apart - steps[:, None, None])) <= 2 * tolerances).all(axis=3) & alike
    return bool(near.any(axis=2).all(axis=1).any())


def _translations(crystals: CrystalSet) -> Iterator[_Translations]:
    """Yield the translations near which a smaller cell could be, in the order of pymatgen's trials.

    Those of the same crystals for larger primes come later.
    """
    for number in np.unique(crystals.counts).tolist():
        for prime in _prime_factors(number):
            found = _find_translations(crystals, number, prime)
            yield from found.parts(max(1, _BLOCK // number**2))


def _prime_factors(number: int) -> list[int]:
    """Return the primes that divide a number, smallest first."""
    divisors = [one for one in range(2, number + 1) if number % one == 0]
    return [one for one in divisors if not any(one % other == 0 for other in range(2, one))]


def _find_translations(crystals: CrystalSet, number: int, prime: int) -> _Translations:
    """Return the translations that take an atom of the rarest element near another one.

    :param number: of atoms in the crystals to be searched.
    """
    rows = np.flatnonzero(crystals.counts == number)
    atoms = crystals.offsets[rows][:, None] + np.arange(number)
    positions, numbers = crystals.fractional_coordinates[atoms], crystals.atomic_numbers[atoms]
    amounts = (numbers[:, :, None] == numbers[:, None]).sum(axis=2)
    rarest = np.argmin(amounts * len(_PLACES) + _PLACES[numbers], axis=1)[:, None]
    alike = numbers == np.take_along_axis(numbers, rarest, axis=1)
    steps = positions - np.take_along_axis(positions, rarest[:, :, None], axis=1)
    numerators = np.rint(steps * prime).astype(np.int64)
    misses = np.abs(steps - numerators / prime) * _spacings(crystals.lattices[rows])[:, None]
    numerators %= prime
    lead = np.argmax(numerators != 0, axis=2, keepdims=True)
    leading = np.take_along_axis(numerators, lead, axis=2)[:, :, 0]
    owners, ends = np.nonzero(alike & (misses <= _FAR).all(axis=2) & (leading == 1))
    found = _Translations(rows[owners], steps[owners, ends], numerators[owners, ends], prime)
    return found.some(np.lexsort((found.ranks, found.rows)))


def _spacings(lattices: Float[np.ndarray, 'cells 3 3']) -> Float[np.ndarray, 'cells 3']:
    """Return the distances between lattice planes along each axis, in Å."""
    return 1 / np.linalg.norm(np.linalg.inv(lattices), axis=1)


def _pairs(
    crystals: CrystalSet, translations: _Translations
) -> tuple[
    Float[np.ndarray, 'translations atoms atoms 3'], Bool[np.ndarray, 'translations atoms atoms']
]:
    """Return the vectors between all atoms, in fractions, and which atoms are of one element."""
    rows = translations.rows
    atoms = crystals.offsets[rows][:, None] + np.arange(crystals.counts[rows[0]])
    positions, numbers = crystals.fractional_coordinates[atoms], crystals.atomic_numbers[atoms]
    return positions[:, None] - positions[:, :, None], numbers[:, :, None] == numbers[:, None]


def _nearly_repeat(
    crystals: CrystalSet, translations: _Translations
) -> Bool[np.ndarray, ' translations']:
    """Return which translations take every atom near one of its element."""
    apart, alike = _pairs(crystals, translations)
    lattices = crystals.lattices[translations.rows]
    ideal = (translations.numerators / translations.prime)[:, None, None]
    misfits = np.linalg.norm(_wrapped(apart - ideal) @ lattices[:, None], axis=3)
    near = ((misfits <= _FAR) & alike).any(axis=2).all(axis=1)
    # Where lattice planes are closer, another image than the one by rounding may be nearer.
    return near | (_spacings(lattices).min(axis=1) < 2 * _FAR)


def _groups(
    crystals: CrystalSet, translations: _Translations
) -> Bool[np.ndarray, 'translations atoms atoms']:
    """Return which atoms become one by each translation that pymatgen accepts; none by others."""
    apart, alike = _pairs(crystals, translations)
    prime, cells = translations.prime, translations.cells
    lattices = crystals.lattices[translations.rows]
    lengths = np.linalg.norm(lattices, axis=2)[:, None, None]
    # The step between two atoms must be near the translation, and repeat the crystal within twice
    # the tolerance, ...
    ideal = (translations.numerators / prime)[:, None, None]
    steps = translations.steps[:, None, None]
    valid = (np.abs(_wrapped(steps - ideal)) * lengths < _TOLERANCE).all(axis=(1, 2, 3))
    repeated = (np.abs(_wrapped(apart - steps)) * lengths < 2 * _TOLERANCE).all(axis=3) & alike
    valid &= repeated.any(axis=2).all(axis=1)
    # ... and in the smaller cell as many atoms as it is smaller must be at one place.
    edges = np.linalg.norm(np.linalg.inv(cells) @ lattices, axis=2)[:, None, None]
    groups = (np.abs(_wrapped(apart @ cells[:, None])) * edges < _TOLERANCE).all(axis=3) & alike
    separate = (np.abs(_wrapped(apart)) * lengths > 2 * _TOLERANCE).any(axis=3)
    groups &= separate | np.eye(groups.shape[1], dtype=bool)
    shared = groups.astype(np.float32) @ groups.astype(np.float32).swapaxes(1, 2)
    valid &= (groups.sum(axis=2) == prime).all(axis=1)
    valid &= ((shared == prime) | ~groups).all(axis=(1, 2))
    return groups & valid[:, None, None]


def _wrapped(fractions: Float[np.ndarray, '... 3']) -> Float[np.ndarray, '... 3']:
    """Return the fractions of a cell nearest to 0 that differ by whole cells."""
    return fractions - np.rint(fractions)


def _merged(
    crystals: CrystalSet,
    row: int,
    cell: Int[np.ndarray, '3 3'],
    groups: Bool[np.ndarray, 'atoms atoms'],
) -> CrystalSet:
    """Return one crystal in a smaller cell, the atoms of each group averaged.

    :param cell: the given cell in terms of the smaller one.
    """
    atoms = crystals.atoms(row)
    fractions = crystals.fractional_coordinates[atoms] @ cell
    offsets = _wrapped(fractions[None] - fractions[:, None]) * groups[:, :, None]
    means = fractions + offsets.sum(axis=1) / groups.sum(axis=1)[:, None]
    first = np.flatnonzero(np.argmax(groups, axis=1) == np.arange(len(groups)))
    return CrystalSet(
        lattices=(np.linalg.inv(cell) @ crystals.lattices[row])[None],
        fractional_coordinates=means[first] % 1,
        atomic_numbers=crystals.atomic_numbers[atoms][first],
        counts=np.array([len(first)]),
    )
