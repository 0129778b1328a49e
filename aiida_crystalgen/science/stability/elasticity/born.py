"""Whether a stiffness is that of a stable crystal: Born's conditions.

A crystal without stress is stable if its elastic energy is positive for every strain, which is that
all eigenvalues of the stiffness are positive. For the higher crystal systems that comes down to a
few inequalities: Mouhat and Coudert, Phys. Rev. B 90, 224104 (2014),
doi:10.1103/PhysRevB.90.224104.
"""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import numpy as np
from jaxtyping import Float

from aiida_crystalgen.science.settings import Settings
from aiida_crystalgen.science.stability.elasticity.kelvin import kelvin_rotations, to_kelvin

__all__ = ('Criterion', 'born_criteria', 'crystal_class', 'kelvin_moduli')

# The last space group of each class. Of the Laue groups I and II of a system, I has axes of order
# two perpendicular to the main one.
_CLASSES = {
    2: 'triclinic',
    15: 'monoclinic',
    74: 'orthorhombic',
    88: 'tetragonal II',
    142: 'tetragonal I',
    148: 'rhombohedral II',
    167: 'rhombohedral I',
    194: 'hexagonal',
    230: 'cubic',
}

_X2, _Z2 = np.diag([1.0, -1.0, -1.0]), np.diag([-1.0, -1.0, 1.0])
_Z4 = np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
_Z3 = np.array([[-1, -np.sqrt(3), 0], [np.sqrt(3), -1, 0], [0, 0, 2]]) / 2
_XYZ3 = np.array([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
# Axes of order two of rhombohedral I are along x or y, as the setting has it.
_GENERATORS = {
    'orthorhombic': (_X2, _Z2),
    'tetragonal II': (_Z4,),
    'tetragonal I': (_Z4, _X2),
    'rhombohedral II': (_Z3,),
    'rhombohedral I': (_Z3,),
    'hexagonal': (_Z3, _Z2),
    'cubic': (_Z4, _XYZ3),
}
_SAME = 1e-3  # relative to the largest constant: far above rounding, far below a wrong axis

_PLANE = ('C11 − |C12|', 1, lambda c: c.c11 - abs(c.c12))
_AXIS = ('C33·(C11 + C12) − 2·C13²', 2, lambda c: c.c33 * (c.c11 + c.c12) - 2 * c.c13**2)
_C44, _C55, _C66 = (
    ('C44', 1, lambda c: c.c44),
    ('C55', 1, lambda c: c.c55),
    ('C66', 1, lambda c: c.c66),
)
# Left sides, their powers of GPa, and how they follow from the constants. C15 of rhombohedral I is
# zero where the axes of order two are along x; where they are along y it is C14 that is.
_RHOMBOHEDRAL = (
    _PLANE,
    _C44,
    _AXIS,
    (
        'C44·(C11 − C12) − 2·(C14² + C15²)',
        2,
        lambda c: c.c44 * (c.c11 - c.c12) - 2 * (c.c14**2 + c.c15**2),
    ),
)
_CONDITIONS: dict[str, tuple[tuple[str, int, Callable[[SimpleNamespace], float]], ...]] = {
    'cubic': (
        ('C11 − C12', 1, lambda c: c.c11 - c.c12),
        ('C11 + 2·C12', 1, lambda c: c.c11 + 2 * c.c12),
        _C44,
    ),
    'hexagonal': (_PLANE, _AXIS, _C44),
    'tetragonal I': (_PLANE, _AXIS, _C44, _C66),
    'tetragonal II': (
        _PLANE,
        _AXIS,
        _C44,
        ('C66·(C11 − C12) − 2·C16²', 2, lambda c: c.c66 * (c.c11 - c.c12) - 2 * c.c16**2),
    ),
    'rhombohedral I': _RHOMBOHEDRAL,
    'rhombohedral II': _RHOMBOHEDRAL,
    'orthorhombic': (
        ('C11', 1, lambda c: c.c11),
        ('C11·C22 − C12²', 2, lambda c: c.c11 * c.c22 - c.c12**2),
        (
            'C11·C22·C33 + 2·C12·C13·C23 − C11·C23² − C22·C13² − C33·C12²',
            3,
            lambda c: (
                c.c11 * c.c22 * c.c33
                + 2 * c.c12 * c.c13 * c.c23
                - c.c11 * c.c23**2
                - c.c22 * c.c13**2
                - c.c33 * c.c12**2
            ),
        ),
        _C44,
        _C55,
        _C66,
    ),
}
_UNITS = {1: 'GPa', 2: 'GPa²', 3: 'GPa³'}


class Criterion(Settings):
    """One condition of stability.

    :param condition: as in 'C11 − C12 > 0'.
    :param value: of its left side.
    :param unit: GPa to a power.
    """

    condition: str
    value: float
    unit: str

    @property
    def is_met(self) -> bool:
        """Whether the value is positive."""
        return self.value > 0

    @property
    def violation(self) -> str:
        """Say that the condition is not met."""
        return f'{self.condition} is violated: {self.value:.4g} {self.unit}'


def crystal_class(space_group: int) -> str:
    """Return the crystal system of a space group, split by Laue groups, as 'tetragonal II'."""
    return next(name for last, name in _CLASSES.items() if space_group <= last)


def kelvin_moduli(stiffness: Float[np.ndarray, '6 6']) -> Float[np.ndarray, ' 6']:
    """Return the eigenvalues of a stiffness in GPa, the smallest first; they know no axes.

    :param stiffness: in Voigt's notation, in GPa.
    """
    return np.linalg.eigvalsh(to_kelvin(stiffness))


def born_criteria(stiffness: Float[np.ndarray, '6 6'], crystal_class: str) -> tuple[Criterion, ...]:
    """Return the conditions of stability of a class, each with its value.

    Together they are necessary and sufficient. Those of monoclinic and triclinic crystals are on
    the eigenvalues.

    :param stiffness: in Voigt's notation, in GPa, in the axes of the standard setting: the main
        axis along z, a along x.
    :raises ValueError: if the stiffness has not the symmetry of the class in these axes.
    """
    if crystal_class not in _CONDITIONS:
        return tuple(
            Criterion(condition=f'eigenvalue {number} > 0', value=float(value), unit='GPa')
            for number, value in enumerate(kelvin_moduli(stiffness), start=1)
        )
    _refuse_other_axes(stiffness, crystal_class)
    constants = SimpleNamespace(
        **{
            f'c{row + 1}{column + 1}': float(value)
            for (row, column), value in np.ndenumerate(stiffness)
        }
    )
    return tuple(
        Criterion(condition=f'{side} > 0', value=value(constants), unit=_UNITS[degree])
        for side, degree, value in _CONDITIONS[crystal_class]
    )


def _refuse_other_axes(stiffness: Float[np.ndarray, '6 6'], crystal_class: str) -> None:
    """Raise unless the generators of the class leave the stiffness as it is."""
    given = to_kelvin(stiffness)
    turns = kelvin_rotations(np.array(_GENERATORS[crystal_class]))
    change = np.abs(turns @ given @ turns.mT - given).max()
    if change > _SAME * np.abs(given).max():
        raise ValueError(
            f'a symmetry of {crystal_class} crystals changes the stiffness by {change:.3g} GPa; it '
            'has to be given in the axes of the standard setting, with the main axis along z'
        )
