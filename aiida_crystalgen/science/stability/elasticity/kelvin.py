"""Symmetric tensors as vectors, and stiffnesses as matrices.

Voigt's order xx, yy, zz, yz, xz, xy is kept throughout. In Kelvin's notation shear components carry
√2, for strain and stress alike, so that the six components are those in an orthonormal basis: a
rotation of space is then an orthogonal 6×6 matrix, and the eigenvalues of a stiffness do not depend
on the axes. See Mehrabadi and Cowin, Q. J. Mech. Appl. Math. 43, 15 (1990),
doi:10.1093/qjmam/43.1.15.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

__all__ = (
    'from_kelvin',
    'kelvin_rotations',
    'kelvin_vectors',
    'to_kelvin',
    'voigt_strain',
    'voigt_stress',
)

_ROWS = np.array([0, 1, 2, 1, 0, 0])
_COLUMNS = np.array([0, 1, 2, 2, 2, 1])
_WEIGHTS = np.sqrt([1.0, 1.0, 1.0, 2.0, 2.0, 2.0])
_BASIS = np.zeros((6, 3, 3))
_BASIS[np.arange(6), _ROWS, _COLUMNS] = 1 / _WEIGHTS
_BASIS[np.arange(6), _COLUMNS, _ROWS] = 1 / _WEIGHTS


def kelvin_vectors(tensors: Float[np.ndarray, 'n 3 3']) -> Float[np.ndarray, 'n 6']:
    """Return the six Kelvin components of symmetric tensors."""
    return tensors[:, _ROWS, _COLUMNS] * _WEIGHTS


def voigt_strain(component: int, magnitude: float) -> Float[np.ndarray, '3 3']:
    """Return the strain of which one Voigt component is not zero.

    :param component: 0 to 5; from 3 on it is a shear, whose Voigt component is twice the tensor's.
    """
    return _BASIS[component] * magnitude / _WEIGHTS[component]


def voigt_stress(stress: Float[np.ndarray, '3 3']) -> Float[np.ndarray, ' 6']:
    """Return the six Voigt components of a stress."""
    return stress[_ROWS, _COLUMNS]


def kelvin_rotations(rotations: Float[np.ndarray, 'n 3 3']) -> Float[np.ndarray, 'n 6 6']:
    """Return what orthogonal matrices of space do to Kelvin components."""
    return np.einsum('aij,nik,bkl,njl->nab', _BASIS, rotations, _BASIS, rotations)


def to_kelvin(stiffness: Float[np.ndarray, '6 6']) -> Float[np.ndarray, '6 6']:
    """Return a stiffness of Voigt's notation in Kelvin's."""
    return stiffness * np.outer(_WEIGHTS, _WEIGHTS)


def from_kelvin(stiffness: Float[np.ndarray, '6 6']) -> Float[np.ndarray, '6 6']:
    """Return a stiffness of Kelvin's notation in Voigt's."""
    return stiffness / np.outer(_WEIGHTS, _WEIGHTS)
