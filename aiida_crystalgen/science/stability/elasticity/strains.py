"""The strained crystals whose stresses give the elastic constants."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from jaxtyping import Float

from aiida_crystalgen.science.crystals import Column, CrystalSet
from aiida_crystalgen.science.stability.elasticity.kelvin import (
    kelvin_rotations,
    kelvin_vectors,
    voigt_strain,
)
from aiida_crystalgen.science.stability.elasticity.point_group import (
    allowed_stiffnesses,
    point_group,
)
from aiida_crystalgen.science.stability.elasticity.settings import ElasticSettings

__all__ = ('deformations', 'needed_strains', 'strained_crystals')


def strained_crystals(crystals: CrystalSet, settings: ElasticSettings) -> CrystalSet:
    """Return the crystal as it is, and after it under each strain that its constants need.

    The column ``strain`` holds the Green–Lagrange strains η. Deformations are free of rotation, and
    the atoms follow them.

    :param crystals: a set of one, relaxed.
    :raises ValueError: if there is not exactly one crystal, or spglib finds no space group.
    """
    if len(crystals) != 1:
        raise ValueError(
            f'elastic constants are those of one crystal, but there are {len(crystals)}'
        )
    _, rotations = point_group(crystals, settings.symmetry_tolerance)
    strains = np.concatenate(
        [np.zeros((1, 3, 3))]
        + [needed_strains(rotations, magnitude) for magnitude in settings.magnitudes]
    )
    rows = np.zeros(len(strains), dtype=np.int64)
    copies = crystals.select(rows).without_columns()
    return CrystalSet(
        # Rows of a lattice are vectors, which F deforms from the left; it is symmetric.
        lattices=copies.lattices @ deformations(strains),
        fractional_coordinates=copies.fractional_coordinates,
        atomic_numbers=copies.atomic_numbers,
        counts=copies.counts,
        columns={'strain': Column(strains)},
    )


def deformations(strains: Float[np.ndarray, 'n 3 3']) -> Float[np.ndarray, 'n 3 3']:
    """Return the symmetric deformations F = (1 + 2η)^½ of Green–Lagrange strains η."""
    values, vectors = np.linalg.eigh(np.eye(3) + 2 * strains)
    return (vectors * np.sqrt(values)[:, None, :]) @ vectors.mT


def needed_strains(
    rotations: Float[np.ndarray, 'operations 3 3'], magnitude: float
) -> Float[np.ndarray, 'n 3 3']:
    """Return the fewest strains of one Voigt component each that determine all constants.

    Each comes with both signs, save where the point group turns one into the other: then what is
    even in the strain does not mix with what is odd, and one sign says all.

    :param rotations: the point group, as orthogonal matrices.
    """
    turns = kelvin_rotations(rotations)
    strains: list[Float[np.ndarray, '3 3']] = []
    for component in _needed_components(allowed_stiffnesses(rotations)):
        strain = voigt_strain(component, magnitude)
        vector = kelvin_vectors(strain[None])[0]
        strains.append(strain)
        if np.linalg.norm(turns @ vector + vector, axis=-1).min() > 1e-3 * magnitude:
            strains.append(-strain)
    return np.array(strains)


def _needed_components(allowed: Float[np.ndarray, 'constants 6 6']) -> tuple[int, ...]:
    """Return the fewest strain components whose stresses determine all constants.

    Of several choices it is the one whose equations are conditioned best, the first of equals.
    """

    def conditioning(choice: tuple[int, ...]) -> float:
        equations = allowed[:, :, choice].reshape(len(allowed), -1)
        return round(float(np.linalg.eigvalsh(equations @ equations.T)[0]), 6)

    choices = [choice for number in range(1, 7) for choice in combinations(range(6), number)]
    enough = [choice for choice in choices if conditioning(choice) > 0]
    return min(enough, key=lambda choice: (len(choice), -conditioning(choice)))
