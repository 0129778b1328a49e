"""The tags of INCAR, and VASP's defaults for those that steer the ionic steps."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

__all__ = ('Incar', 'read_incar')

Minimizer = Literal['bfgs', 'fire']

# Relaxations; molecular dynamics, phonons and the rest of IBRION need more than a minimiser.
_MINIMIZERS: Final[dict[int, Minimizer]] = {1: 'bfgs', 2: 'bfgs', 3: 'fire'}


@dataclass(frozen=True)
class Incar:
    """The tags of INCAR by their names in capital letters, as they are written.

    Defaults are those of https://www.vasp.at/wiki.
    """

    tags: Mapping[str, str]

    @property
    def nsw(self) -> int:
        """Largest number of ionic steps; 0 for a single evaluation."""
        return max(self._whole('NSW', 0), 0)

    @property
    def ibrion(self) -> int:
        """How ions move: 1 quasi-Newton, 2 conjugate gradients, 3 damped dynamics, −1 not."""
        return self._whole('IBRION', -1 if self.nsw == 0 else 0)

    @property
    def isif(self) -> int:
        """What moves: ions (0-2), ions and cell (3), and the combinations 4-8 of VASP."""
        return self._whole('ISIF', 0 if self.ibrion == 0 else 2)

    @property
    def nelm(self) -> int:
        """Largest number of electronic steps in an ionic one."""
        return self._whole('NELM', 60)

    @property
    def ediff(self) -> float:
        """Criterion of the electronic steps, in eV."""
        return self._number('EDIFF', 1e-4)

    @property
    def ediffg(self) -> float:
        """Criterion of the ionic steps: a change of energy in eV, or negative a force in eV/Å."""
        return self._number('EDIFFG', 10 * self.ediff)

    @property
    def pstress(self) -> float:
        """External pressure, in kB."""
        return self._number('PSTRESS', 0.0)

    @property
    def encut(self) -> float:
        """Cutoff energy of the plane waves, in eV; nothing depends on it here."""
        return self._number('ENCUT', 0.0)

    @property
    def system(self) -> str:
        """The user's name of the calculation."""
        return self.tags.get('SYSTEM', 'unknown system')

    @property
    def is_relaxation(self) -> bool:
        """Whether anything moves."""
        return self.nsw > 0 and self.ibrion != -1

    @property
    def minimizer(self) -> Minimizer:
        """Name of the minimiser that stands for IBRION.

        :raises ValueError: if IBRION asks for something other than a relaxation.
        """
        if self.ibrion not in _MINIMIZERS:
            raise ValueError(
                f'IBRION = {self.ibrion} cannot be emulated, only -1 and the relaxations '
                f'{", ".join(map(str, _MINIMIZERS))}; set it in INCAR'
            )
        return _MINIMIZERS[self.ibrion]

    def _number(self, tag: str, default: float) -> float:
        """Return the value of a tag as a number."""
        text = self.tags.get(tag)
        if text is None:
            return default
        try:
            return float(text.split()[0].lower().replace('d', 'e'))
        except (ValueError, IndexError):
            raise ValueError(f'{tag} in INCAR is {text!r}, which is not a number') from None

    def _whole(self, tag: str, default: int) -> int:
        """Return the value of a tag as a whole number."""
        value = self._number(tag, default)
        if value != int(value):
            raise ValueError(f'{tag} in INCAR is {value}, which is not a whole number')
        return int(value)


def read_incar(text: str) -> Incar:
    """Return the tags of the text of INCAR: one or several a line, with comments behind # or !."""
    joined = text.replace('\\\n', ' ')
    statements = [
        statement
        for line in joined.splitlines()
        for statement in re.split('[#!]', line)[0].split(';')
        if '=' in statement
    ]
    pairs = [statement.split('=', 1) for statement in statements]
    return Incar({name.strip().upper(): value.strip() for name, value in pairs})
