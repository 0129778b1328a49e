"""Niggli-reduced lattices, for whole sets at once.

The algorithm of Křivý & Gruber, Acta Cryst. A 32, 297 (1976), doi:10.1107/S0567739476000636, whose
numbered steps are named below, with comparisons to a tolerance as in Grosse-Kunstleve et al., Acta
Cryst. A 60, 1 (2004), doi:10.1107/S010876730302186X. The steps are applied to all lattices in turn,
each to those that need it, until none needs any.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float

__all__ = ('niggli_lattices',)

_TOLERANCE = 1e-5  # of squared lengths, times the cube root of the volume: pymatgen's
_TURNS = 500
_PATIENCE = 50  # turns after which the tolerance is doubled

_SWAP_AB = np.array([[0, -1, 0], [-1, 0, 0], [0, 0, -1]])
_SWAP_BC = np.array([[-1, 0, 0], [0, 0, -1], [0, -1, 0]])


def niggli_lattices(lattices: Float[np.ndarray, 'cells 3 3']) -> Float[np.ndarray, 'cells 3 3']:
    """Return the Niggli-reduced vectors of each lattice as rows, in the given orientation, in Å.

    :raises ValueError: if a lattice has no volume, or its reduction does not end.
    """
    result = lattices.astype(np.float64)
    volumes = np.abs(np.linalg.det(result))
    flat = np.flatnonzero(volumes <= 1e-9 * np.linalg.norm(result, axis=2).prod(axis=1))
    if len(flat):
        raise ValueError(f'lattice {flat[0]} has no volume: {lattices[flat[0]].tolist()}')
    tolerances = _TOLERANCE * np.cbrt(volumes)
    active = np.arange(len(result))
    for turn in range(_TURNS):
        if len(active) == 0:
            return result
        if turn % _PATIENCE == _PATIENCE - 1:
            # Differences of just the tolerance can be taken for none and for some, again and again.
            tolerances[active] *= 2
        cells, limit = result[active], tolerances[active]
        moved = _sort(cells, limit)
        _choose_signs(cells, limit)
        moved |= _shorten(cells, limit)
        result[active] = cells
        active = active[moved]
    shown = np.round(lattices[active[0]], 6).tolist()
    raise ValueError(f'lattice {active[0]} cannot be reduced: {shown}')


def _parameters(cells: Float[np.ndarray, 'cells 3 3']) -> Float[np.ndarray, '6 cells']:
    """Return a·a, b·b, c·c, 2 b·c, 2 a·c and 2 a·b."""
    a, b, c = cells.transpose(1, 0, 2)
    pairs = ((a, a, 1), (b, b, 1), (c, c, 1), (b, c, 2), (a, c, 2), (a, b, 2))
    return np.stack([factor * (one * other).sum(axis=1) for one, other, factor in pairs])


def _sort(
    cells: Float[np.ndarray, 'cells 3 3'], limit: Float[np.ndarray, ' cells']
) -> Bool[np.ndarray, ' cells']:
    """Put the vectors in order of length (steps 1 and 2), and return which must be looked at again.

    :param limit: differences of squared lengths that count as none.
    """
    moved = np.zeros(len(cells), dtype=bool)
    for place, swap in ((0, _SWAP_AB), (1, _SWAP_BC), (0, _SWAP_AB)):
        values = _parameters(cells)
        first, second = values[place], values[place + 1]
        angle, next_angle = np.abs(values[place + 3]), np.abs(values[place + 4])
        equal = np.abs(first - second) <= limit
        wrong = (first > second + limit) | (equal & (angle > next_angle + limit))
        cells[wrong] = swap @ cells[wrong]
        moved |= wrong
    return moved


def _choose_signs(
    cells: Float[np.ndarray, 'cells 3 3'], limit: Float[np.ndarray, ' cells']
) -> None:
    """Turn vectors round so that all angles are acute (step 3) or none is (step 4)."""
    angles = _parameters(cells)[3:]
    signs = np.where(np.abs(angles) <= limit, 0, np.sign(angles))
    acute = signs.prod(axis=0) > 0
    flips = np.where(signs == np.where(acute, -1, 1), -1, 1)
    # An odd number of turns would change the handedness; a right angle lets one more be made.
    odd = flips.prod(axis=0) < 0
    right = 2 - np.argmax(signs[::-1] == 0, axis=0)
    flips[right[odd], np.flatnonzero(odd)] *= -1
    cells *= flips.T[:, :, None]


def _shorten(
    cells: Float[np.ndarray, 'cells 3 3'], limit: Float[np.ndarray, ' cells']
) -> Bool[np.ndarray, ' cells']:
    """Replace a vector by a shorter or preferred one (steps 5 to 8); return where that was done."""
    a, b, _, xi, eta, zeta = _parameters(cells)
    moved = np.zeros(len(cells), dtype=bool)
    for size, angle, others, target, source in (
        (b, xi, (2 * eta - zeta, zeta), 2, 1),
        (a, eta, (2 * xi - zeta, zeta), 2, 0),
        (a, zeta, (2 * xi - eta, eta), 1, 0),
    ):
        wrong = np.abs(angle) > size + limit
        wrong |= (np.abs(angle - size) <= limit) & (others[0] < -limit)
        wrong |= (np.abs(angle + size) <= limit) & (others[1] < -limit)
        wrong &= ~moved
        cells[wrong, target] -= np.sign(angle[wrong])[:, None] * cells[wrong, source]
        moved |= wrong
    total = xi + eta + zeta + a + b
    wrong = (total < -limit) | ((np.abs(total) <= limit) & (2 * (a + eta) + zeta > limit))
    wrong &= ~moved
    cells[wrong, 2] += cells[wrong, 0] + cells[wrong, 1]
    return moved | wrong
