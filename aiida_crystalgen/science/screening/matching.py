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
    :param fractions: coordinates of the atoms, element after element.
    :param numbers: atomic numbers, the same for all.
    :param vectors: lattice vectors of each crystal, in the unit of the lattices.
    :param lengths: of these vectors; infinite where a crystal has fewer than others.
    :param tolerances: of the comparison.
    """

    lattices: Float[np.ndarray, 'crystals 3 3']
    fractions: Float[np.ndarray, 'crystals atoms 3']
    numbers: Int[np.ndarray, ' atoms']
    vectors: Float[np.ndarray, 'crystals vectors 3']
    lengths: Float[np.ndarray, 'crystals vectors']
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
        longest = np.linalg.norm(lattices, axis=2).max() * (1 + tolerances.length_tolerance)
        vectors = _lattice_vectors(lattices, float(longest))
        return cls(
            lattices=lattices,
            fractions=np.take_along_axis(fractions, order[:, :, None], axis=1),
            numbers=np.sort(numbers[0]),
            vectors=vectors,
            lengths=np.linalg.norm(vectors, axis=2),
            tolerances=tolerances,
        )

    def can_match(self, rows: Int[np.ndarray, ' rows'], target: int) -> Bool[np.ndarray, ' rows']:
        """Return False for each row that the matcher cannot match, as first crystal, to another.

        :param target: row of the second crystal.
        """
        result = np.zeros(len(rows), dtype=bool)
        owners, cells = self._similar_cells(rows, target)
        size = max(1, _BLOCK // len(self.numbers) ** 2)
        for start in range(0, len(cells), size):
            part = slice(start, start + size)
            for cell, partners in self._partners(rows[owners[part]], cells[part], target):
                owner = owners[start + cell]
                result[owner] = result[owner] or _has_perfect_matching(partners)
        return result

    def _similar_cells(
        self, rows: Int[np.ndarray, ' rows'], target: int
    ) -> tuple[Int[np.ndarray, ' cells'], Float[np.ndarray, 'cells 3 3']]:
        """Return the primitive cells of the rows that resemble the target's, and whose they are.

        The owners are positions in ``rows``.
        """
        lengths, angles = _parameters(self.lattices[target])
        limit = (1 + self.tolerances.length_tolerance) * (1 + _SLACK)
        sides = []
        for length in lengths:
            ratios = self.lengths[rows] / length
            fits = (ratios < limit) & (ratios > 1 / limit)
            chosen = np.argsort(~fits, axis=1, kind='stable')[:, : fits.sum(axis=1).max(initial=0)]
            side = np.take_along_axis(self.vectors[rows], chosen[:, :, None], axis=1)
            side[~np.take_along_axis(fits, chosen, axis=1)] = np.nan
            sides.append(side)
        a, b, c = sides
        alpha, beta, gamma = angles
        with_alpha, with_beta = self._at_angle(b, c, alpha), self._at_angle(a, c, beta)
        owners, i, j = np.nonzero(self._at_angle(a, b, gamma))
        pairs, k = np.nonzero(with_alpha[owners, j] & with_beta[owners, i])
        owners, i, j = owners[pairs], i[pairs], j[pairs]
        cells = np.stack([a[owners, i], b[owners, j], c[owners, k]], axis=1)
        ratios = np.abs(np.linalg.det(cells) / np.linalg.det(self.lattices[rows[owners]]))
        primitive = np.abs(ratios - 1) < 0.5
        return owners[primitive], cells[primitive]

    def _at_angle(
        self,
        first: Float[np.ndarray, 'rows first 3'],
        second: Float[np.ndarray, 'rows second 3'],
        angle: float,
    ) -> Bool[np.ndarray, 'rows first second']:
        """Return which vectors enclose about this angle in degrees; never those of NaN."""
        units = (one / np.linalg.norm(one, axis=2, keepdims=True) for one in (first, second))
        one, other = units
        cosines = one @ other.swapaxes(1, 2)
        widest = np.radians(min(angle + self.tolerances.angle_tolerance, 180))
        narrowest = np.radians(max(angle - self.tolerances.angle_tolerance, 0))
        return (cosines >= np.cos(widest) - _SLACK) & (cosines <= np.cos(narrowest) + _SLACK)

    def _partners(
        self,
        rows: Int[np.ndarray, ' cells'],
        cells: Float[np.ndarray, 'cells 3 3'],
        target: int,
    ) -> Iterator[tuple[int, Bool[np.ndarray, 'sites atoms']]]:
        """Yield the cells on which the target can be put so that every atom has a partner.

        With each cell, for every way to do so, come the atoms that are near each of the target's
        sites; all of them where the cell is too narrow to tell.
        """
        metrics = _metrics_between(cells, self.lattices[target])
        sizes = np.cbrt(np.sqrt(np.linalg.det(metrics)) / len(self.numbers))
        reaches = 2 * self.tolerances.site_tolerance * sizes * (1 + _SLACK)
        # Within half a plane spacing an atom has one image only, the one that rounding finds.
        inverses = np.diagonal(np.linalg.inv(metrics), axis1=1, axis2=2)
        narrow = reaches >= 0.5 / np.sqrt(inverses.max(axis=1))
        alike = self.numbers[:, None] == self.numbers
        for cell in np.flatnonzero(narrow):
            yield cell, alike
        fractions = self.fractions[rows] @ (self.lattices[rows] @ np.linalg.inv(cells))
        goal = self.fractions[target]
        # The rarest element offers the fewest ways to put one of its atoms on another.
        rarest = int(np.argmin(alike.sum(axis=1)))
        ways = int(alike[rarest].sum())
        alive = np.repeat(np.flatnonzero(~narrow), ways)
        shifts = (fractions[~narrow][:, alike[rarest]] - goal[rarest]).reshape(-1, 1, 3)
        for site, others in zip(goal, alike, strict=True):
            apart = fractions[alive][:, others] - (site + shifts)
            near = _are_near(apart, metrics[alive], reaches[alive]).any(axis=1)
            alive, shifts = alive[near], shifts[near]
        apart = fractions[alive][:, None] - (goal + shifts)[:, :, None]
        near = _are_near(apart, metrics[alive], reaches[alive]) & alike
        complete = near.any(axis=1).all(axis=1)
        yield from zip(alive[complete], near[complete], strict=True)


def _are_near(
    apart: Float[np.ndarray, 'cells *sites 3'],
    metrics: Float[np.ndarray, 'cells 3 3'],
    reaches: Float[np.ndarray, ' cells'],
) -> Bool[np.ndarray, 'cells *sites']:
    """Return which vectors, reduced to a near image, are no longer than the reach of their cell."""
    vectors = apart - np.rint(apart)
    extra = (1,) * (apart.ndim - 3)
    squares = ((vectors @ metrics.reshape(-1, *extra, 3, 3)) * vectors).sum(axis=-1)
    return squares <= reaches.reshape(-1, *extra, 1) ** 2


def _has_perfect_matching(partners: Bool[np.ndarray, 'sites atoms']) -> bool:
    """Return whether every site can have an atom of its own."""
    sites, atoms = linear_sum_assignment(partners, maximize=True)
    return bool(partners[sites, atoms].all())


def _lattice_vectors(
    lattices: Float[np.ndarray, 'crystals 3 3'], longest: float
) -> Float[np.ndarray, 'crystals vectors 3']:
    """Return all vectors of each lattice up to a length; infinite ones fill short lists."""
    count = len(lattices)
    points = CrystalSet(
        lattices=lattices,
        fractional_coordinates=np.zeros((count, 3)),
        atomic_numbers=np.ones(count, dtype=np.int64),
        counts=np.ones(count, dtype=np.int64),
    )
    blocks = list(periodic_images(points, longest * (1 + _SLACK)))
    result = np.full((count, max(one.translations.shape[2] for one in blocks), 3), np.inf)
    for block in blocks:
        result[block.rows, : block.translations.shape[2]] = block.translations.transpose(1, 2, 0)
    return result


def _parameters(
    lattices: Float[np.ndarray, '*shape 3 3'],
) -> tuple[Float[np.ndarray, '*shape 3'], Float[np.ndarray, '*shape 3']]:
    """Return lengths a, b, c, and angles alpha, beta, gamma in degrees."""
    lengths = np.linalg.norm(lattices, axis=-1)
    units = lattices / lengths[..., None]
    cosines = (units[..., [1, 2, 0], :] * units[..., [2, 0, 1], :]).sum(axis=-1).clip(-1, 1)
    return lengths, np.degrees(np.arccos(cosines))


def _metrics_between(
    cells: Float[np.ndarray, 'cells 3 3'], lattice: Float[np.ndarray, '3 3']
) -> Float[np.ndarray, 'cells 3 3']:
    """Return the metric tensors of the lattices with the mean lengths and angles of two."""
    lengths, angles = _parameters(cells)
    other_lengths, other_angles = _parameters(lattice)
    lengths = (lengths + other_lengths) / 2
    cosines = np.cos(np.radians((angles + other_angles) / 2))
    metrics = lengths[:, :, None] * lengths[:, None, :]
    for (i, j), k in zip(((1, 2), (0, 2), (0, 1)), range(3), strict=True):
        metrics[:, i, j] *= cosines[:, k]
        metrics[:, j, i] *= cosines[:, k]
    return metrics
