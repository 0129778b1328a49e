"""The format of POSCAR and CONTCAR."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np
from jaxtyping import Float

__all__ = ('Poscar', 'read_poscar', 'write_poscar')


@dataclass(frozen=True)
class Poscar:
    """A crystal as VASP's files describe it.

    :param comment: first line.
    :param species: name of each block of atoms; one name may come more than once.
    :param amounts: number of atoms in each block.
    :param lattice: lattice vectors as rows, in Å.
    :param fractions: fractional coordinates of the atoms.
    """

    comment: str
    species: tuple[str, ...]
    amounts: tuple[int, ...]
    lattice: Float[np.ndarray, '3 3']
    fractions: Float[np.ndarray, 'atoms 3']


def read_poscar(text: str) -> Poscar:
    """Return the crystal that the text of POSCAR describes.

    :raises ValueError: if the text is not a POSCAR of VASP 5 or later, or fixes atoms.
    """
    lines = iter(text.splitlines())
    try:
        comment = next(lines)
        scale = float(next(lines))
        lattice = _rows(lines, 3)
        species = tuple(next(lines).split())
        amounts = tuple(int(word) for word in next(lines).split())
        mode = next(lines).strip().lower()
        is_selective = mode.startswith('s')
        coordinates = _rows(lines, 0 if is_selective else sum(amounts))
    except (StopIteration, ValueError):
        raise ValueError('POSCAR is not of VASP 5 or later, or ends too early') from None
    if is_selective:
        raise ValueError('selective dynamics cannot be emulated; leave it out of POSCAR')
    if len(species) != len(amounts):
        raise ValueError(f'POSCAR names {len(species)} species and {len(amounts)} amounts')
    if scale < 0:  # then it is the volume
        scale = (-scale / abs(float(np.linalg.det(lattice)))) ** (1 / 3)
    lattice = scale * lattice
    if mode.startswith(('c', 'k')):
        coordinates = scale * coordinates @ np.linalg.inv(lattice)
    return Poscar(comment, species, amounts, lattice, coordinates)


def write_poscar(
    poscar: Poscar, lattice: Float[np.ndarray, '3 3'], fractions: Float[np.ndarray, 'atoms 3']
) -> str:
    """Return the text of a CONTCAR, to full precision.

    :param poscar: where comment and species come from.
    :param lattice: lattice vectors as rows, in Å.
    """
    lines = [
        poscar.comment,
        '   1.0000000000000000',
        *(' ' + ' '.join(f'{value:22.16f}' for value in row) for row in lattice),
        '   ' + ' '.join(f'{name:>6}' for name in poscar.species),
        '   ' + ' '.join(f'{amount:6d}' for amount in poscar.amounts),
        'Direct',
        *(' ' + ' '.join(f'{value:19.16f}' for value in row) for row in fractions),
    ]
    return '\n'.join(lines) + '\n'


def _rows(lines: Iterator[str], number: int) -> Float[np.ndarray, 'rows 3']:
    """Return the next lines as rows of three numbers."""
    words = [line.split()[:3] for line in islice(lines, number)]
    return np.array(words, dtype=np.float64).reshape(number, 3)
