"""The cell as degrees of freedom: the logarithm of a symmetric deformation.

A deformation F takes lattice vectors and positions from their start to x F. Its logarithm U is what
moves, as in ASE's ``FrechetCellFilter``: equal steps are equal ratios, so no cell can turn inside
out. Other than there U is kept symmetric, which leaves out nothing but rotations of the crystal.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

__all__ = ('deformations', 'strain_forces')


def deformations(strains: Float[np.ndarray, 'crystals 3 3']) -> Float[np.ndarray, 'crystals 3 3']:
    """Return exp U for symmetric matrices U."""
    values, vectors = np.linalg.eigh(strains)
    return (vectors * np.exp(values)[:, None, :]) @ vectors.mT


def strain_forces(
    strains: Float[np.ndarray, 'crystals 3 3'], virials: Float[np.ndarray, 'crystals 3 3']
) -> Float[np.ndarray, 'crystals 3 3']:
    """Return −dE/dU, symmetric.

    With F = Q e^λ Qᵀ the derivative along dU is dF = Q (Γ ∘ Qᵀ dU Q) Qᵀ, where Γ holds the divided
    differences of the exponential (Daleckii and Krein 1965), and dE = −(V F⁻¹) : dF.

    :param strains: the logarithms U of the deformations.
    :param virials: −dE/dε of the deformed crystals, in eV.
    """
    values, vectors = np.linalg.eigh(strains)
    differences = values[:, :, None] - values[:, None, :]
    ratios = np.ones_like(differences)
    np.divide(np.expm1(differences), differences, out=ratios, where=differences != 0)
    divided = np.exp(values)[:, None, :] * ratios
    inverses = (vectors * np.exp(-values)[:, None, :]) @ vectors.mT
    in_axes = vectors.mT @ virials @ inverses @ vectors
    forces = vectors @ (divided * in_axes) @ vectors.mT
    return (forces + forces.mT) / 2
