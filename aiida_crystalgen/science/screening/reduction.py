"""Primitive Niggli cells as pymatgen's ``StructureMatcher`` makes them, but sooner.

The matcher reduces every crystal to its Niggli cell and then searches for smaller cells that repeat
within 0.25 Å. Every smaller cell has a translation by a fraction k/p of the cell with a prime p,
and most crystals leave no doubt about these: each either repeats the crystal closely or takes some
atom far from all others. Arrays tell this for many crystals at once, and only the doubtful ones go
through pymatgen's own search.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
from jaxtyping import Bool, Float, Int
from pymatgen.core import Structure

from aiida_crystalgen.science.crystals import CrystalSet, concatenate
from aiida_crystalgen.science.neighbors import shortest_distances
from aiida_crystalgen.science.structures import to_structure
from aiida_crystalgen.science.symmetry.niggli import niggli_lattices

__all__ = ('reduced_structures',)

_TOLERANCE = 0.25  # Å along each axis of a cell: pymatgen's
_CLOSE = 0.02  # Å, within which an atom is repeated without doubt
_FAR = 1.0  # Å, beyond the tolerances of three axes: without doubt it is not
_BLOCK = 1 << 18  # vectors held at once


@dataclass(frozen=True)
class _Translations:
    """Fractions of cells that may repeat crystals.

    :param rows: of the crystals.
    :param primes: denominators of the fractions.
    :param fractions: of the cell vectors.
    :param misfits: how far the translation takes some atom from the nearest of its element, in Å.
    """

    rows: Int[np.ndarray, ' translations']
    primes: Int[np.ndarray, ' translations']
    fractions: Float[np.ndarray, 'translations 3']
    misfits: Float[np.ndarray, ' translations']


def reduced_structures(crystals: CrystalSet) -> list[Structure]:
    """Return the primitive Niggli cell of each crystal, as ``StructureMatcher`` reduces it."""
    cells = _in_niggli_cells(crystals)
    translations = _find_translations(cells)
    close = translations.misfits <= _CLOSE
    doubtful = set(translations.rows[~close & (translations.misfits <= _FAR)].tolist())
    doubtful |= set(translations.rows[_are_cramped(cells)[translations.rows]].tolist())
    repeating = [row for row in np.unique(translations.rows[close]).tolist() if row not in doubtful]
    result = {row: to_structure(cells, row) for row in range(len(cells)) if row not in repeating}
    result.update({row: result[row].get_primitive_structure() for row in doubtful})
    if repeating:
        merged = []
        for row in repeating:
            chosen = close & (translations.rows == row)
            chosen &= translations.primes == translations.primes[chosen].min()
            merged.append(_merge_repeated(cells, row, translations.fractions[chosen]))
        # What remains may repeat itself again.
        result.update(zip(repeating, reduced_structures(concatenate(merged)), strict=True))
    return [result[row] for row in range(len(cells))]


def _in_niggli_cells(crystals: CrystalSet) -> CrystalSet:
    """Return the bare crystals in their Niggli cells."""
    lattices = niggli_lattices(crystals.lattices)
    changes = np.rint(crystals.lattices @ np.linalg.inv(lattices))[crystals.crystal_of_atom]
    fractions = np.einsum('ai,aij->aj', crystals.fractional_coordinates, changes)
    return CrystalSet(
        lattices=lattices,
        fractional_coordinates=fractions - np.floor(fractions),
        atomic_numbers=crystals.atomic_numbers,
        counts=crystals.counts,
    )


def _are_cramped(crystals: CrystalSet) -> Bool[np.ndarray, ' crystals']:
    """Return which crystals have planes or atoms so close together that near and far mean little."""
    spacings = 1 / np.linalg.norm(np.linalg.inv(crystals.lattices), axis=1).max(axis=1)
    return (spacings < 2 * _FAR) | (shortest_distances(crystals) < _FAR)


def _find_translations(crystals: CrystalSet) -> _Translations:
    """Return the translations near which pymatgen could find a smaller cell."""
    found = [_translations_of_size(crystals, number) for number in np.unique(crystals.counts)]
    rows, primes, fractions = (np.concatenate(parts) for parts in zip(*found, strict=True))
    misfits = np.empty(len(rows))
    sizes = crystals.counts[rows]
    for number in np.unique(sizes):
        chosen = np.flatnonzero(sizes == number)
        step = max(1, _BLOCK // int(number) ** 2)
        for part in (chosen[start : start + step] for start in range(0, len(chosen), step)):
            misfits[part] = _misfits(crystals, rows[part], fractions[part])
    return _Translations(rows, primes, fractions, misfits)


def _translations_of_size(
    crystals: CrystalSet, number: int
) -> tuple[
    Int[np.ndarray, ' translations'],
    Int[np.ndarray, ' translations'],
    Float[np.ndarray, 'translations 3'],
]:
    """Return rows, primes and fractions for the crystals with this number of atoms."""
    rows = np.flatnonzero(crystals.counts == number)
    atoms = crystals.offsets[rows][:, None] + np.arange(number)
    positions, numbers = crystals.fractional_coordinates[atoms], crystals.atomic_numbers[atoms]
    # A translation takes an atom of the rarest element to one of the same element.
    rarest = np.argmin((numbers[:, :, None] == numbers[:, None]).sum(axis=2), axis=1)[:, None]
    steps = positions - np.take_along_axis(positions, rarest[:, :, None], axis=1)
    alike = numbers == np.take_along_axis(numbers, rarest, axis=1)
    lengths = np.linalg.norm(crystals.lattices[rows], axis=2)[:, None]
    result = []
    for prime in _prime_factors(number):
        fractions = np.rint(steps * prime) / prime
        near = alike & (np.abs(steps - fractions) * lengths <= _TOLERANCE).all(axis=2)
        near &= (fractions % 1 != 0).any(axis=2)
        owners = rows[np.nonzero(near)[0]]
        result.append((owners, np.full(len(owners), prime), fractions[near]))
    if not result:
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64), np.zeros((0, 3))
    found, primes, translations = (np.concatenate(parts) for parts in zip(*result, strict=True))
    return found, primes, translations


def _prime_factors(number: int) -> list[int]:
    """Return the primes that divide a number."""
    return [
        divisor
        for divisor in range(2, number + 1)
        if number % divisor == 0 and all(divisor % smaller for smaller in range(2, divisor))
    ]


def _misfits(
    crystals: CrystalSet,
    rows: Int[np.ndarray, ' translations'],
    fractions: Float[np.ndarray, 'translations 3'],
) -> Float[np.ndarray, ' translations']:
    """Return how far each translation takes some atom from the nearest of its element, in Å."""
    atoms = crystals.offsets[rows][:, None] + np.arange(crystals.counts[rows[0]])
    positions, numbers = crystals.fractional_coordinates[atoms], crystals.atomic_numbers[atoms]
    apart = positions[:, None] - positions[:, :, None] - fractions[:, None, None]
    vectors = (apart - np.rint(apart)) @ crystals.lattices[rows][:, None]
    squares = (vectors * vectors).sum(axis=3)
    squares[numbers[:, :, None] != numbers[:, None]] = np.inf
    return np.sqrt(squares.min(axis=2).max(axis=1))


def _merge_repeated(
    crystals: CrystalSet, row: int, translations: Float[np.ndarray, 'translations 3']
) -> CrystalSet:
    """Return one crystal in a cell that the translations span, its repeated atoms averaged.

    :param translations: all but zero of a group, in fractions of the cell.
    """
    atoms = crystals.atoms(row)
    shifts = np.array(list(product((-1, 0, 1), repeat=3)))
    group = np.concatenate([np.zeros((1, 3)), translations])
    lattice = crystals.lattices[row]
    smaller = _shortest_basis((group[:, None] + shifts).reshape(-1, 3) @ lattice)
    fractions = crystals.fractional_coordinates[atoms] @ (lattice @ np.linalg.inv(smaller))
    apart = fractions[None] - fractions[:, None]
    apart -= np.rint(apart)
    same = np.linalg.norm(apart @ smaller, axis=2) <= 2 * _CLOSE
    first = np.flatnonzero(np.argmax(same, axis=1) == np.arange(len(same)))
    means = fractions + (apart * same[:, :, None]).sum(axis=1) / same.sum(axis=1)[:, None]
    return CrystalSet(
        lattices=smaller[None],
        fractional_coordinates=means[first],
        atomic_numbers=crystals.atomic_numbers[atoms][first],
        counts=np.array([len(first)]),
    )


def _shortest_basis(vectors: Float[np.ndarray, 'vectors 3']) -> Float[np.ndarray, '3 3']:
    """Return the three shortest independent vectors, right-handed; they span all the others.

    :param vectors: all short vectors of a lattice, zero included, in Å.
    """
    lengths = np.linalg.norm(vectors, axis=1)
    ordered = vectors[np.argsort(lengths, kind='stable')][(lengths < _CLOSE).sum() :]
    # Of the shortest vectors of a lattice, two independent ones are at least 60 degrees apart.
    normals = np.cross(ordered[0], ordered)
    second = np.argmax(np.linalg.norm(normals, axis=1) > 0.5 * (ordered[0] @ ordered[0]))
    heights = ordered @ normals[second] / np.linalg.norm(normals[second])
    third = np.argmax(np.abs(heights) > 0.1 * np.linalg.norm(ordered[0]))
    return np.stack([ordered[0], ordered[second], ordered[third] * np.sign(heights[third])])
