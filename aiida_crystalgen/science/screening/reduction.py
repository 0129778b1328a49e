"""Primitive Niggli cells as pymatgen's ``StructureMatcher`` makes them, but sooner.

The matcher reduces every crystal to its Niggli cell and then searches for smaller cells that repeat
within 0.25 Å. Most crystals leave no doubt: nothing repeats, or some translations repeat closely
and no other comes near. Arrays tell these for many crystals at once, and only the doubtful ones go
through pymatgen's own search.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np
from jaxtyping import Bool, Float
from pymatgen.core import Lattice, Structure

from aiida_crystalgen.science.crystals import CrystalSet
from aiida_crystalgen.science.structures import to_structures

__all__ = ('reduced_structures',)

_LOOSE = 0.5  # Å along each axis: twice pymatgen's tolerance, beyond which it does not even look
_CLOSE = 0.02  # Å, within which a translation repeats the crystal without doubt
_APART = 1.0  # Å, above which two atoms are never taken for one
_BLOCK = 1 << 18  # vectors held at once


@dataclass(frozen=True)
class _Repeats:
    """Translations that may repeat a structure.

    :param translations: in fractions of the cell, zero included.
    :param certain: whether all of them do and no others could.
    """

    translations: Float[np.ndarray, 'translations 3']
    certain: bool


def reduced_structures(crystals: CrystalSet) -> list[Structure]:
    """Return the primitive Niggli cell of each crystal, as ``StructureMatcher`` reduces it."""
    result = [one.get_reduced_structure() for one in to_structures(crystals)]
    for number in np.unique(crystals.counts):
        rows = np.flatnonzero(crystals.counts == number)
        size = max(1, _BLOCK // int(number) ** 3)
        for part in (rows[start : start + size] for start in range(0, len(rows), size)):
            found = _find_repeats([result[row] for row in part])
            for row, repeats in zip(part, found, strict=True):
                if not repeats.certain:
                    result[row] = result[row].get_primitive_structure()
                elif len(repeats.translations) > 1:
                    result[row] = _primitive(result[row], repeats.translations)
    return result


def _find_repeats(structures: list[Structure]) -> Iterator[_Repeats]:
    """Yield the translations that may repeat each structure.

    :param structures: Niggli cells with equally many atoms.
    """
    lattices = np.array([one.lattice.matrix for one in structures])
    fractions = np.array([one.frac_coords for one in structures])
    numbers = np.array([one.atomic_numbers for one in structures])
    alike = numbers[:, :, None] == numbers[:, None, :]
    # A repetition takes an atom of the rarest element to one of the same element.
    origins = np.argmin(alike.sum(axis=2), axis=1)
    index = np.arange(len(structures))
    steps = fractions - fractions[index, origins][:, None]
    apart = fractions[:, None, :] - fractions[:, :, None]
    near, close = _matches(apart[:, None] - steps[:, :, None, None], lattices, alike)
    near &= alike[index, origins]
    close &= alike[index, origins]
    crowded = _are_crowded(apart, lattices, alike)
    for row in index:
        number = int(close[row].sum())
        translations = np.rint(steps[row, close[row]] * number) / number
        errors = steps[row, close[row]] - translations
        exact = np.linalg.norm(errors @ lattices[row], axis=1).max() <= _CLOSE
        certain = exact and not crowded[row] and np.array_equal(near[row], close[row])
        yield _Repeats(translations, bool(certain))


def _matches(
    misfits: Float[np.ndarray, 'crystals steps atoms atoms 3'],
    lattices: Float[np.ndarray, 'crystals 3 3'],
    alike: Bool[np.ndarray, 'crystals atoms atoms'],
) -> tuple[Bool[np.ndarray, 'crystals steps'], Bool[np.ndarray, 'crystals steps']]:
    """Return which steps bring every atom near an atom of its element, and which close to one.

    :param misfits: vectors between atoms less the step, in fractions of the cell.
    """
    misfits = misfits - np.rint(misfits)
    lengths = np.linalg.norm(lattices, axis=2)[:, None, None, None]
    near = (np.abs(misfits) * lengths <= _LOOSE).all(axis=-1) & alike[:, None]
    vectors = np.einsum('csijx,cxy->csijy', misfits, lattices)
    close = near & ((vectors * vectors).sum(axis=-1) <= _CLOSE**2)
    return near.any(axis=3).all(axis=2), close.any(axis=3).all(axis=2)


def _are_crowded(
    apart: Float[np.ndarray, 'crystals atoms atoms 3'],
    lattices: Float[np.ndarray, 'crystals 3 3'],
    alike: Bool[np.ndarray, 'crystals atoms atoms'],
) -> Bool[np.ndarray, ' crystals']:
    """Return which crystals have atoms of one element so near that they may be taken for one."""
    vectors = np.einsum('cijx,cxy->cijy', apart - np.rint(apart), lattices)
    tight = ((vectors * vectors).sum(axis=-1) < _APART**2) & alike
    return tight.sum(axis=(1, 2)) > alike.shape[1]


def _primitive(
    structure: Structure, translations: Float[np.ndarray, 'translations 3']
) -> Structure:
    """Return the Niggli cell of the lattice that includes the translations.

    :param translations: a group, in fractions of the structure's cell, zero included.
    """
    shifts = np.array(list(product((-1, 0, 1), repeat=3)))
    vectors = (translations[:, None] + shifts).reshape(-1, 3) @ structure.lattice.matrix
    lattice = Lattice(_shortest_basis(vectors))
    fractions = lattice.get_fractional_coords(structure.cart_coords)
    apart = fractions[None] - fractions[:, None]
    apart -= np.rint(apart)
    same = np.linalg.norm(apart @ lattice.matrix, axis=-1) <= 2 * _CLOSE
    means = fractions + (apart * same[:, :, None]).sum(axis=1) / same.sum(axis=1)[:, None]
    first = np.flatnonzero(np.argmax(same, axis=1) == np.arange(len(same)))
    species = [structure[site].specie for site in first]
    return Structure(lattice, species, means[first]).get_reduced_structure()


def _shortest_basis(vectors: Float[np.ndarray, 'vectors 3']) -> Float[np.ndarray, '3 3']:
    """Return the three shortest independent vectors, right-handed; they span all the others.

    :param vectors: all short vectors of a lattice, zero included, in Å.
    """
    ordered = vectors[np.argsort(np.linalg.norm(vectors, axis=1), kind='stable')]
    ordered = ordered[np.linalg.norm(ordered, axis=1) > _APART / 2]
    first = ordered[0]
    # Independent short vectors of a lattice are at least 60 degrees apart.
    normals = np.cross(first, ordered)
    sizes = np.linalg.norm(normals, axis=1)
    second = np.flatnonzero(sizes > 0.1 * np.linalg.norm(first) ** 2)[0]
    heights = ordered @ normals[second] / sizes[second]
    third = np.flatnonzero(np.abs(heights) > 0.1 * np.linalg.norm(first))[0]
    return np.stack([first, ordered[second], ordered[third] * np.sign(heights[third])])
