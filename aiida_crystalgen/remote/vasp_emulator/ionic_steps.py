"""The ionic steps of a calculation: one evaluation, or a relaxation as INCAR asks for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from ase.units import GPa
from jaxtyping import Float

from aiida_crystalgen.remote.vasp_emulator.incar import Incar
from aiida_crystalgen.remote.vasp_emulator.inputs import Inputs
from aiida_crystalgen.remote.vasp_emulator.settings import EmulatorSettings
from aiida_crystalgen.science.crystals import CrystalSet
from aiida_crystalgen.science.potentials.interface import Evaluation, Potential
from aiida_crystalgen.science.relaxation.flight import relax_in_flight
from aiida_crystalgen.science.relaxation.settings import RelaxSettings

__all__ = ('KILOBAR', 'IonicStep', 'Observe', 'run_ionic_steps')

KILOBAR: Final = 0.1 * GPa
# What moves for each ISIF: ions or not, and how the cell may change.
_MOVES: Final = {
    0: (True, 'fixed'),
    1: (True, 'fixed'),
    2: (True, 'fixed'),
    3: (True, 'free'),
    4: (True, 'constant volume'),
    5: (False, 'constant volume'),
    6: (False, 'free'),
    7: (False, 'constant shape'),
    8: (True, 'constant shape'),
}
# A force below it can only be zero: for criteria that are not about forces.
_ZERO_FORCE: Final = float(np.finfo(np.float64).tiny)


@dataclass(frozen=True)
class IonicStep:
    """One evaluation.

    :param crystal: in a set of its own.
    :param energy: of the cell, in eV.
    :param forces: on the atoms, in eV/Å.
    :param stress: in kB and with VASP's sign, so that a compressed crystal has a positive trace.
    """

    crystal: CrystalSet
    energy: float
    forces: Float[np.ndarray, 'atoms 3']
    stress: Float[np.ndarray, '3 3']


Observe = Callable[[IonicStep], None]


def run_ionic_steps(
    inputs: Inputs,
    potential: Potential,
    observe: Observe,
    *,
    settings: EmulatorSettings,
    is_stuck: bool = False,
) -> bool:
    """Return whether the criterion of EDIFFG was met before NSW steps were done.

    With EDIFFG < 0 no force is larger, nor the force on the strain divided by the number of atoms.

    :param observe: told every step as soon as it is done.
    :param is_stuck: do all of the NSW steps without getting anywhere.
    :raises ValueError: if INCAR asks for what cannot be emulated, the potential does not know an
        element, or the crystal left the range of the potential.
    """
    watched = _Watched(potential, inputs.incar, observe, is_stuck=is_stuck)
    if not inputs.incar.is_relaxation:
        watched.evaluate(inputs.crystal)
        return False
    (last,) = relax_in_flight(inputs.crystal, watched, _settings(inputs.incar, settings, is_stuck))
    is_converged = bool(last['converged'][0]) and not is_stuck
    if not is_converged and watched.count < inputs.incar.nsw and not is_stuck:
        volume = last.volumes[0] / last.counts[0]
        raise ValueError(
            f'the volume per atom became {volume:.2f} Å³, beyond what the potential knows; '
            'start from a better structure'
        )
    while is_stuck and watched.count < inputs.incar.nsw:
        watched.evaluate(last)
    return is_converged


def _settings(incar: Incar, settings: EmulatorSettings, is_stuck: bool) -> RelaxSettings:
    """Return how the crystal is relaxed; the pressure is part of the watched stress."""
    longest_move = {'longest_move': settings.failures.stuck_move} if is_stuck else {}
    by_forces = incar.ediffg < 0 and not is_stuck
    return RelaxSettings(
        freedom='ions' if _moves(incar)[1] == 'fixed' else 'cell',
        pressure=0.0,
        fmax=-incar.ediffg if by_forces else _ZERO_FORCE,
        steps=incar.nsw - 1,  # the first step is an evaluation without a move
        batch_atoms=1,
        processes=1,
        save_every=1,
        minimizer=incar.minimizer,
        bfgs=settings.bfgs.model_copy(update=longest_move),
        fire=settings.fire.model_copy(update=longest_move),
        limits=settings.limits,
    )


def _moves(incar: Incar) -> tuple[bool, str]:
    """Return whether ions move, and how the cell may change."""
    if incar.isif not in _MOVES:
        raise ValueError(f'ISIF = {incar.isif} cannot be emulated, only 0 to 8; set it in INCAR')
    return _MOVES[incar.isif]


class _Watched:
    """The potential as the minimiser sees it: only what may move feels a force.

    Forces are gone as well once the change of the energy meets EDIFFG > 0, which ends a relaxation.
    """

    def __init__(
        self, potential: Potential, incar: Incar, observe: Observe, *, is_stuck: bool
    ) -> None:
        self.name = potential.name
        self.engine = potential.engine
        self.count = 0
        self._potential = potential
        self._observe = observe
        self._moves = _moves(incar)
        self._pressure = incar.pstress * KILOBAR
        self._least_change = 0.0 if is_stuck else max(incar.ediffg, 0.0)
        self._last_energy = np.inf

    def evaluate(self, crystals: CrystalSet) -> Evaluation:
        """Return energy, and force and stress on what may move, of the one crystal.

        :raises ValueError: if the energy is no number.
        """
        evaluation = self._potential.evaluate(crystals)
        energy = float(evaluation.energies[0])
        if not np.isfinite(energy):
            raise ValueError('the energy is not finite; atoms may lie on top of each other')
        self.count += 1
        stress = -evaluation.stresses[0] / KILOBAR
        self._observe(IonicStep(crystals, energy, evaluation.forces, stress))
        is_settled = abs(energy - self._last_energy) < self._least_change
        self._last_energy = energy
        ions, cell = self._moves
        return Evaluation(
            evaluation.energies,
            evaluation.forces * (ions and not is_settled),
            _allowed(evaluation.stresses + self._pressure * np.eye(3), cell) * (not is_settled),
        )


def _allowed(
    stresses: Float[np.ndarray, 'crystals 3 3'], cell: str
) -> Float[np.ndarray, 'crystals 3 3']:
    """Return the part of the stress that the cell may follow."""
    isotropic = np.trace(stresses, axis1=1, axis2=2)[:, None, None] / 3 * np.eye(3)
    if cell == 'constant shape':
        return isotropic
    return stresses - isotropic if cell == 'constant volume' else stresses
