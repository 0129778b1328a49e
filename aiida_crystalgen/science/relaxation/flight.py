"""Relaxations in flight: a batch in which every finished crystal makes room for the next one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from ase.units import GPa
from jaxtyping import Bool, Float, Int

from aiida_crystalgen.science.crystals import Column, CrystalSet
from aiida_crystalgen.science.potentials.interface import Evaluation, Potential
from aiida_crystalgen.science.relaxation.fire import Fire, spans
from aiida_crystalgen.science.relaxation.rejection import has_left_volume
from aiida_crystalgen.science.relaxation.settings import RelaxSettings
from aiida_crystalgen.science.relaxation.strain import deformations, strain_forces

__all__ = ('relax_in_flight',)


def relax_in_flight(
    crystals: CrystalSet, potential: Potential, settings: RelaxSettings
) -> Iterator[CrystalSet]:
    """Yield crystals as they finish, with a column ``row`` that tells which ones they are.

    Further columns are ``energy``, ``converged``, ``steps``, ``max_force`` and ``pressure``. What
    becomes of a crystal does not depend on the others, so far as that holds for the potential.

    :raises ValueError: if the potential does not know an element.
    """
    flight = _Flight(crystals, settings)
    active = np.zeros(0, dtype=np.int64)
    waiting = 0
    while True:
        admitted = _number_admitted(crystals.counts, active, waiting, settings.batch_atoms)
        active = np.concatenate([active, np.arange(waiting, waiting + admitted)])
        waiting += admitted
        if len(active) == 0:
            return
        current = flight.crystals(active)
        evaluation = potential.evaluate(current)
        forces = flight.forces(active, current, evaluation)
        status = flight.status(active, current, evaluation, forces)
        done = flight.is_done(active, status)
        if done.any():
            yield status.select(done)
        sizes = crystals.counts[active] + 3
        flight.move(active[~done], forces[np.repeat(~done, sizes)])
        active = active[~done]


def _number_admitted(
    counts: Int[np.ndarray, ' crystals'], active: Int[np.ndarray, ' active'], waiting: int, atoms: int
) -> int:
    """Return how many of the waiting crystals join those in flight: at least one is in flight."""
    room = atoms - int(counts[active].sum())
    admitted = int(np.searchsorted(np.cumsum(counts[waiting:]), room, side='right'))
    return max(admitted, int(len(active) == 0 and waiting < len(counts)))


class _Flight:
    """Where all relaxations of a set are; those in flight are named by their rows.

    A crystal has one row of degrees of freedom per atom, its position in the undeformed cell in Å,
    followed by three for the strain, which count in multiples of the number of atoms.
    """

    def __init__(self, crystals: CrystalSet, settings: RelaxSettings) -> None:
        self._settings = settings
        self._start = crystals.without_columns()
        self._first_atoms = crystals.offsets[:-1]
        self._fractions = crystals.fractional_coordinates.copy()
        self._strains = np.zeros((len(crystals), 3, 3))
        self._steps = np.zeros(len(crystals), dtype=np.int64)
        self._fire = Fire(crystals.counts + 3, settings.fire)

    def _atoms(self, rows: Int[np.ndarray, ' active']) -> Int[np.ndarray, ' atoms']:
        """Return the numbers of the atoms of some crystals."""
        return spans(self._first_atoms[rows], self._start.counts[rows])

    def crystals(self, rows: Int[np.ndarray, ' active']) -> CrystalSet:
        """Return some crystals as they are now."""
        return replace(
            self._start.select(rows),
            lattices=self._start.lattices[rows] @ deformations(self._strains[rows]),
            fractional_coordinates=self._fractions[self._atoms(rows)],
        )

    def forces(
        self, rows: Int[np.ndarray, ' active'], current: CrystalSet, evaluation: Evaluation
    ) -> Float[np.ndarray, 'rows 3']:
        """Return the forces on all degrees of freedom of some crystals."""
        strains = self._strains[rows]
        on_atoms = np.einsum(
            'ai,aij->aj', evaluation.forces, deformations(strains)[current.crystal_of_atom]
        )
        pressure = self._settings.pressure * GPa * np.eye(3)
        virials = -current.volumes[:, None, None] * (evaluation.stresses + pressure)
        on_strains = strain_forces(strains, np.nan_to_num(virials)) / current.counts[:, None, None]
        if not self._settings.cell:
            on_strains = np.zeros_like(on_strains)
        before = np.cumsum(current.counts) ...
