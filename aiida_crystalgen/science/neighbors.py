"""Distances between the atoms of crystals and all their periodic images, in whole batches.

Every cell is replaced by an equivalent compact one and every pair vector by its image near the
origin. Only those lattice translations are visited that can bring a pair within reach: the ones in
the sphere of radius cut-off + longest pair vector, which the plane spacings of the cell bound.
Distances come from elementwise arithmetic alone, so that those of a crystal are the same bits
whatever the batch it is part of. Components of vectors are the first axis, so that the inner loops
run over the long ones.

Clusters have no images: their pair vectors are taken as they are, with no translation but zero.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import permutations

import numpy as np
from jaxtyping import Bool, Float, Int

from aiida_crystalgen.science.crystals import CrystalSet

__all__ = ('Images', 'are_flat', 'compact_lattices', 'periodic_images', 'shortest_distances')

_BLOCK = 1 << 16  # distances held at once: half a MB, so that a block stays in the cache
_MOST_TRANSLATIONS = 1 << 21  # of one crystal: a cell this small is no crystal


@dataclass(frozen=True)
class Images:
    """Pairs of atoms and lattice translations of crystals with equally many atoms.

    The distances between atom ``first`` and the images of atom ``second`` are the lengths of pair
    vector + translation; each pair is listed once, and the opposite direction is meant with it.
    Distances from an atom to its own images are the lengths of the translations.

    :param rows: of the crystals in their set.
    :param first: number of the first atom of each pair within its crystal.
    :param second: number of the second atom, larger than the first.
    :param pairs: vectors from the first to a near image of the second atom, in Å.
    :param translations: all those within reach, zero included, and maybe others, in Å.
    """

    rows: Int[np.ndarray, ' crystals']
    first: Int[np.ndarray, ' pairs']
    second: Int[np.ndarray, ' pairs']
    pairs: Float[np.ndarray, '3 crystals pairs']
    translations: Float[np.ndarray, '3 crystals images']

    def squared_distances(self) -> Float[np.ndarray, 'crystals pairs images']:
        """Return the squared distances of all pairs over all translations, in Å²."""
        shape = (len(self.rows), len(self.first), self.translations.shape[2])
        result, component = np.empty(shape), np.empty(shape)
        for axis, target in enumerate((result, component, component)):
            pairs, translations = self.pairs[axis], self.translations[axis]
            np.add(pairs[:, :, None], translations[:, None, :], out=target)
            np.multiply(target, target, out=target)
            if axis > 0:
                result += component
        return result

    def squared_lengths(self) -> Float[np.ndarray, 'crystals images']:
        """Return the squared lengths of the translations in Å², infinite for the zero one."""
        lengths = _squares(self.translations)
        return np.where(lengths == 0, np.inf, lengths)


def are_flat(crystals: CrystalSet) -> Bool[np.ndarray, ' crystals']:
    """Return which cells have no volume to speak of, so that nothing can be said of distances.

    None of the boxes of clusters, in which distances do not depend on the box.
    """
    if not crystals.periodic:
        return np.zeros(len(crystals), dtype=bool)
    lengths = np.linalg.norm(crystals.lattices, axis=2)
    return crystals.volumes <= 1e-9 * lengths.prod(axis=1)


def shortest_distances(crystals: CrystalSet) -> Float[np.ndarray, ' crystals']:
    """Return the shortest distance between two atoms of each crystal, own images included, in Å.

    That of an atom alone, which has no images, is infinite.

    :raises ValueError: if a cell has no volume.
    """
    # No packing of equal spheres is denser than the face-centred cubic one, so that the shortest
    # distance is at most (√2 V/n)^(1/3) and a search this far always finds it.
    bounds = np.cbrt(np.sqrt(2) * crystals.volumes / crystals.counts) * (1 + 1e-6)
    result = np.empty(len(crystals))
    for images in periodic_images(crystals, bounds):
        own = images.squared_lengths().min(axis=1)
        between = images.squared_distances().min(axis=(1, 2), initial=np.inf)
        result[images.rows] = np.sqrt(np.minimum(own, between))
    return result


def periodic_images(
    crystals: CrystalSet, cutoffs: float | Float[np.ndarray, ' crystals']
) -> Iterator[Images]:
    """Yield the crystals in blocks, with every translation that brings a pair within the cut-off.

    Crystals of a block have equally many atoms and about equally many images; their order is not
    that of the set.

    :param cutoffs: longest distance of interest in Å, one for all or one for each crystal.
    :raises ValueError: if a cell has no volume, or is too small for its images to be listed.
    """
    if not crystals.periodic:
        yield from _pairs_of_clusters(crystals)
        return
    lattices = compact_lattices(crystals)
    limits = np.broadcast_to(np.asarray(cutoffs, dtype=np.float64), (len(crystals),))
    for number in np.unique(crystals.counts):
        rows = np.flatnonzero(crystals.counts == number)
        first, second = np.triu_indices(number, k=1)
        for part in _parts(rows, 16 * _BLOCK // max(256, len(first))):
            cells = lattices[part]
            pairs = _near_pairs(crystals, part, cells, first, second)
            reaches = limits[part] + np.sqrt(_squares(pairs).max(axis=1, initial=0.0))
            extents = _extents(cells, reaches, part)
            for block, translations in _translations(cells, reaches, extents, len(first)):
                yield Images(part[block], first, second, pairs[:, block], translations)


def _pairs_of_clusters(clusters: CrystalSet) -> Iterator[Images]:
    """Yield the clusters in blocks, with all pairs of their atoms and no translation but zero."""
    positions = clusters.cartesian_coordinates
    for number in np.unique(clusters.counts):
        rows = np.flatnonzero(clusters.counts == number)
        first, second = np.triu_indices(number, k=1)
        for part in _parts(rows, _BLOCK // max(1, len(first))):
            places = positions[clusters.offsets[part][:, None] + np.arange(number)]
            pairs = np.moveaxis(places[:, second] - places[:, first], 2, 0)
            yield Images(part, first, second, pairs, np.zeros((3, len(part), 1)))


def _squares(vectors: Float[np.ndarray, '3 crystals items']) -> Float[np.ndarray, 'crystals items']:
    """Return the squared length of each vector."""
    x, y, z = vectors
    return x * x + y * y + z * z


def compact_lattices(crystals: CrystalSet) -> Float[np.ndarray, 'crystals 3 3']:
    """Return an equivalent lattice of each crystal whose vectors are short, shortest first, in Å.

    The vectors are shortened by multiples of each other in turn until none can be.

    :raises ValueError: if a cell has no volume.
    """
    flat = np.flatnonzero(are_flat(crystals))
    if len(flat):
        shown = np.round(crystals.lattices[flat[0]], 6).tolist()
        raise ValueError(f'the cell of crystal {flat[0]} has no volume: {shown}; reject it first')
    cells = crystals.lattices.astype(np.float64)
    active = np.arange(len(cells))
    while len(active):
        shortened, changed = _shortened(cells[active])
        cells[active] = shortened
        active = active[changed]
    order = np.argsort((cells * cells).sum(axis=2), axis=1, kind='stable')
    return np.take_along_axis(cells, order[:, :, None], axis=1)


def _shortened(
    cells: Float[np.ndarray, 'cells 3 3'],
) -> tuple[Float[np.ndarray, 'cells 3 3'], Bool[np.ndarray, ' cells']]:
    """Return the lattices after one turn of shortening, and which of them it changed."""
    vectors = list(cells.transpose(1, 0, 2))
    changed = np.zeros(len(cells), dtype=bool)
    for fixed, moved in permutations(range(3), 2):
        norms = (vectors[fixed] * vectors[fixed]).sum(axis=1)
        steps = np.rint((vectors[fixed] * vectors[moved]).sum(axis=1) / norms)
        candidates = vectors[moved] - steps[:, None] * vectors[fixed]
        # The margin keeps ties from alternating for ever.
        before, after = ((one * one).sum(axis=1) for one in (vectors[moved], candidates))
        shorter = after < (1 - 1e-9) * before
        vectors[moved] = np.where(shorter[:, None], candidates, vectors[moved])
        changed |= shorter
    return np.stack(vectors, axis=1), changed


def _near_pairs(
    crystals: CrystalSet,
    rows: Int[np.ndarray, ' rows'],
    lattices: Float[np.ndarray, 'rows 3 3'],
    first: Int[np.ndarray, ' pairs'],
    second: Int[np.ndarray, ' pairs'],
) -> Float[np.ndarray, '3 rows pairs']:
    """Return the vector of each pair, moved by the lattice to one near the origin, in Å."""
    atoms = crystals.offsets[rows][:, None] + np.arange(crystals.counts[rows[0]])
    change = np.rint(crystals.lattices[rows] @ np.linalg.inv(lattices))
    fractions = crystals.fractional_coordinates[atoms] @ change
    steps = np.moveaxis(fractions[:, second] - fractions[:, first], 2, 0)
    return _combined(steps - np.rint(steps), lattices)


def _combined(
    coefficients: Float[np.ndarray, '3 _ vectors'], lattices: Float[np.ndarray, 'rows 3 3']
) -> Float[np.ndarray, '3 rows vectors']:
    """Return the Cartesian vectors of fractional ones, in Å."""
    u, v, w = coefficients
    components = lattices.transpose(2, 1, 0)[..., None]
    return np.stack([u * a + v * b + w * c for a, b, c in components])


def _extents(
    lattices: Float[np.ndarray, 'rows 3 3'],
    reaches: Float[np.ndarray, ' rows'],
    names: Int[np.ndarray, ' rows'],
) -> Int[np.ndarray, 'rows 3']:
    """Return how many lattice planes each sphere reaches along each axis.

    :param reaches: radii of the spheres in Å.
    :param names: what to call the crystals in messages.
    """
    spacings = 1 / np.linalg.norm(np.linalg.inv(lattices), axis=1)
    extents = np.floor(reaches[:, None] / spacings * (1 + 1e-9))
    numbers = (2 * extents + 1).prod(axis=1)
    if numbers.max() > _MOST_TRANSLATIONS:
        worst = int(numbers.argmax())
        raise ValueError(
            f'the cell of crystal {names[worst]} is too small: {numbers[worst]:.0f} images are '
            f'within {reaches[worst]:.2f} Å; reject it by its volume first'
        )
    return extents.astype(np.int64)


def _translations(
    lattices: Float[np.ndarray, 'rows 3 3'],
    reaches: Float[np.ndarray, ' rows'],
    extents: Int[np.ndarray, 'rows 3'],
    pairs: int,
) -> Iterator[tuple[Int[np.ndarray, ' block'], Float[np.ndarray, '3 block images']]]:
    """Yield rows in blocks, with all translations within reach and as few others as may be.

    :param pairs: number of pairs of atoms, which limits the size of a block.
    """
    for extent in np.unique(extents, axis=0):
        grid = np.stack(np.meshgrid(*(np.arange(-n, n + 1.0) for n in extent), indexing='ij'))
        grid = grid.reshape(3, 1, -1)
        rows = np.flatnonzero((extents == extent).all(axis=1))
        for part in _parts(rows, _BLOCK // grid.shape[2]):
            vectors = _combined(grid, lattices[part])
            within = _squares(vectors) <= (reaches[part, None] * (1 + 1e-9)) ** 2
            numbers = within.sum(axis=1)
            nearest = np.argsort(~within, axis=1, kind='stable')
            for block in _similar(numbers, pairs):
                chosen = nearest[block, : numbers[block].max()]
                yield part[block], np.take_along_axis(vectors[:, block], chosen[None], axis=2)


def _parts(rows: Int[np.ndarray, ' rows'], size: int) -> Iterator[Int[np.ndarray, ' part']]:
    """Yield the rows in parts of ``size``, or one by one if that is zero."""
    step = max(1, size)
    for start in range(0, len(rows), step):
        yield rows[start : start + step]


def _similar(numbers: Int[np.ndarray, ' rows'], pairs: int) -> Iterator[Int[np.ndarray, ' block']]:
    """Yield blocks of rows with about equal numbers of translations, and not too many distances."""
    rows = np.argsort(numbers, kind='stable')
    while len(rows):
        distances = numbers[rows] * max(1, pairs) * np.arange(1, len(rows) + 1)
        size = max(1, int(np.searchsorted(distances, _BLOCK, side='right')))
        yield rows[:size]
        rows = rows[size:]
