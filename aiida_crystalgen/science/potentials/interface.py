"""The interface that every interatomic potential has."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import entry_points
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float

from aiida_crystalgen.science.crystals import CrystalSet
from aiida_crystalgen.science.settings import closest

__all__ = ('Evaluation', 'Potential', 'load_potential', 'potential_names')

_GROUP = 'aiida_crystalgen.potentials'


@dataclass(frozen=True)
class Evaluation:
    """Energies and their derivatives for a whole set of crystals.

    :param energies: of each cell, in eV.
    :param forces: on each atom, in eV/Å.
    :param stresses: dE/dε / V in eV/Å³, so that a compressed crystal has a negative trace. Of no
        meaning for clusters.
    """

    energies: Float[np.ndarray, ' crystals']
    forces: Float[np.ndarray, 'atoms 3']
    stresses: Float[np.ndarray, 'crystals 3 3']


@runtime_checkable
class Potential(Protocol):
    """An interatomic potential, constructed from its name without a network."""

    name: str
    engine: dict[str, str]  # name, package and version: what every energy it gives is marked with

    def evaluate(self, crystals: CrystalSet) -> Evaluation:
        """Return energies, forces and stresses of all crystals in one batch.

        :raises ValueError: if the potential does not know an element; the message names it.
        """


def potential_names() -> list[str]:
    """Return the names of all potentials that need no download."""
    return sorted(entry_points(group=_GROUP).names)


def load_potential(name: str) -> Potential:
    """Return the potential of this name.

    :raises ValueError: if there is none of this name, or its package is not installed.
    """
    found = entry_points(group=_GROUP, name=name)
    if not found:
        raise ValueError(
            f"unknown potential '{name}', or one whose weights would have to be downloaded. "
            f'{closest(name, potential_names())}'
        )
    return next(iter(found)).load()(name)
