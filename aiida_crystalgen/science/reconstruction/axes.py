"""Conventional cells of all kinds that a given lattice can have, as crystal or as supercell.

A crystal in a given cell has a lattice that contains the given one: the same, or a finer one where
the cell holds several primitive cells. Each such lattice has axes that fit one crystal system or
another, and in one system often several: an orthorhombic cell can be named in six orders.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import product

import numpy as np
from jaxtyping import Bool, Float

from aiida_crystalgen.science.symmetry.lattices import primitive_basis
from aiida_crystalgen.science.symmetry.niggli import niggli_lattices
from aiida_crystalgen.science.symmetry.wyckoff import GROUPS

__all__ = ('Axes', 'conventional_axes', 'kind_of_lattice')

_LARGEST_COEFFICIENT = 2  # of the two shorter axes in a reduced basis; the third one follows
_INTEGER_TOLERANCE = 0.02  # of coefficients that are whole numbers in an exact lattice
_SYSTEM_BOUNDS = (3, 16, 75, 143, 195)  # first groups after triclinic, monoclinic, …
_ORTHORHOMBIC, _HEXAGONAL = 2, 4


@dataclass(frozen=True)
class Axes:
    """One way to choose conventional axes for a crystal in a given cell.

    :param to_cell: matrix that takes conventional coordinates (a row) to those of the given cell.
    :param shifts: lattice vectors of the crystal inside the given cell, in its coordinates.
    """

    to_cell: Float[np.ndarray, '3 3']
    shifts: Float[np.ndarray, 'copies 3']


@lru_cache(maxsize=256)
def kind_of_lattice(group: int) -> tuple[int, bytes]:
    """Return what the axes of a space group depend on: crystal system and centring."""
    system = int(np.searchsorted(_SYSTEM_BOUNDS, group, side='right'))
    return system, primitive_basis(group).tobytes()


@lru_cache(maxsize=1)
def _kinds() -> tuple[tuple[int, bytes], ...]:
    """Return all kinds of lattices."""
    return tuple(sorted({kind_of_lattice(group) for group in GROUPS}))


def conventional_axes(
    lattice: Float[np.ndarray, '3 3'], copies: int, tolerance: float
) -> dict[tuple[int, bytes], list[Axes]]:
    """Return all axes of crystals with ``copies`` primitive cells in the given one, by kind.

    Axes with the same metric are listed once for each lattice, as they differ by a symmetry of it.

    :param lattice: vectors of the given cell as rows, in Å.
    :param tolerance: largest relative deviation of scalar products from what a system demands.
    """
    found: dict[tuple[int, bytes], list[Axes]] = {kind: [] for kind in _kinds()}
    inverse = np.linalg.inv(lattice)
    for fine in _finer_lattices(lattice, copies):
        shifts = _shifts(fine @ inverse, copies)
        pairs = [_Pairs.of(fine, one, tolerance) for one in range(len(_SYSTEM_BOUNDS) + 1)]
        for (system, basis), listed in found.items():
            matrix = np.frombuffer(basis).reshape(3, 3)
            triples = pairs[system].axes(matrix, tolerance)
            listed += [Axes(triple @ inverse, shifts) for triple in triples]
    return found


def _finer_lattices(
    lattice: Float[np.ndarray, '3 3'], copies: int
) -> Float[np.ndarray, 'lattices 3 3']:
    """Return compact bases of all lattices with so many points in the given cell.

    They are the inverses of the Hermite normal forms of that determinant.
    """
    forms = [
        [[a, 0, 0], [d, b, 0], [e, f, copies // (a * b)]]
        for a, b in product(range(1, copies + 1), repeat=2)
        if copies % (a * b) == 0
        for d, e, f in product(range(b), range(copies // (a * b)), range(copies // (a * b)))
    ]
    # Columns, not rows, of a form may be combined: it stands on the left of the lattice.
    bases = np.linalg.inv(np.array(forms, dtype=np.float64).transpose(0, 2, 1)) @ lattice
    return niggli_lattices(bases)


def _shifts(fine: Float[np.ndarray, '3 3'], copies: int) -> Float[np.ndarray, 'copies 3']:
    """Return the points of a finer lattice in the unit cell, the origin first.

    :param fine: its vectors in coordinates of the cell.
    """
    steps = np.array(list(product(range(copies), repeat=3)))
    points = np.rint(steps @ fine * copies).astype(np.int64) % copies
    return np.unique(points, axis=0) / copies


@dataclass(frozen=True)
class _Pairs:
    """Pairs of vectors of a lattice that may be two axes of a crystal system.

    :param system: number of the crystal system; the pair is a and c if monoclinic, else a and b.
    :param lattice: compact basis as rows, in Å.
    :param pairs: the two vectors in Å.
    :param normals: vectors along the third axis, which has length one over theirs for a cell of
        unit volume.
    """

    system: int
    lattice: Float[np.ndarray, '3 3']
    pairs: Float[np.ndarray, 'pairs 2 3']
    normals: Float[np.ndarray, 'pairs 3']

    @classmethod
    def of(cls, lattice: Float[np.ndarray, '3 3'], system: int, tolerance: float) -> _Pairs:
        """Return the pairs of short vectors of a lattice that fit a system."""
        span = range(-_LARGEST_COEFFICIENT, _LARGEST_COEFFICIENT + 1)
        steps = np.array([one for one in product(span, repeat=3) if any(one)], dtype=np.float64)
        vectors = steps @ lattice
        # An axis and its opposite make the same metrics, so that half of the first ones will do.
        first, second = np.nonzero(_fits(vectors, system, tolerance)[: len(vectors) // 2])
        pairs = np.stack([vectors[first], vectors[second]], axis=1)
        crosses = np.cross(pairs[:, 0], pairs[:, 1])
        return cls(system, lattice, pairs, crosses / (crosses * crosses).sum(axis=1)[:, None])

    def axes(
        self, basis: Float[np.ndarray, '3 3'], tolerance: float
    ) -> list[Float[np.ndarray, '3 3']]:
        """Return the conventional axes of a centring, one for each metric.

        :param basis: vectors of a primitive cell in units of the conventional axes.
        """
        if self.system == 0:
            return [self.lattice * np.sign(np.linalg.det(self.lattice))]
        volume = abs(np.linalg.det(self.lattice) / np.linalg.det(basis))
        triples = np.concatenate([self.pairs, volume * self.normals[:, None]], axis=1)
        if self.system == 1:
            triples = triples[:, [0, 2, 1]] * np.array([1, -1, 1])[:, None]
        if self.system == len(_SYSTEM_BOUNDS):
            squares = (triples * triples).sum(axis=2)
            triples = triples[np.abs(squares[:, 2] / squares[:, 0] - 1) < tolerance]
        steps = basis @ triples @ np.linalg.inv(self.lattice)
        whole = np.abs(steps - np.rint(steps)).max(axis=(1, 2), initial=0) < _INTEGER_TOLERANCE
        return _distinct(triples[whole], tolerance)


def _fits(
    vectors: Float[np.ndarray, 'vectors 3'], system: int, tolerance: float
) -> Bool[np.ndarray, 'vectors vectors']:
    """Return which pairs are two axes of a system: a and c if monoclinic, else a and b."""
    products = vectors @ vectors.T
    squares = products.diagonal()
    smaller = np.minimum(squares[:, None], squares)
    margin = tolerance * smaller
    if system <= 1:
        # Two vectors of an obtuse superbase, which the third one closes.
        independent = products**2 < (1 - tolerance) * squares[:, None] * squares
        return (products < margin) & (products > -smaller - margin) & independent
    orthogonal = np.abs(products) < margin
    if system == _ORTHORHOMBIC:
        return orthogonal
    equal = np.abs(squares[:, None] - squares) < margin
    if system == _HEXAGONAL:
        return equal & (np.abs(products + squares / 2) < margin)
    return equal & orthogonal


def _distinct(
    triples: Float[np.ndarray, 'triples 3 3'], tolerance: float
) -> list[Float[np.ndarray, '3 3']]:
    """Return the first of all triples of axes with the same metric."""
    metrics = (triples @ triples.transpose(0, 2, 1)).reshape(-1, 9)
    kept: list[int] = []
    for row, metric in enumerate(metrics):
        scale = np.abs(metric).max() if len(metric) else 1.0
        if not any(np.abs(metrics[one] - metric).max() < tolerance * scale for one in kept):
            kept.append(row)
    return [triples[row] for row in kept]
