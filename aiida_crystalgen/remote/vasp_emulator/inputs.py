"""The four files that VASP reads, checked against each other."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from ase.data import atomic_numbers

from aiida_crystalgen.remote.vasp_emulator.incar import Incar, read_incar
from aiida_crystalgen.remote.vasp_emulator.poscar import Poscar, read_poscar
from aiida_crystalgen.science.crystals import CrystalSet

__all__ = ('Inputs', 'Kpoints', 'Potcar', 'read_inputs')


@dataclass(frozen=True)
class Potcar:
    """What is read of the file of one species.

    :param title: as in 'EMULATED Si'.
    :param element: its symbol.
    :param mass: in atomic units.
    :param valence: number of electrons.
    """

    title: str
    element: str
    mass: float
    valence: float


@dataclass(frozen=True)
class Kpoints:
    """The k-points that were asked for, which nothing depends on here.

    :param scheme: 'Gamma' or 'Monkhorst-Pack', empty for a list of points.
    :param divisions: of the mesh.
    :param shift: of the mesh.
    :param points: of the list, with their weights.
    """

    scheme: str = ''
    divisions: tuple[int, ...] = ()
    shift: tuple[float, ...] = ()
    points: tuple[tuple[float, ...], ...] = ()


@dataclass(frozen=True)
class Inputs:
    """All that a calculation starts from."""

    incar: Incar
    poscar: Poscar
    potcars: tuple[Potcar, ...]
    kpoints: Kpoints

    @cached_property
    def crystal(self) -> CrystalSet:
        """The crystal, in a set of its own."""
        numbers = [atomic_numbers[potcar.element] for potcar in self.potcars]
        return CrystalSet(
            lattices=self.poscar.lattice[None],
            fractional_coordinates=self.poscar.fractions,
            atomic_numbers=np.repeat(np.array(numbers, dtype=np.int64), self.poscar.amounts),
            counts=np.array([sum(self.poscar.amounts)]),
        )


def read_inputs(folder: Path) -> Inputs:
    """Return what the files in a folder say.

    :raises ValueError: if a file is missing or wrong, or POTCAR does not fit POSCAR.
    """
    poscar = read_poscar(_text(folder, 'POSCAR'))
    potcars = _read_potcars(_text(folder, 'POTCAR'))
    _match(poscar, potcars)
    return Inputs(
        incar=read_incar(_text(folder, 'INCAR')),
        poscar=poscar,
        potcars=potcars,
        kpoints=_read_kpoints(_text(folder, 'KPOINTS')),
    )


def _text(folder: Path, name: str) -> str:
    """Return the content of an input file."""
    path = folder / name
    if not path.is_file():
        raise ValueError(f'{name} is missing; VASP reads INCAR, KPOINTS, POSCAR and POTCAR')
    return path.read_text(encoding='utf-8')


def _read_potcars(text: str) -> tuple[Potcar, ...]:
    """Return the species of POTCAR in their order."""
    parts = [part for part in text.split('End of Dataset') if part.strip()]
    return tuple(_read_potcar(part) for part in parts)


def _read_potcar(text: str) -> Potcar:
    """Return one species of POTCAR."""
    values = {}
    for key, pattern in (
        ('TITEL', r'(.+)'),
        ('VRHFIN', r'([A-Z][a-z]?)'),
        ('POMASS', r'([\d.]+)'),
        ('ZVAL', r'([\d.]+)'),
    ):
        found = re.search(rf'\b{key}\s*=\s*{pattern}', text)
        if found is None:
            raise ValueError(f'POTCAR has a species without {key}')
        values[key] = found.group(1).strip()
    return Potcar(
        title=values['TITEL'],
        element=values['VRHFIN'],
        mass=float(values['POMASS']),
        valence=float(values['ZVAL']),
    )


def _match(poscar: Poscar, potcars: tuple[Potcar, ...]) -> None:
    """Raise unless POTCAR holds the species of POSCAR in their order.

    A species may be called more than its element, as Fe1 or Sn_d.
    """
    wanted = [re.sub('[^A-Za-z].*', '', name).capitalize() for name in poscar.species]
    given = [potcar.element for potcar in potcars]
    if wanted != given:
        raise ValueError(
            f'POSCAR has the species {" ".join(wanted)}, but POTCAR has {" ".join(given)}; '
            'they must be the same in the same order'
        )


def _read_kpoints(text: str) -> Kpoints:
    """Return what KPOINTS asks for: an automatic mesh or a list of points."""
    lines = [*(line.strip() for line in text.splitlines()), '', '']
    try:
        number = int(lines[1].split()[0])
        mode = lines[2][:1].lower()
        if number == 0 and mode in {'g', 'm'}:
            return Kpoints(
                scheme='Gamma' if mode == 'g' else 'Monkhorst-Pack',
                divisions=tuple(int(word) for word in lines[3].split()[:3]),
                shift=tuple(float(word) for word in (lines[4] or '0 0 0').split()[:3]),
            )
        if number > 0 and mode != 'l':
            rows = [line.split()[:4] for line in lines[3 : 3 + number]]
            return Kpoints(points=tuple((*map(float, row[:3]), float(row[3])) for row in rows))
    except (IndexError, ValueError):
        raise ValueError('KPOINTS is neither a mesh nor a list of points') from None
    raise ValueError(
        'KPOINTS asks for lines or generating vectors, which are about bands, and the emulator has '
        'no electrons; use a mesh or a list of points'
    )
