"""Structures of lower symmetry, along imaginary modes."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from math import lcm

import numpy as np
import spglib
from jaxtyping import Complex, Float, Int
from phonopy.structure.atoms import PhonopyAtoms
from phonopy.structure.cells import get_supercell

from aiida_crystalgen.science.crystals import Column, CrystalSet
from aiida_crystalgen.science.stability.phonons.force_constants import HarmonicCrystal
from aiida_crystalgen.science.stability.phonons.settings import FollowingSettings
from aiida_crystalgen.science.stability.phonons.spectrum import eigenmodes
from aiida_crystalgen.science.stability.phonons.supercells import crystals_of_cells
from aiida_crystalgen.science.stability.phonons.verdict import ImaginaryPoint, PhononVerdict
from aiida_crystalgen.science.symmetry.dataset import ask_spglib

__all__ = ('commensurate_supercell', 'displaced_crystals')

_LARGEST_DENOMINATOR = 12  # waves of longer period make cells that nobody relaxes
_DEGENERATE = 1e-3  # THz


def displaced_crystals(
    phonon: HarmonicCrystal, verdict: PhononVerdict, settings: FollowingSettings
) -> CrystalSet:
    """Return the crystal displaced along the softest mode of each imaginary point, softest first.

    Points that only the interpolation calls imaginary come after commensurate ones. Each row is the
    smallest supercell that the wave fits into. Columns are ``label`` (name of the point, or its
    coordinates), ``q_point`` and ``frequency`` in THz.

    :param verdict: of the crystal, with its imaginary points.
    :raises ValueError: if the verdict has no imaginary point whose wave fits into any supercell.
    """
    chosen = [one for one in verdict.imaginary_points if _fractions(one.q_point) is not None]
    if not chosen:
        raise ValueError(
            f'the verdict is {verdict.verdict}, but there is no imaginary mode at a q-point whose '
            f'wave fits into a supercell; the smallest frequency is at {list(verdict.q_point)}'
        )
    chosen = sorted(chosen, key=lambda one: not one.commensurate)[: settings.points]
    cells = [_displaced(phonon, one, settings.amplitude) for one in chosen]
    labels = [one.label or str(list(one.q_point)) for one in chosen]
    return crystals_of_cells(cells).with_columns(
        label=np.array(labels, dtype=np.str_),
        q_point=np.array([one.q_point for one in chosen]),
        frequency=Column(np.array([one.frequency for one in chosen]), 'THz'),
    )


def _displaced(phonon: HarmonicCrystal, point: ImaginaryPoint, amplitude: float) -> PhonopyAtoms:
    """Return the smallest supercell of a wave, displaced along the softest mode.

    :param amplitude: displacement of the atom that moves most, in Å.
    """
    primitive = phonon.primitive
    matrix = commensurate_supercell(primitive.cell, point.q_point)
    supercell = get_supercell(primitive, matrix.T)
    atoms = np.repeat(np.arange(len(primitive)), len(supercell) // len(primitive))
    eigenvector, phase = _softest_mode(phonon, np.array(point.q_point))
    places = supercell.positions @ np.linalg.inv(primitive.cell)
    waves = phase * np.exp(2j * np.pi * places @ np.array(point.q_point))
    weighted = eigenvector / np.sqrt(np.asarray(primitive.masses))[:, None]
    moves = (weighted[atoms] * waves[:, None]).real
    moves *= amplitude / np.linalg.norm(moves, axis=1).max()
    displaced = supercell.copy()
    displaced.positions = supercell.positions + moves
    return displaced


def _softest_mode(
    phonon: HarmonicCrystal, q_point: Float[np.ndarray, ' 3']
) -> tuple[Complex[np.ndarray, 'atoms 3'], complex]:
    """Return the eigenvector of the smallest frequency, and the phase that its wave starts with.

    Of modes with equal frequencies it is the one in which some atom moves as much as possible along
    one axis: a choice that does not depend on the linear algebra, and keeps much symmetry.
    """
    frequencies, eigenvectors = eigenmodes(phonon, q_point[None])
    space = eigenvectors[0][:, frequencies[0] < frequencies[0, 0] + _DEGENERATE]
    projector = space @ space.conj().T
    chosen = int(np.argmax(np.round(np.diag(projector).real, 6)))
    place = phonon.primitive.scaled_positions[chosen // 3]
    phase = complex(np.exp(-2j * np.pi * place @ q_point))
    return projector[:, chosen].reshape(-1, 3), phase


def commensurate_supercell(
    lattice: Float[np.ndarray, '3 3'], q_point: tuple[float, float, float]
) -> Int[np.ndarray, '3 3']:
    """Return the smallest supercell that a wave fits into, as compact as can be.

    :param lattice: vectors of the crystal as rows, in Å.
    :param q_point: in its reciprocal lattice vectors.
    :returns: rows are the supercell's vectors in those of the crystal.
    :raises ValueError: if there is none of a reasonable size.
    """
    fractions = _fractions(q_point)
    if fractions is None:
        raise ValueError(
            f'no supercell of {_LARGEST_DENOMINATOR} cells or fewer holds the wave at {q_point}'
        )
    cells = lcm(*(one.denominator for one in fractions))
    numerators = np.array([int(one * cells) for one in fractions])
    basis = next(one for one in _sublattices(cells) if not (one @ numerators % cells).any())
    reduced = ask_spglib(spglib.niggli_reduce, basis @ lattice)
    found = basis if reduced is None else np.rint(reduced @ np.linalg.inv(lattice))
    found = found.astype(np.int64)
    return found if np.linalg.det(found) > 0 else -found


def _sublattices(index: int) -> Iterator[Int[np.ndarray, '3 3']]:
    """Yield a basis of each sublattice of this index, as a Hermite normal form."""
    for a in range(1, index + 1):
        for b in range(1, index // a + 1):
            if index % (a * b) == 0:
                c = index // (a * b)
                for i, j, k in np.ndindex(b, c, c):
                    yield np.array([[a, i, j], [0, b, k], [0, 0, c]], dtype=np.int64)


def _fractions(q_point: tuple[float, float, float]) -> list[Fraction] | None:
    """Return the coordinates as fractions, None if their denominators are large."""
    found = [Fraction(one).limit_denominator(_LARGEST_DENOMINATOR) for one in q_point]
    is_exact = all(abs(one - float(two)) < 1e-5 for one, two in zip(q_point, found, strict=True))
    small = lcm(*(one.denominator for one in found)) <= _LARGEST_DENOMINATOR
    return found if is_exact and small else None
