"""Which clusters are copies of each other, mirror images included.

Two clusters match if one can be turned, mirrored and moved onto the other so that every atom comes
within a tolerance of one of its element, each of another, where the sum of the squared distances is
the smallest. Sorted distances rule out most pairs: a
displacement by the tolerance changes a distance by at most twice as much, and sorting does not
enlarge the largest change. For the others every way is tried to put two atoms of the one, chosen to
fix its orientation well, on two atoms of the other. The best assignment (Kuhn 1955,
doi:10.1002/nav.3800020109) and the best rotation for it (Kabsch 1976,
doi:10.1107/S0567739476001873) then take turns until nothing changes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.optimize import linear_sum_assignment

from aiida_crystalgen.science.crystals import CrystalSet

__all__ = ('first_matching_clusters',)

_BLOCK = 1 << 20  # distances between atoms of two clusters compared at once
_SLACK = 1e-9  # Å, so that rounding never rules out a copy
_ROUNDS = 20  # of assignment and rotation, of which two or three are needed


def first_matching_clusters(
    clusters: CrystalSet, known: Bool[np.ndarray, ' clusters'] | None, tolerance: float
) -> Int[np.ndarray, ' clusters']:
    """Return the row of the first representative that matches each cluster, its own if none does.

    :param known: the clusters that represent others and are not compared with each other; without
        any, every cluster that matches none before it represents those after it.
    :param tolerance: largest displacement of an atom, in Å.
    """
    result = np.arange(len(clusters))
    for rows in _by_composition(clusters):
        shapes = _Shapes.of(clusters, rows)
        represents = np.ones(len(rows), dtype=bool) if known is None else known[rows]
        for place in range(len(rows)):
            if known is not None and known[rows[place]]:
                continue
            earlier = np.flatnonzero(represents)
            if known is None:
                earlier = earlier[earlier < place]
            near = earlier[shapes.are_alike(earlier, place, tolerance)].tolist()
            match = next((one for one in near if shapes.match(one, place, tolerance)), None)
            if match is not None:
                result[rows[place]] = rows[match]
                represents[place] = False
    return result


def _by_composition(clusters: CrystalSet) -> list[Int[np.ndarray, ' rows']]:
    """Return the rows of the clusters with the same numbers of atoms of each element."""
    groups: dict[bytes, list[int]] = {}
    bounds = clusters.offsets
    for row in range(len(clusters)):
        numbers = np.sort(clusters.atomic_numbers[bounds[row] : bounds[row + 1]])
        groups.setdefault(numbers.tobytes(), []).append(row)
    return [np.array(rows) for rows in groups.values()]


@dataclass(frozen=True)
class _Shapes:
    """Clusters of one composition, with what can be compared before they are turned.

    :param positions: from the mean position, in Å; the atoms element by element.
    :param numbers: atomic numbers, the same for all.
    :param profiles: distances from the mean position, then between atoms, each kind in order.
    """

    positions: Float[np.ndarray, 'clusters atoms 3']
    numbers: Int[np.ndarray, ' atoms']
    profiles: Float[np.ndarray, 'clusters distances']

    @classmethod
    def of(cls, clusters: CrystalSet, rows: Int[np.ndarray, ' rows']) -> _Shapes:
        """Return the shapes of clusters that have the same composition."""
        atoms = clusters.offsets[rows][:, None] + np.arange(clusters.counts[rows[0]])
        order = np.argsort(clusters.atomic_numbers[atoms], axis=1, kind='stable')
        atoms = np.take_along_axis(atoms, order, axis=1)
        positions = clusters.cartesian_coordinates[atoms]
        positions = positions - positions.mean(axis=1, keepdims=True)
        numbers = clusters.atomic_numbers[atoms[0]]
        return cls(positions, numbers, _profiles(positions, numbers))

    def are_alike(
        self, others: Int[np.ndarray, ' others'], place: int, tolerance: float
    ) -> Bool[np.ndarray, ' others']:
        """Return which clusters have nearly the distances of another."""
        changes = np.abs(self.profiles[others] - self.profiles[place])
        return changes.max(axis=1, initial=0.0) <= 2 * tolerance + _SLACK

    def match(self, first: int, second: int, tolerance: float) -> bool:
        """Return whether a rotation or reflection brings all atoms of the second on the first's."""
        fixed, moved = self.positions[first], self.positions[second]
        alike = self.numbers[:, None] == self.numbers
        turns = self._turns(fixed, moved, tolerance)
        size = max(1, _BLOCK // len(self.numbers) ** 2)
        for start in range(0, len(turns), size):
            some = turns[start : start + size]
            apart = np.linalg.norm((moved @ some)[:, None] - fixed[:, None], axis=3)
            nearest = np.where(alike, apart, np.inf).min(axis=2)
            # Badly placed starts are not worth an assignment; the best ones go first.
            misfits = nearest.max(axis=1)
            hopeful = np.argsort(misfits, kind='stable')
            for turn in some[hopeful[misfits[hopeful] <= 6 * tolerance + _SLACK]]:
                if _displacement(fixed, moved @ turn, alike) <= tolerance + _SLACK:
                    return True
        return False

    def _turns(
        self,
        fixed: Float[np.ndarray, 'atoms 3'],
        moved: Float[np.ndarray, 'atoms 3'],
        tolerance: float,
    ) -> Float[np.ndarray, 'turns 3 3']:
        """Return the rotations and reflections that put two atoms of a cluster on two of another.

        The two of the moved one are the farthest from its middle, and from the line through both.
        """
        radii = np.linalg.norm(moved, axis=1)
        first = int(radii.argmax())
        axis = moved[first] / (radii[first] or 1.0)
        second = int(np.linalg.norm(moved - np.outer(moved @ axis, axis), axis=1).argmax())
        reach = 2 * tolerance + _SLACK
        own = np.linalg.norm(fixed, axis=1)
        candidates = [
            np.flatnonzero(
                (np.abs(own - radii[one]) <= reach) & (self.numbers == self.numbers[one])
            )
            for one in (first, second)
        ]
        i, j = (index.ravel() for index in np.meshgrid(*candidates, indexing='ij'))
        between = np.linalg.norm(fixed[i] - fixed[j], axis=1)
        wanted = np.linalg.norm(moved[first] - moved[second])
        kept = np.abs(between - wanted) <= reach
        targets = np.stack([fixed[i[kept]], fixed[j[kept]]], axis=1)
        return _best_turns(moved[[first, second]].T @ targets)


def _profiles(
    positions: Float[np.ndarray, 'clusters atoms 3'], numbers: Int[np.ndarray, ' atoms']
) -> Float[np.ndarray, 'clusters distances']:
    """Return distances from the middle by element, and between atoms by pair of elements."""
    first, second = np.triu_indices(len(numbers), k=1)
    radii = np.linalg.norm(positions, axis=2)
    between = np.linalg.norm(positions[:, first] - positions[:, second], axis=2)
    # The atoms are in the order of their elements, so that pairs of two elements have one name.
    names = numbers[first] * 1000 + numbers[second]
    parts = [np.sort(radii[:, numbers == one], axis=1) for one in np.unique(numbers)]
    parts += [np.sort(between[:, names == one], axis=1) for one in np.unique(names)]
    return np.concatenate(parts, axis=1)


def _best_turns(products: Float[np.ndarray, 'turns 3 3']) -> Float[np.ndarray, '_ 3 3']:
    """Return the proper rotation, and the reflection, that fit each product of positions best.

    :param products: sums of moved positions times fixed ones; positions are rows.
    """
    left, _, right = np.linalg.svd(products)
    signs = np.ones((2, len(products), 3))
    determinants = np.sign(np.linalg.det(left @ right))
    signs[0, :, 2], signs[1, :, 2] = determinants, -determinants
    return np.concatenate([(left * sign[:, None]) @ right for sign in signs])


def _displacement(
    fixed: Float[np.ndarray, 'atoms 3'],
    moved: Float[np.ndarray, 'atoms 3'],
    alike: Bool[np.ndarray, 'atoms atoms'],
) -> float:
    """Return the largest displacement of an atom after the best fit that is near at hand, in Å."""
    order = np.arange(len(fixed))
    for _ in range(_ROUNDS):
        squares = ((moved[:, None] - fixed) ** 2).sum(axis=2)
        # A sum that no assignment within an element exceeds keeps elements apart.
        chosen = linear_sum_assignment(np.where(alike, squares, 1 + squares.sum()))[1]
        turn = _best_turns((moved.T @ fixed[chosen])[None])[0]
        moved = moved @ turn
        if (chosen == order).all():
            break
        order = chosen
    return float(np.linalg.norm(moved - fixed[order], axis=1).max())
