"""Elastic constants against a direct calculation with ASE and matscipy on the same potential.

Ours are those of the balanced protocol: finite Green–Lagrange strains, as few as the point group
allows, and second Piola–Kirchhoff stresses. The peer strains all six components in small strains,
relaxes the ions with ASE, and takes differences of Cauchy's stresses; it knows no symmetry.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from benchmarks.claims import Claim, Context, Measurement

if TYPE_CHECKING:
    import numpy as np

    from aiida_crystalgen.science.crystals import CrystalSet

__all__ = ('CLAIMS',)

_GOAL = 1.0  # percent
_COUNTED = 0.02  # of the largest constant: below it, a relative deviation means nothing
_CASES = (
    # potential, composition, volume per atom in Å³, AFLOW prototype
    ('stillinger-weber', 'Si', 20.0, 'cF8_227_a'),
    ('stillinger-weber', 'Si', 20.0, 'hP4_194_f'),
    ('stillinger-weber', 'Si', 15.0, 'tI4_141_a'),
    ('stillinger-weber', 'Si', 15.0, 'oP8_62_2c'),
    ('tersoff', 'SiC', 10.3, 'cF8_216_c_a'),
    ('emt', 'Al', 16.0, 'cF4_225_a'),
    ('7net-0', 'Si', 20.4, 'cF8_227_a'),
)
# Strain and largest force in eV/Å of the peer. The forces that small strains leave have to be found
# small; those of single precision are not exact enough for that.
_EXACT = (1e-3, 1e-5)
_SINGLE = (2e-3, 1e-4)


def _measure(context: Context) -> list[Measurement]:
    """Return the largest relative deviation of any constant, for each crystal."""
    return [_compare(context, *case) for case in _CASES]


def _compare(
    context: Context, potential: str, composition: str, volume: float, prototype: str
) -> Measurement:
    """Return the comparison for one crystal."""
    import numpy as np

    crystals = _relaxed(potential, composition, volume, prototype)
    ours, verdict = _our_constants(crystals, potential)
    note = f'{prototype} {composition}, {potential}: {verdict}, {_few(ours)}'
    if context.peer('matscipy.elasticity') is None:
        return Measurement(None, None, None, None, f'{note}; matscipy is missing')
    theirs = _their_constants(crystals, potential)
    counted = np.abs(theirs) > _COUNTED * np.abs(theirs).max()
    deviation = 100 * float(np.abs(ours[counted] / theirs[counted] - 1).max())
    return Measurement(
        ours=deviation,
        peer=None,
        ratio=None,
        holds=deviation <= _GOAL,
        note=f'{note}; matscipy {_few(theirs)}',
    )


def _few(stiffness: np.ndarray) -> str:
    """Return some constants as text."""
    chosen = {'C11': (0, 0), 'C12': (0, 1), 'C33': (2, 2), 'C44': (3, 3)}
    return ', '.join(f'{name} {stiffness[place]:.2f}' for name, place in chosen.items()) + ' GPa'


def _protocol(freedom: str) -> Any:
    """Return the settings of a relaxation by the balanced elastic protocol."""
    from aiida_crystalgen.science.relaxation import RelaxSettings
    from aiida_crystalgen.workflows.protocol import protocol_inputs

    changes = protocol_inputs('elastic', 'balanced')['engines']['potential']
    changes = {**changes, 'processes': 1, 'freedom': freedom}
    numbers = protocol_inputs('relax', 'balanced', changes)
    del numbers['potential']
    return RelaxSettings.parse(numbers)


def _relaxed(potential: str, composition: str, volume: float, prototype: str) -> CrystalSet:
    """Return a crystal with relaxed cell, as a standard primitive cell."""
    from aiida_crystalgen.science.potentials.interface import load_potential
    from aiida_crystalgen.science.relaxation import relax
    from aiida_crystalgen.science.sources.prototypes import prototypes
    from aiida_crystalgen.science.symmetry.standard import standard_primitive

    known = prototypes(composition, volume_per_atom=volume, maximum_atoms=8)
    row = next(row for row, label in enumerate(known['label']) if prototype in label)
    start = known.select([row])
    relaxed = relax(start, load_potential(potential), _protocol('cell'))
    return standard_primitive(relaxed, 0.01)


def _our_constants(crystals: CrystalSet, potential: str) -> tuple[np.ndarray, str]:
    """Return our stiffness in GPa, and the verdict in words."""
    import numpy as np

    from aiida_crystalgen.science.potentials.interface import load_potential
    from aiida_crystalgen.science.relaxation import relax
    from aiida_crystalgen.science.stability.elasticity import (
        ElasticSettings,
        judge_elasticity,
        strained_crystals,
    )
    from aiida_crystalgen.workflows.protocol import protocol_inputs

    settings = ElasticSettings.parse(protocol_inputs('elastic', 'balanced'))
    strained = strained_crystals(crystals, settings)
    relaxed = relax(strained, load_potential(potential), _protocol('ions'))
    relaxed = relaxed.with_columns(row=np.arange(len(relaxed)))
    verdict = judge_elasticity(strained, relaxed, settings)
    word = 'stable' if verdict.stable else 'unstable'
    return np.array(verdict.stiffness), f'{verdict.crystal_class}, {word}'


def _their_constants(crystals: CrystalSet, potential: str) -> np.ndarray:
    """Return the stiffness in GPa from small strains, by ASE and matscipy."""
    from ase import Atoms
    from ase.optimize import BFGS
    from ase.units import GPa
    from matscipy.elasticity import (
        full_3x3x3x3_to_Voigt_6x6,
        measure_triclinic_elastic_constants,
    )

    atoms = Atoms(
        numbers=crystals.atomic_numbers,
        scaled_positions=crystals.fractional_coordinates,
        cell=crystals.lattices[0],
        pbc=True,
        calculator=_calculator(potential),
    )
    step, force = _SINGLE if potential.startswith('7net') else _EXACT
    with warnings.catch_warnings():
        # matscipy raises to a power only where it uses the result.
        warnings.filterwarnings('ignore', "'where' used without 'out'", UserWarning)
        constants = measure_triclinic_elastic_constants(
            atoms, delta=step, optimizer=BFGS, fmax=force, steps=1000
        )
    return full_3x3x3x3_to_Voigt_6x6(constants, check_symmetry=False) / GPa


def _calculator(potential: str) -> Any:
    """Return the potential as a calculator of ASE, made without this package."""
    from ase.calculators.emt import EMT
    from matscipy.calculators.manybody import Manybody
    from matscipy.calculators.manybody.explicit_forms import stillinger_weber, tersoff_brenner

    if potential == 'emt':
        return EMT()
    if potential == 'stillinger-weber':
        parameters = stillinger_weber.Stillinger_Weber_PRB_31_5262_Si
        return Manybody(**stillinger_weber.StillingerWeber(parameters))
    if potential == 'tersoff':
        parameters = tersoff_brenner.Tersoff_PRB_39_5566_Si_C
        return Manybody(**tersoff_brenner.TersoffBrenner(parameters))
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')  # sevenn asks for accelerators of graphics cards
        from sevenn.calculator import SevenNetCalculator

        return SevenNetCalculator(potential, device='cpu')


CLAIMS = (
    Claim(
        'elastic-agreement',
        'largest relative deviation of an elastic constant from ASE and matscipy on one potential',
        f'≤ {_GOAL:g}',
        '%',
        _measure,
    ),
)
