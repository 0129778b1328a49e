"""Relaxation of random silicon crystals against ASE, one crystal after the other, on one core.

Ours and ASE relax the same crystals in portions, in turns. FIRE goes ASE's way and so has to end in
its minima. BFGS, the default, ends in another one now and then; which is lower is chance.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from benchmarks.claims import Claim, Context, Measurement

if TYPE_CHECKING:
    import numpy as np

    from aiida_crystalgen.science.crystals import CrystalSet

__all__ = ('CLAIMS',)

_GOAL = 1.5
_CRYSTALS = 100
_TURNS = 5
_MODEL = '7net-0'
_SAME = 0.004  # eV/atom
_SHARE_OF_SAME = 0.9
_SEED = 1


@dataclass
class _Task:
    """Relaxations in turns, and where they ended.

    :param relax: takes crystals and returns their energies in eV/atom and numbers of steps.
    :param portions: of the crystals, an untimed one first.
    """

    relax: Callable[[CrystalSet], tuple[np.ndarray, np.ndarray]]
    portions: list[CrystalSet]
    results: list[tuple[np.ndarray, np.ndarray]] = field(default_factory=list)

    def __call__(self) -> None:
        """Take the next turn."""
        self.results.append(self.relax(self.portions[len(self.results)]))

    def joined(self) -> tuple[np.ndarray, np.ndarray]:
        """Return energies and steps of the timed turns."""
        import numpy as np

        energies, steps = zip(*self.results[1:], strict=True)
        return np.concatenate(energies), np.concatenate(steps)


def _measure(context: Context, crystals: int = _CRYSTALS) -> list[Measurement]:
    """Return crystals per second with FIRE and with BFGS, beside those of ASE.

    :param crystals: how many to relax.
    """
    portions = _portions(crystals)
    fire, bfgs = (_Task(_our_relaxation(name), portions) for name in ('fire', 'bfgs'))
    theirs = None if context.peer('sevenn') is None else _Task(_ase_relaxation(), portions)
    fire_seconds, bfgs_seconds, peer_seconds = context.alternate(fire, bfgs, theirs, repeats=_TURNS)
    work = crystals / _TURNS
    if fire_seconds is None or bfgs_seconds is None:
        raise ValueError('the relaxations did not run')
    return [
        _judge(
            Measurement.of_rates(work, fire_seconds, peer_seconds, goal=_GOAL, note='FIRE'),
            fire,
            theirs,
            share_of_same=_SHARE_OF_SAME,
        ),
        _judge(
            Measurement.of_rates(work, bfgs_seconds, peer_seconds, goal=_GOAL, note='BFGS'),
            bfgs,
            theirs,
            share_of_same=0.0,
        ),
    ]


def _judge(
    speed: Measurement, ours: _Task, theirs: _Task | None, *, share_of_same: float
) -> Measurement:
    """Return the measurement with what became of the crystals.

    :param share_of_same: that must end in ASE's minimum.
    """
    import numpy as np

    energies, steps = ours.joined()
    note = f'{speed.note}, {steps.mean():.0f} steps'
    if theirs is None:
        return replace(speed, note=f'{note}; ASE is missing')
    peer_energies, peer_steps = theirs.joined()
    lower = int(np.sum(energies < peer_energies - _SAME))
    higher = int(np.sum(energies > peer_energies + _SAME))
    same = len(energies) - lower - higher
    return replace(
        speed,
        holds=bool(speed.holds) and same >= share_of_same * len(energies),
        note=f'{note}, ASE with FIRE {peer_steps.mean():.0f}; {same} of {len(energies)} in its '
        f'minimum within {1000 * _SAME:.0f} meV/atom, {lower} in a lower, {higher} in a higher one',
    )


def _portions(crystals: int) -> list[CrystalSet]:
    """Return random crystals for each turn, two for the untimed one."""
    import numpy as np

    from aiida_crystalgen.science.generators.interface import Request, load_generator
    from aiida_crystalgen.science.progress import silent

    request = Request(
        composition='Si',
        formula_units=(8,),
        cell='conventional',
        candidates=2 * crystals + 20,
        volume_per_atom=184 / 8,
        volume_tolerance=0.1,
        distances={'Si-Si': 2.1},
        attempts=100,
    )
    made = load_generator('random_symmetric').propose(None, request, seed=_SEED, progress=silent)
    chosen = np.flatnonzero(made['rejection'] == '')
    # Groups come in order; a turn has some of each kind.
    chosen = np.random.default_rng(_SEED).permutation(chosen)[: crystals + 2]
    parts = np.array_split(chosen[2:], _TURNS)
    return [made.select(part).without_columns() for part in (chosen[:2], *parts)]


def _our_relaxation(minimizer: str) -> Callable[[CrystalSet], tuple[np.ndarray, np.ndarray]]:
    """Return a function that relaxes whole sets by the balanced protocol."""
    from aiida_crystalgen.science.potentials.interface import load_potential
    from aiida_crystalgen.science.relaxation import RelaxSettings, relax
    from aiida_crystalgen.workflows.protocol import protocol_inputs

    numbers = protocol_inputs('relax', 'balanced', {'processes': 1, 'minimizer': minimizer})
    del numbers['potential']
    settings, potential = RelaxSettings.parse(numbers), load_potential(_MODEL)

    def run(crystals: CrystalSet) -> tuple[np.ndarray, np.ndarray]:
        relaxed = relax(crystals, potential, settings)
        return relaxed['energy'], relaxed['steps']

    return run


def _ase_relaxation() -> Callable[[CrystalSet], tuple[np.ndarray, np.ndarray]]:
    """Return a function that relaxes one crystal after the other with ASE and sevenn."""
    import numpy as np
    from ase import Atoms
    from ase.filters import FrechetCellFilter
    from ase.optimize import FIRE

    with warnings.catch_warnings():
        warnings.simplefilter('ignore')  # sevenn asks for accelerators of graphics cards
        from sevenn.calculator import SevenNetCalculator

        calculator = SevenNetCalculator(_MODEL, device='cpu')

    def run(crystals: CrystalSet) -> tuple[np.ndarray, np.ndarray]:
        energies, steps = [], []
        for row, lattice in enumerate(crystals.lattices):
            atoms = Atoms(
                numbers=crystals.atomic_numbers[crystals.atoms(row)],
                scaled_positions=crystals.fractional_coordinates[crystals.atoms(row)],
                cell=lattice,
                pbc=True,
                calculator=calculator,
            )
            minimizer = FIRE(FrechetCellFilter(atoms), logfile=None)
            minimizer.run(fmax=0.05, steps=300)
            energies.append(atoms.get_potential_energy() / len(atoms))
            steps.append(minimizer.nsteps)
        return np.array(energies), np.array(steps)

    return run


CLAIMS = (
    Claim(
        'relax-si8',
        f'relaxing {_CRYSTALS} random Si8 with {_MODEL} to 0.05 eV/Å, against ASE one by one',
        f'≥ {_GOAL:g}',
        'crystals/s',
        _measure,
    ),
)
