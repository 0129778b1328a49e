"""The neighbours of chosen atoms within distances of their own, in whole batches.

Vectors have their components along the first axis, so that the inner loops run over the long ones.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields

import numpy as np
from jaxtyping import Float, Int

from aiida_crystalgen.science.crystals import CrystalSet
from aiida_crystalgen.science.neighbors import compact_lattices, periodic_images

__all__ = ('Neighborhood', 'nearest_distances', 'neighborhoods')

_BLOCK = 1 << 17  # candidates for neighbours that are looked at together
_FAR = 1e6  # Å: where the places without a neighbour are


@dataclass(frozen=True)
class Neighborhood:
    """The neighbours of some atoms.

    :param members: places in the list of atoms that was asked for.
    :param vectors: from each atom to its neighbours, in Å, in an order that depends on nothing but
        the crystal; the last places of atoms with fewer neighbours are far away.
    """

    members: Int[np.ndarray, ' members']
    vectors: Float[np.ndarray, '3 members neighbors']


def nearest_distances(crystals: CrystalSet) -> Float[np.ndarray, ' atoms']:
    """Return the distance from each atom to its nearest neighbour, images included, in Å.

    :raises ValueError: if a cell has no volume.
    """
    # The own image along the shortest lattice vector is a neighbour, so none farther counts.
    limits = np.linalg.norm(compact_lattices(crystals)[:, 0], axis=1)
    squares = np.repeat(limits, crystals.counts) ** 2
    starts = crystals.offsets[:-1]
    for images in periodic_images(crystals, limits * (1 + 1e-6)):
        if len(images.first):
            nearest = images.squared_distances().min(axis=2)
            for ends in (images.first, images.second):
                np.minimum.at(squares, starts[images.rows][:, None] + ends, nearest)
    return np.sqrt(squares)


def neighborhoods(
    crystals: CrystalSet, atoms: Int[np.ndarray, ' members'], reaches: Float[np.ndarray, ' members']
) -> Iterator[Neighborhood]:
    """Yield the neighbours of the atoms, some atoms at a time; their order is not that asked for.

    :param atoms: places in the flat arrays of the set.
    :param reaches: longest distance of interest from each, in Å.
    :raises ValueError: if a cell has no volume.
    """
    centres = _Centres.of(crystals, atoms, reaches)
    order = np.argsort(centres.candidates, kind='stable')
    while len(order):
        loads = centres.candidates[order] * np.arange(1, len(order) + 1)
        block = order[: max(1, int(np.searchsorted(loads, _BLOCK, side='right')))]
        order = order[len(block) :]
        yield Neighborhood(block, _padded(*_neighbors(crystals, centres.select(block))))


@dataclass(frozen=True)
class _Centres:
    """Atoms whose neighbours are looked for, each with the compact lattice of its crystal.

    :param atoms: places in the flat arrays of the set.
    :param starts: first atom of the crystal of each.
    :param counts: number of atoms of the crystal of each.
    :param lattices: of short vectors, in Å.
    :param changes: from the given fractional coordinates to those of these lattices.
    :param extents: how many cells away a neighbour can be along each axis.
    :param reaches: longest distance of interest from each, in Å.
    """

    atoms: Int[np.ndarray, ' centres']
    starts: Int[np.ndarray, ' centres']
    counts: Int[np.ndarray, ' centres']
    lattices: Float[np.ndarray, 'centres 3 3']
    changes: Float[np.ndarray, 'centres 3 3']
    extents: Int[np.ndarray, 'centres 3']
    reaches: Float[np.ndarray, ' centres']

    @classmethod
    def of(
        cls,
        crystals: CrystalSet,
        atoms: Int[np.ndarray, ' members'],
        reaches: Float[np.ndarray, ' members'],
    ) -> _Centres:
        """Return the atoms of a set as centres."""
        owners = crystals.crystal_of_atom[atoms]
        rows, places = np.unique(owners, return_inverse=True)
        reduced = compact_lattices(crystals.select(rows))
        inverses = np.linalg.inv(reduced)
        spacings = 1 / np.linalg.norm(inverses, axis=1)
        # Differences of fractional coordinates are at most a half.
        extents = np.floor(reaches[:, None] / spacings[places] + 0.5 + 1e-9)
        return cls(
            atoms=atoms,
            starts=crystals.offsets[owners],
            counts=crystals.counts[owners],
            lattices=reduced[places],
            changes=np.rint(crystals.lattices[rows] @ inverses)[places],
            extents=extents.astype(np.int64),
            reaches=reaches,
        )

    @property
    def candidates(self) -> Int[np.ndarray, ' centres']:
        """Number of atoms in the boxes of cells that hold all neighbours."""
        return self.counts * (2 * self.extents + 1).prod(axis=1)

    def select(self, chosen: Int[np.ndarray, ' chosen']) -> _Centres:
        """Return some of the centres."""
        return _Centres(**{one.name: getattr(self, one.name)[chosen] for one in fields(self)})


def _neighbors(
    crystals: CrystalSet, centres: _Centres
) -> tuple[Float[np.ndarray, '3 neighbors'], Int[np.ndarray, ' centres']]:
    """Return the vectors to the neighbours, centre after centre, and how many each has."""
    number = len(centres.atoms)
    centre = np.repeat(np.arange(number), centres.counts)
    atoms = np.repeat(centres.starts, centres.counts) + _counting(centres.counts)
    fractions = crystals.fractional_coordinates
    steps = fractions[atoms] - fractions[centres.atoms][centre]
    steps = np.einsum('pi,pij->jp', steps, centres.changes[centre])
    pairs = _combined(steps - np.rint(steps), centres.lattices[centre])
    starts = np.cumsum(centres.counts) - centres.counts
    longest = np.sqrt(np.maximum.reduceat((pairs * pairs).sum(axis=0), starts))
    images, numbers = _images(centres, (centres.reaches + longest) * (1 + 1e-9))
    repeats = numbers[centre]
    image_starts = (np.cumsum(numbers) - numbers)[centre]
    image = np.arange(int(repeats.sum())) + np.repeat(
        image_starts - np.cumsum(repeats) + repeats, repeats
    )
    vectors = np.stack(
        [np.repeat(one, repeats) + other[image] for one, other in zip(pairs, images, strict=True)]
    )
    squares = (vectors * vectors).sum(axis=0)
    within = (squares <= np.repeat(centres.reaches[centre] ** 2, repeats)) & (squares > 0)
    every = centres.counts * numbers
    found = np.add.reduceat(within, np.cumsum(every) - every, dtype=np.int64)
    return vectors[:, within], found


def _images(
    centres: _Centres, radii: Float[np.ndarray, ' centres']
) -> tuple[Float[np.ndarray, '3 images'], Int[np.ndarray, ' centres']]:
    """Return the lattice translations within spheres, centre after centre, and their numbers.

    :param radii: of the spheres, in Å.
    """
    widths = 2 * centres.extents + 1
    boxes = widths.prod(axis=1)
    centre = np.repeat(np.arange(len(boxes)), boxes)
    rest, third = np.divmod(_counting(boxes), widths[centre, 2])
    first, second = np.divmod(rest, widths[centre, 1])
    steps = np.stack([first, second, third]) - centres.extents[centre].T
    vectors = _combined(steps.astype(np.float64), centres.lattices[centre])
    within = (vectors * vectors).sum(axis=0) <= radii[centre] ** 2
    numbers = np.add.reduceat(within, np.cumsum(boxes) - boxes, dtype=np.int64)
    return vectors[:, within], numbers


def _combined(
    coefficients: Float[np.ndarray, '3 vectors'], lattices: Float[np.ndarray, 'vectors 3 3']
) -> Float[np.ndarray, '3 vectors']:
    """Return the Cartesian vectors of fractional ones, each in its own lattice, in Å."""
    u, v, w = coefficients
    return np.stack([u * a + v * b + w * c for a, b, c in lattices.transpose(2, 1, 0)])


def _counting(lengths: Int[np.ndarray, ' runs']) -> Int[np.ndarray, ' total']:
    """Return the numbers from 0 to each length, run after run."""
    return np.arange(int(lengths.sum())) - np.repeat(np.cumsum(lengths) - lengths, lengths)


def _padded(
    vectors: Float[np.ndarray, '3 neighbors'], counts: Int[np.ndarray, ' members']
) -> Float[np.ndarray, '3 members places']:
    """Return the vectors with one row for each atom, filled up with far ones."""
    result = np.full((3, len(counts), int(counts.max())), _FAR)
    member = np.repeat(np.arange(len(counts)), counts)
    result[:, member, _counting(counts)] = vectors
    return result
