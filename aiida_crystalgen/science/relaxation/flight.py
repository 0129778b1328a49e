"""Relaxations in flight: a batch in which every finished crystal makes room for the next one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
from ase.units import GPa
from jaxtyping import Bool, Float, Int

from aiida_crystalgen.science.clusters import occupied_volumes
from aiida_crystalgen.science.crystals import Column, CrystalSet
from aiida_crystalgen.science.potentials.interface import Evaluation, Potential
from aiida_crystalgen.science.relaxation.bfgs import Bfgs
from aiida_crystalgen.science.relaxation.fire import Fire, spans
from aiida_crystalgen.science.relaxation.rejection import is_out_of_volume
from aiida_crystalgen.science.relaxation.settings import RelaxSettings
from aiida_crystalgen.science.relaxation.strain import deformations, strain_forces

__all__ = ('relax_in_flight',)


def relax_in_flight(
    crystals: CrystalSet,
    potential: Potential,
    settings: RelaxSettings,
    *,
    observe: Callable[[CrystalSet], None] | None = None,
) -> Iterator[CrystalSet]:
    """Yield crystals as they finish, with a column ``row`` that tells which ones they are.

    The other columns are ``energy``, ``initial_energy``, ``converged``, ``steps``, ``max_force``,
    for crystals ``pressure`` and ``stress``, and of the atoms ``forces``. What becomes of a crystal
    does not depend on the others if the potential's values do not.

    :param observe: called at each step with all crystals in flight and their columns.
    :raises ValueError: if the potential does not know an element.
    """
    flight = _Flight(crystals, settings)
    rows = np.zeros(0, dtype=np.int64)
    waiting = 0
    while True:
        admitted = _count_admitted(crystals.counts, rows, waiting, settings.batch_atoms)
        rows = np.append(rows, np.arange(waiting, waiting + admitted))
        waiting += admitted
        if len(rows) == 0:
            return
        current = flight.crystals(rows)
        evaluation = potential.evaluate(current)
        forces = flight.forces(rows, evaluation)
        current = flight.with_status(rows, current, evaluation, forces)
        if observe is not None:
            observe(current)
        done = flight.is_done(rows, current)
        if done.any():
            yield current.select(done)
        flight.move(rows[~done], forces[np.repeat(~done, crystals.counts[rows] + 3)])
        rows = rows[~done]


def _count_admitted(
    counts: Int[np.ndarray, ' crystals'], rows: Int[np.ndarray, ' flying'], waiting: int, atoms: int
) -> int:
    """Return how many of the waiting crystals fit in beside those in flight, at least one alone."""
    room = atoms - int(counts[rows].sum())
    fitting = int(np.searchsorted(np.cumsum(counts[waiting:]), room, side='right'))
    return max(fitting, int(len(rows) == 0 and waiting < len(counts)))


class _Flight:
    """The state of all relaxations of a set; those in flight are named by their rows.

    The degrees of freedom of a crystal are a row for each atom, its position in the undeformed cell
    in Å, and three for the strain, which counts as many times as there are atoms, as in ASE.
    """

    def __init__(self, crystals: CrystalSet, settings: RelaxSettings) -> None:
        self._settings = settings
        self._start = crystals.without_columns()
        self._start_volumes = occupied_volumes(crystals)
        self._deforms = crystals.periodic and settings.freedom == 'cell'
        self._first_atoms = crystals.offsets[:-1]
        self._fractions = crystals.fractional_coordinates.copy()
        self._strains = np.zeros((len(crystals), 3, 3))
        self._steps = np.zeros(len(crystals), dtype=np.int64)
        self._initial_energies = np.full(len(crystals), np.nan)
        self._minimizer = _make_minimizer(crystals.counts + 3, settings)

    def crystals(self, rows: Int[np.ndarray, ' flying']) -> CrystalSet:
        """Return some crystals as they are now."""
        return replace(
            self._start.select(rows),
            lattices=self._start.lattices[rows] @ deformations(self._strains[rows]),
            fractional_coordinates=self._fractions[self._atoms(rows)],
        )

    def forces(
        self, rows: Int[np.ndarray, ' flying'], evaluation: Evaluation
    ) -> Float[np.ndarray, 'rows 3']:
        """Return the forces on all degrees of freedom of some crystals."""
        counts = self._start.counts[rows]
        strains = self._strains[rows]
        deformed = deformations(strains)
        result = np.zeros((len(evaluation.forces) + 3 * len(rows), 3))
        of_strain = _is_strain(counts)
        result[~of_strain] = np.einsum(
            'ai,aij->aj', evaluation.forces, np.repeat(deformed, counts, axis=0)
        )
        if self._deforms:
            volumes = self._start_volumes[rows] * np.linalg.det(deformed)
            stresses = evaluation.stresses + self._settings.pressure * GPa * np.eye(3)
            on_strains = strain_forces(strains, -volumes[:, None, None] * stresses)
            result[of_strain] = (on_strains / counts[:, None, None]).reshape(-1, 3)
        return result

    def with_status(
        self,
        rows: Int[np.ndarray, ' flying'],
        current: CrystalSet,
        evaluation: Evaluation,
        forces: Float[np.ndarray, 'rows 3'],
    ) -> CrystalSet:
        """Return the crystals with the columns that describe how far they are."""
        sizes = current.counts + 3
        norms = np.sqrt((forces**2).sum(axis=1))
        largest = np.maximum.reduceat(norms, np.cumsum(sizes) - sizes)
        pressures = -np.trace(evaluation.stresses, axis1=1, axis2=2) / 3 / GPa
        stressed = {
            'pressure': Column(pressures, 'GPa'),
            'stress': Column(evaluation.stresses / GPa, 'GPa'),
        }
        still = self._settings.freedom == 'none'
        finite = np.isfinite(evaluation.energies) & np.isfinite(largest)
        if current.periodic:
            finite &= np.isfinite(pressures)
        energies = np.where(finite, evaluation.energies / current.counts, np.nan)
        begun = self._steps[rows] == 0
        self._initial_energies[rows[begun]] = energies[begun]
        return current.with_columns(
            row=rows,
            energy=Column(energies, 'eV/atom'),
            converged=finite & ((largest < self._settings.fmax) | still),
            initial_energy=Column(self._initial_energies[rows], 'eV/atom'),
            steps=self._steps[rows],
            max_force=Column(largest, 'eV/Å'),
            **(stressed if current.periodic else {}),
        ).with_atom_columns(forces=Column(evaluation.forces, 'eV/Å'))

    def is_done(
        self, rows: Int[np.ndarray, ' flying'], current: CrystalSet
    ) -> Bool[np.ndarray, ' flying']:
        """Return which crystals are converged, out of steps or beyond hope."""
        lost = is_out_of_volume(current, self._start_volumes[rows], self._settings.limits)
        moves = 0 if self._settings.freedom == 'none' else self._settings.steps
        exhausted = current['steps'] >= moves
        return current['converged'] | exhausted | np.isnan(current['energy']) | lost

    def move(self, rows: Int[np.ndarray, ' flying'], forces: Float[np.ndarray, 'rows 3']) -> None:
        """Let some crystals take one step."""
        counts = self._start.counts[rows]
        moves = self._minimizer.moves(rows, forces)
        of_strain = _is_strain(counts)
        to_fractions = np.repeat(np.linalg.inv(self._start.lattices[rows]), counts, axis=0)
        self._fractions[self._atoms(rows)] += np.einsum(
            'ai,aij->aj', moves[~of_strain], to_fractions
        )
        self._strains[rows] += moves[of_strain].reshape(-1, 3, 3) / counts[:, None, None]
        self._steps[rows] += 1

    def _atoms(self, rows: Int[np.ndarray, ' flying']) -> Int[np.ndarray, ' atoms']:
        """Return the numbers of all atoms of some crystals."""
        return spans(self._first_atoms[rows], self._start.counts[rows])


def _make_minimizer(sizes: Int[np.ndarray, ' crystals'], settings: RelaxSettings) -> Fire | Bfgs:
    """Return the minimiser that the settings name."""
    if settings.minimizer == 'fire':
        return Fire(sizes, settings.fire)
    return Bfgs(sizes, settings.bfgs)


def _is_strain(counts: Int[np.ndarray, ' crystals']) -> Bool[np.ndarray, ' rows']:
    """Return which rows of degrees of freedom are of the strain."""
    sizes = np.stack([counts, np.full_like(counts, 3)], axis=1)
    return np.repeat(np.tile([False, True], len(counts)), sizes.reshape(-1))
