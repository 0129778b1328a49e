"""Which crystals pymatgen's ``StructureMatcher`` could match at all, for many at once.

The matcher joins two reduced crystals with equally many atoms if some cell of the first has nearly
the lengths and angles of the second, and if on a lattice between the two every atom comes within
the site tolerance of one of its element after a common translation. Two consequences are checked
here with arrays: such a cell exists; and with an atom of the rarest element put on one of the
other crystal, every atom has one of its element within twice the site tolerance (once for itself,
once for the common translation). What fails cannot match, whatever the tolerances are; nothing is
said of the rest.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float, Int
from pydantic import Field
from pymatgen.core import Structure
from scipy.optimize import linear_sum_assignment

from aiida_crystalgen.science.crystals import CrystalSet
from aiida_crystalgen.science.neighbors import periodic_images
from aiida_crystalgen.science.settings import Settings

__all__ = ('MatchTolerances', 'ReducedCells')

_BLOCK = 1 << 18  # sites compared at once
_SLACK = 1e-6  # relative, so that rounding never excludes what the matcher would accept


class MatchTolerances(Settings):
    """Tolerances of pymatgen's ``StructureMatcher``, for primitive Niggli cells.

    :param length_tolerance: largest relative difference of cell lengths (``ltol``).
    :param site_tolerance: largest displacement of an atom, in units of (V/n)^(1/3) (``stol``).
    :param angle_tolerance: largest difference of cell angles in degrees (``angle_tol``).
    :param scale: whether volumes are made equal first.
    """

    length_tolerance: float = Field(gt=0, lt=1)
    site_tolerance: float = Field(gt=0, lt=1)
    angle_tolerance: float = Field(gt=0, lt=90)
    scale: bool


@dataclass(frozen=True)
class ReducedCells:
    """Reduced crystals of one composition and number of atoms, prepared for comparison.

    :param lattices: in Å, or scaled to a volume of 1 per atom.
    :param lengths: a, b, c of the lattices.
    :param angles: alpha, beta, gamma in degrees.
    :param fractions: coordinates of the atoms, element after element.
    :param numbers: atomic numbers, the same for all.
    :param vectors: short lattice vectors of each crystal, shortest first, in the same unit.
    :param sizes: lengths of these vectors; infinite where a crystal has fewer than others.
    :param tolerances: of the comparison.
    """

    lattices: Float[np.ndarray, 'crystals 3 3']
    lengths: Float[np.ndarray, 'crystals 3']
    angles: Float[np.ndarray, 'crystals 3']
    fractions: Float[np.ndarray, 'crystals atoms 3']
    numbers: Int[np.ndarray, ' atoms']
    vectors: Float[np.ndarray, 'crystals vectors 3']
    sizes: Float[np.ndarray, 'crystals vectors']
    tolerances: MatchTolerances

    @classmethod
    def of(cls, structures: Sequence[Structure], tolerances: MatchTolerances) -> ReducedCells:
        """Return the cells of reduced structures that have the same composition."""
        numbers = np.array([one.atomic_numbers for one in structures])
        order = np.argsort(numbers, axis=1, kind='stable')
        fractions = np.array([one.frac_coords for one in structures])
        lattices = np.array([one.lattice.matrix for one in structures])
        if tolerances.scale:
            volumes = np.abs(np.linalg.det(lattices)) / numbers.shape[1]
            lattices = lattices / np.cbrt(volumes)[:, None, None]
        lengths, angles = _parameters(lattices)
        longest = lengths.max() * (1 + tolerances.length_tolerance) * (1 + _SLACK)
        vectors = _lattice_vectors(lattices, float(longest))
        return cls(
            lattices=lattices,
            lengths=lengths,
            angles=angles,
            fractions=np.take_along_axis(fractions, order[:, :, None], axis=1),
            numbers=np.sort(numbers[0]),
            vectors=vectors,
            sizes=np.linalg.norm(vectors, axis=2),
            tolerances=tolerances,
        )

    def can_match(
        self, first: Int[np.ndarray, ' pairs'], second: Int[np.ndarray, ' pairs']
    ) -> Bool[np.ndarray, ' pairs']:
        """Return False for each pair of crystals that the matcher cannot match, in this order."""
        result = np.zeros(len(first), dtype=bool)
        begins, ends = self._ranges(first, second)
        choices = ends - begins
        # Those with about as many vectors to choose from go together, so that few are in vain.
        widths = np.where((choices > 0).all(axis=1), choices.max(axis=1), 0)
        order = np.argsort(widths, kind='stable')
        order = order[np.searchsorted(widths[order], 1) :]
        cells_at_once = max(1, 4 * _BLOCK // len(self.numbers) ** 3)
        for part in _parts(widths[order]):
            pairs = order[part]
            places, cells = self._similar_cells(
                first[pairs], second[pairs], begins[pairs], ends[pairs]
            )
            owners = pairs[places]
            for begin in range(0, len(cells), cells_at_once):
                some = owners[begin : begin + cells_at_once]
                chosen = cells[begin : begin + cells_at_once]
                ways = self._placements(first[some], chosen, second[some])
                for way, owner in enumerate(some[ways.cells].tolist()):
                    result[owner] = result[owner] or ways.allow_match(way)
        return result

    def _ranges(
        self, first: Int[np.ndarray, ' pairs'], second: Int[np.ndarray, ' pairs']
    ) -> tuple[Int[np.ndarray, 'pairs 3'], Int[np.ndarray, 'pairs 3']]:
        """Return which vectors of the first are about as long as a, b, c of the second."""
        limit = (1 + self.tolerances.length_tolerance) * (1 + _SLACK)
        lengths = self.lengths[second]
        return self._ranks(first, lengths / limit), self._ranks(first, lengths * limit)

    def _similar_cells(
        self,
        first: Int[np.ndarray, ' pairs'],
        second: Int[np.ndarray, ' pairs'],
        begins: Int[np.ndarray, 'pairs 3'],
        ends: Int[np.ndarray, 'pairs 3'],
    ) -> tuple[Int[np.ndarray, ' cells'], Float[np.ndarray, 'cells 3 3']]:
        """Return the primitive cells of the first that resemble the second's, and of which pair.

        :param begins: first of the vectors of the first that may be a, b, c.
        :param ends: first of those that may no longer be.
        """
        sides, units = [], []
        for begin, end in zip(begins.T, ends.T, strict=True):
            ranks = begin[:, None] + np.arange((end - begin).max(initial=0))
            within = ranks < end[:, None]
            chosen = first[:, None], np.where(within, ranks, 0)
            sides.append(self.vectors[chosen])
            sizes = np.where(within, self.sizes[chosen], np.nan)
            units.append(sides[-1] / sizes[:, :, None])
        a, b, c = units
        alpha, beta, gamma = self.angles[second].T
        with_alpha, with_beta = self._at_angle(b, c, alpha), self._at_angle(a, c, beta)
        owners, i, j = np.nonzero(self._at_angle(a, b, gamma))
        rows, k = np.nonzero(with_alpha[owners, j] & with_beta[owners, i])
        owners, i, j = owners[rows], i[rows], j[rows]
        cells = np.stack([sides[0][owners, i], sides[1][owners, j], sides[2][owners, k]], axis=1)
        volumes = np.abs(np.linalg.det(self.lattices))
        ratios = np.abs(np.linalg.det(cells)) / volumes[first[owners]]
        primitive = np.abs(ratios - 1) < 0.5
        return owners[primitive], cells[primitive]

    def _ranks(
        self, rows: Int[np.ndarray, ' pairs'], lengths: Float[np.ndarray, 'pairs lengths']
    ) -> Int[np.ndarray, 'pairs lengths']:
        """Return how many vectors of each row are shorter than some lengths."""
        step, lifted = self._lifted
        places = np.searchsorted(lifted, lengths + step * rows[:, None])
        return places - self.sizes.shape[1] * rows[:, None]

    @cached_property
    def _lifted(self) -> tuple[float, Float[np.ndarray, ' vectors']]:
        """The sizes of all rows, one row lifted above the other by a step, as one sorted list."""
        step = 4 * float(self.lengths.max())
        lifts = step * np.arange(len(self.sizes))
        return step, (np.minimum(self.sizes, step / 2) + lifts[:, None]).ravel()

    def _at_angle(
        self,
        first: Float[np.ndarray, 'pairs first 3'],
        second: Float[np.ndarray, 'pairs second 3'],
        angles: Float[np.ndarray, ' pairs'],
    ) -> Bool[np.ndarray, 'pairs first second']:
        """Return which unit vectors enclose about this angle in degrees; never those of NaN."""
        cosines = first @ second.swapaxes(1, 2)
        widest = np.radians(np.minimum(angles + self.tolerances.angle_tolerance, 180))
        narrowest = np.radians(np.maximum(angles - self.tolerances.angle_tolerance, 0))
        lower, upper = np.cos(widest) - _SLACK, np.cos(narrowest) + _SLACK
        return (cosines >= lower[:, None, None]) & (cosines <= upper[:, None, None])

    def _placements(
        self,
        first: Int[np.ndarray, ' cells'],
        cells: Float[np.ndarray, 'cells 3 3'],
        second: Int[np.ndarray, ' cells'],
    ) -> _Placements:
        """Return the ways to put the second on each cell of the first so that all have partners."""
        metrics = _metrics_between(cells, self.lengths[second], self.angles[second])
        inverses, determinants = _inverses(metrics)
        sizes = np.cbrt(np.sqrt(np.abs(determinants)) / len(self.numbers))
        reaches = 2 * self.tolerances.site_tolerance * sizes * (1 + _SLACK)
        # Within half a plane spacing an atom has one image only, the one that rounding finds. In
        # narrower cells everything is near, so that nothing is excluded.
        steepest = np.diagonal(inverses, axis1=1, axis2=2).max(axis=1)
        reaches[reaches >= 0.5 / np.sqrt(steepest)] = np.inf
        atoms = _axis_first(self.fractions[first] @ (self.lattices[first] @ _inverses(cells)[0]))
        sites = _axis_first(self.fractions[second])
        alike = self.numbers[:, None] == self.numbers
        # The rarest element offers the fewest ways to put one of its atoms on another.
        rarest = int(np.argmin(alike.sum(axis=1)))
        shifts = (atoms[:, :, alike[rarest]] - sites[:, :, [rarest]]).reshape(3, -1)
        alive = np.repeat(np.arange(len(cells)), alike[rarest].sum())
        for site in np.flatnonzero(np.arange(len(alike)) != rarest):
            targets = sites[:, :, site].take(alive, axis=1) + shifts
            partners = atoms[:, :, alike[site]].take(alive, axis=1)
            apart = _wrapped(partners - targets[:, :, None])
            near = _are_near(apart, metrics[alive], reaches[alive]).any(axis=1)
            alive, shifts = alive[near], shifts[:, near]
        targets = sites[:, alive] + shifts[:, :, None]
        apart = _wrapped(atoms[:, alive][:, :, None] - targets[:, :, :, None])
        near = _are_near(apart, metrics[alive], reaches[alive]) & alike
        full = near.any(axis=1).all(axis=1)
        kept = alive[full]
        apart = np.moveaxis(apart[:, full], 0, -1)
        return _Placements(kept, near[full], apart, metrics[kept], reaches[kept])


@dataclass(frozen=True)
class _Placements:
    """Ways to put one crystal on a cell of another.

    :param cells: which cell is meant.
    :param near: whether an atom of the other is within reach of a site.
    :param apart: vectors from sites to atoms, in fractions of the cell.
    :param metrics: metric tensors of the cells.
    :param reaches: twice the site tolerance, infinite where the cell is too narrow to tell.
    """

    cells: Int[np.ndarray, ' ways']
    near: Bool[np.ndarray, 'ways sites atoms']
    apart: Float[np.ndarray, 'ways sites atoms 3']
    metrics: Float[np.ndarray, 'ways 3 3']
    reaches: Float[np.ndarray, ' ways']

    def allow_match(self, way: int) -> bool:
        """Return whether every site can have an atom of its own, all displaced about alike.

        Displacements within the site tolerance of their mean are within twice that of each other.
        """
        sites, atoms = np.nonzero(self.near[way])
        displacements = self.apart[way, sites, atoms]
        differences = displacements[:, None] - displacements
        squares = ((differences @ self.metrics[way]) * differences).sum(axis=2)
        agree = squares <= self.reaches[way] ** 2
        agree &= (sites[:, None] == sites) == (atoms[:, None] == atoms)
        begin = np.flatnonzero(np.diff(sites, prepend=-1))
        left = np.ones(len(sites), dtype=bool)
        while True:
            # A choice stays while it agrees with one of those left at every site.
            stays = left & np.logical_or.reduceat(agree & left, begin, axis=1).all(axis=1)
            if (stays == left).all():
                break
            left = stays
        choices = np.zeros(self.near.shape[1:], dtype=bool)
        choices[sites[left], atoms[left]] = True
        rows, columns = linear_sum_assignment(choices, maximize=True)
        return bool(choices[rows, columns].all())


def _wrapped(fractions: Float[np.ndarray, '3 ...']) -> Float[np.ndarray, '3 ...']:
    """Return the fractions of a cell nearest to 0 that differ by whole cells."""
    return fractions - np.rint(fractions)


def _axis_first(vectors: Float[np.ndarray, 'cells atoms 3']) -> Float[np.ndarray, '3 cells atoms']:
    """Return vectors as three arrays, which are quicker to compute with."""
    return np.ascontiguousarray(np.moveaxis(vectors, -1, 0))


def _are_near(
    apart: Float[np.ndarray, '3 cells ...'],
    metrics: Float[np.ndarray, 'cells 3 3'],
    reaches: Float[np.ndarray, ' cells'],
) -> Bool[np.ndarray, 'cells ...']:
    """Return which vectors are no longer than the reach of their cell."""
    extra = (1,) * (apart.ndim - 2)
    # Written out, as products of so many such small matrices take far longer.
    xx, xy, xz, _, yy, yz, _, _, zz = metrics.reshape(-1, 9).T.reshape(9, -1, *extra)
    x, y, z = apart
    squares = x * (xx * x + 2 * (xy * y + xz * z)) + y * (yy * y + 2 * yz * z) + zz * z * z
    return squares <= reaches.reshape(-1, *extra) ** 2


def _inverses(
    matrices: Float[np.ndarray, 'cells 3 3'],
) -> tuple[Float[np.ndarray, 'cells 3 3'], Float[np.ndarray, ' cells']]:
    """Return the inverses and the determinants of many small matrices."""
    normals = np.cross(matrices[:, [1, 2, 0]], matrices[:, [2, 0, 1]])
    determinants = (matrices[:, 0] * normals[:, 0]).sum(axis=1)
    return normals.swapaxes(1, 2) / determinants[:, None, None], determinants


def _parts(widths: Int[np.ndarray, ' pairs']) -> Iterator[slice]:
    """Yield parts of ascending numbers of vectors, of about the same number of pairs of vectors."""
    start = 0
    while start < len(widths):
        sizes = 1 + np.arange(min(_BLOCK, len(widths) - start))
        costs = sizes * widths[start : start + len(sizes)] ** 2
        stop = start + max(1, int(np.searchsorted(costs, _BLOCK, side='right')))
        yield slice(start, stop)
        start = stop


def _lattice_vectors(
    lattices: Float[np.ndarray, 'crystals 3 3'], longest: float
) -> Float[np.ndarray, 'crystals vectors 3']:
    """Return all vectors of each lattice up to a length, and maybe others, shortest first.

    Infinite ones fill short lists.
    """
    count = len(lattices)
    points = CrystalSet(
        lattices=lattices,
        fractional_coordinates=np.zeros((count, 3)),
        atomic_numbers=np.ones(count, dtype=np.int64),
        counts=np.ones(count, dtype=np.int64),
    )
    blocks = list(periodic_images(points, longest))
    result = np.full((count, max(one.translations.shape[2] for one in blocks), 3), np.inf)
    for block in blocks:
        result[block.rows, : block.translations.shape[2]] = block.translations.transpose(1, 2, 0)
    order = np.argsort(np.linalg.norm(result, axis=2), axis=1, kind='stable')
    return np.take_along_axis(result, order[:, :, None], axis=1)


def _parameters(
    lattices: Float[np.ndarray, 'cells 3 3'],
) -> tuple[Float[np.ndarray, 'cells 3'], Float[np.ndarray, 'cells 3']]:
    """Return lengths a, b, c, and angles alpha, beta, gamma in degrees."""
    lengths = np.linalg.norm(lattices, axis=2)
    units = lattices / lengths[:, :, None]
    cosines = (units[:, [1, 2, 0]] * units[:, [2, 0, 1]]).sum(axis=2).clip(-1, 1)
    return lengths, np.degrees(np.arccos(cosines))


def _metrics_between(
    cells: Float[np.ndarray, 'cells 3 3'],
    lengths: Float[np.ndarray, 'cells 3'],
    angles: Float[np.ndarray, 'cells 3'],
) -> Float[np.ndarray, 'cells 3 3']:
    """Return the metric tensors of the means of cells and others, given by lengths and angles."""
    own_lengths, own_angles = _parameters(cells)
    sides = (own_lengths + lengths) / 2
    cosines = np.cos(np.radians((own_angles + angles) / 2))
    metrics = sides[:, :, None] * sides[:, None, :]
    for axis, (i, j) in enumerate(((1, 2), (0, 2), (0, 1))):
        metrics[:, i, j] *= cosines[:, axis]
        metrics[:, j, i] *= cosines[:, axis]
    return metrics
