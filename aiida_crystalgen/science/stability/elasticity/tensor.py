"""Elastic constants from the stresses of strained crystals.

The constants are Brugger's, C = ∂T/∂η, of the second Piola–Kirchhoff stress T with the
Green–Lagrange strain η, at the crystal as it is given. They are the second derivatives of the
energy, so they have all symmetries of a stiffness even where the crystal is under stress; without
stress they are what every other definition gives. See Wallace, Thermodynamics of Crystals (1972).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from aiida_crystalgen.science.stability.elasticity.kelvin import from_kelvin, kelvin_vectors
from aiida_crystalgen.science.stability.elasticity.point_group import allowed_stiffnesses
from aiida_crystalgen.science.stability.elasticity.strains import deformations

__all__ = ('StiffnessFit', 'fit_stiffness', 'piola_kirchhoff_stresses')

_NO_STRESS = 1e-3  # GPa: what does not resist a strain has no misfit either


@dataclass(frozen=True)
class StiffnessFit:
    """A stiffness, and how well it explains the stresses.

    :param stiffness: in Voigt's notation, in GPa.
    :param misfit: largest deviation of a component of a stress, over the largest component.
    """

    stiffness: Float[np.ndarray, '6 6']
    misfit: float


def piola_kirchhoff_stresses(
    stresses: Float[np.ndarray, 'n 3 3'], strains: Float[np.ndarray, 'n 3 3']
) -> Float[np.ndarray, 'n 3 3']:
    """Return the second Piola–Kirchhoff stresses det(F) F⁻¹ σ F⁻ᵀ.

    :param stresses: Cauchy's σ in the deformed crystals.
    :param strains: Green–Lagrange, free of rotation.
    """
    deformed = deformations(strains)
    inverses = np.linalg.inv(deformed)
    return np.linalg.det(deformed)[:, None, None] * (inverses @ stresses @ inverses)


def fit_stiffness(
    strains: Float[np.ndarray, 'n 3 3'],
    stresses: Float[np.ndarray, 'n 3 3'],
    residual_stress: Float[np.ndarray, '3 3'],
    rotations: Float[np.ndarray, 'operations 3 3'],
) -> StiffnessFit:
    """Return the stiffness that explains the stresses best, of those that the point group allows.

    What strains of both signs have in common cancels: the error is of second order in the strain.

    :param strains: Green–Lagrange.
    :param stresses: Cauchy's, in GPa.
    :param residual_stress: of the unstrained crystal, in GPa.
    :param rotations: the point group, as orthogonal matrices in the axes of the stresses.
    :raises ValueError: if the strains do not determine all constants.
    """
    allowed = allowed_stiffnesses(rotations)
    added = kelvin_vectors(piola_kirchhoff_stresses(stresses, strains) - residual_stress)
    equations = np.einsum('kab,nb->nak', allowed, kelvin_vectors(strains))
    equations = equations.reshape(-1, len(allowed))
    constants, _, rank, _ = np.linalg.lstsq(equations, added.reshape(-1), rcond=1e-3)
    if rank < len(allowed):
        raise ValueError(
            f'the stresses of {len(strains)} strained crystals determine only {rank} of the '
            f'{len(allowed)} independent elastic constants; look at why the others have none'
        )
    deviations = equations @ constants - added.reshape(-1)
    return StiffnessFit(
        stiffness=from_kelvin(np.einsum('k,kab->ab', constants, allowed)),
        misfit=float(np.abs(deviations).max() / max(np.abs(added).max(), _NO_STRESS)),
    )
