"""Classical potentials: cheap enough for tests, exact in double precision."""

from __future__ import annotations

import warnings
from abc import ABC, abstractmethod
from importlib.metadata import version
from typing import ClassVar

import numpy as np
from ase import Atoms
from ase.calculators.calculator import Calculator
from ase.calculators.emt import EMT
from ase.calculators.emt import parameters as emt_parameters
from ase.data import atomic_numbers, chemical_symbols
from matscipy.calculators.manybody import Manybody
from matscipy.calculators.manybody.explicit_forms import stillinger_weber, tersoff_brenner

from aiida_crystalgen.science.crystals import CrystalSet
from aiida_crystalgen.science.potentials.interface import Evaluation

__all__ = ('Emt', 'StillingerWeber', 'Tersoff')


class _Classical(ABC):
    """A potential that an ASE calculator evaluates, one crystal after the other."""

    package: ClassVar[str]
    elements: ClassVar[frozenset[str]]

    def __init__(self, name: str) -> None:
        self.name = name
        self.engine = {'name': name, 'package': self.package, 'version': version(self.package)}
        self._numbers = [atomic_numbers[symbol] for symbol in self.elements]
        self._calculator = self._make_calculator()

    @abstractmethod
    def _make_calculator(self) -> Calculator:
        """Return the calculator."""

    def evaluate(self, crystals: CrystalSet) -> Evaluation:
        """Return energies, forces and stresses of all crystals.

        :raises ValueError: if the potential does not know an element; the message names it.
        """
        unknown = np.setdiff1d(crystals.atomic_numbers, self._numbers)
        if len(unknown):
            raise ValueError(
                f"the potential '{self.name}' does not know the element "
                f'{chemical_symbols[unknown[0]]}, only {", ".join(sorted(self.elements))}'
            )
        energies = np.zeros(len(crystals))
        forces = np.zeros((len(crystals.atomic_numbers), 3))
        stresses = np.zeros((len(crystals), 3, 3))
        starts = crystals.offsets
        # Atoms at the same place give numbers that are not finite, which is what is wanted.
        with np.errstate(all='ignore'), warnings.catch_warnings():
            # matscipy raises to a power only where it uses the result.
            warnings.filterwarnings('ignore', "'where' used without 'out'", UserWarning)
            for row, lattice in enumerate(crystals.lattices):
                atoms = slice(starts[row], starts[row + 1])
                crystal = Atoms(
                    numbers=crystals.atomic_numbers[atoms],
                    scaled_positions=crystals.fractional_coordinates[atoms],
                    cell=lattice,
                    pbc=crystals.periodic,
                    calculator=self._calculator,
                )
                energies[row] = crystal.get_potential_energy()
                forces[atoms] = crystal.get_forces()
                stresses[row] = crystal.get_stress(voigt=False)
        return Evaluation(energies, forces, stresses)


class StillingerWeber(_Classical):
    """Stillinger and Weber's potential of silicon, Phys. Rev. B 31, 5262 (1985)."""

    package = 'matscipy'
    elements = frozenset({'Si'})

    def _make_calculator(self) -> Calculator:
        """Return matscipy's implementation, doi:10.21105/joss.05668."""
        parameters = stillinger_weber.Stillinger_Weber_PRB_31_5262_Si
        return Manybody(**stillinger_weber.StillingerWeber(parameters))


class Tersoff(_Classical):
    """Tersoff's potential of silicon and carbon, Phys. Rev. B 39, 5566 (1989)."""

    package = 'matscipy'
    elements = frozenset({'C', 'Si'})

    def _make_calculator(self) -> Calculator:
        """Return matscipy's implementation, doi:10.21105/joss.05668."""
        parameters = tersoff_brenner.Tersoff_PRB_39_5566_Si_C
        return Manybody(**tersoff_brenner.TersoffBrenner(parameters))


class Emt(_Classical):
    """Effective-medium theory of some metals, Jacobsen, Stoltze and Nørskov (1996).

    Surface Science 366, 394, doi:10.1016/0039-6028(96)00816-3.
    """

    package = 'ase'
    elements = frozenset(emt_parameters)

    def _make_calculator(self) -> Calculator:
        """Return ASE's implementation."""
        return EMT()
