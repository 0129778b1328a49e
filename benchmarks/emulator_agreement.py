"""Energy, forces and stress through aiida-vasp and the VASP emulator, against ASE's calculators.

Ours go all the way: a StructureData, ``vasp.v2.vasp``, the files that VASP reads, the emulator, the
files that VASP writes, aiida-vasp's parser. The peer is the calculator of the package that the
potential comes from, on the same atoms in the same process.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from benchmarks.claims import Claim, Context, Measurement
from benchmarks.profiles import add_localhost, look_often, temporary_profile, vasp_emulator

if TYPE_CHECKING:
    from ase import Atoms

__all__ = ('CLAIMS',)

_GOAL = 1e-6
_SEED = 1
_DISPLACEMENT = 0.05  # Å
_STRAIN = 0.01
# The potential, and ASE's name, crystal structure and lattice constant in Å of what it is tried on.
_CASES = (
    ('stillinger-weber', 'Si', 'diamond', 5.5),
    ('tersoff', 'SiC', 'zincblende', 4.3),
    ('emt', 'Al', 'fcc', 4.1),
    ('7net-0', 'SiC', 'zincblende', 4.4),
)


def _measure(_: Context) -> list[Measurement]:
    """Return the largest deviation of any number, for each potential."""
    with temporary_profile():
        look_often()
        add_localhost()
        return [_compare(name, _crystal(*shape)) for name, *shape in _CASES]


def _crystal(name: str, structure: str, constant: float) -> Atoms:
    """Return eight strained and displaced atoms, on which nothing is zero."""
    import numpy as np
    from ase.build import bulk

    atoms = bulk(name, structure, a=constant, cubic=True)
    strain = _STRAIN * np.random.default_rng(_SEED).uniform(-1, 1, size=(3, 3))
    atoms.set_cell(atoms.cell @ (np.eye(3) + strain), scale_atoms=True)
    atoms.rattle(_DISPLACEMENT, seed=_SEED)
    return atoms


def _compare(potential: str, atoms: Atoms) -> Measurement:
    """Return the deviations of one potential's numbers."""
    import numpy as np

    misc = _through_the_chain(potential, atoms)
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')  # of matscipy about numpy, of sevenn about graphics cards
        atoms.calc = _calculator(potential)
        energy = atoms.get_potential_energy()
        forces = atoms.get_forces()
        stress = atoms.get_stress(voigt=False)
    from ase.units import GPa

    deviations = {
        'energy': abs(misc['total_energies']['energy_extrapolated'] - energy) / len(atoms),
        'forces': float(np.abs(np.array(misc['forces']) - forces).max()),
        'stress': float(np.abs(-0.1 * GPa * np.array(misc['stress']) - stress).max()),
    }
    largest = max(deviations.values())
    each = ', '.join(f'{name} {value:.1e}' for name, value in deviations.items())
    return Measurement(
        ours=largest,
        peer=None,
        ratio=None,
        holds=largest <= _GOAL,
        note=f'{atoms.get_chemical_formula()}, {potential}: {each}; '
        f'the largest force is {np.abs(forces).max():.2g}',
    )


def _through_the_chain(potential: str, atoms: Atoms) -> dict[str, Any]:
    """Return aiida-vasp's ``misc`` of a single evaluation."""
    from aiida import orm
    from aiida.engine import run_get_node
    from aiida.plugins import WorkflowFactory

    from aiida_crystalgen.data.emulated_potcars import EMULATED_FAMILY

    elements = sorted(set(atoms.get_chemical_symbols()))
    results, node = run_get_node(
        WorkflowFactory('vasp.v2.vasp'),
        code=vasp_emulator(elements, potential),
        structure=orm.StructureData(ase=atoms),
        parameters={'incar': {'encut': 300, 'ibrion': -1, 'nsw': 0}},
        kpoints_spacing=0.5,
        potential_family=EMULATED_FAMILY,
        potential_mapping={element: element for element in elements},
        settings={'poscar_precision': 16},
        calc={'metadata': {'options': {'resources': {'num_machines': 1}}}},
    )
    if not node.is_finished_ok:
        raise RuntimeError(f'the chain ended with {node.exit_status}: {node.exit_message}')
    misc: dict[str, Any] = results['misc'].get_dict()
    return misc


def _calculator(potential: str) -> Any:
    """Return the calculator of the package that the potential comes from."""
    if potential == 'emt':
        from ase.calculators.emt import EMT

        return EMT()
    if potential == '7net-0':
        from sevenn.calculator import SevenNetCalculator

        return SevenNetCalculator(potential, device='cpu')
    from matscipy.calculators.manybody import Manybody
    from matscipy.calculators.manybody.explicit_forms import stillinger_weber, tersoff_brenner

    if potential == 'tersoff':
        parameters = tersoff_brenner.Tersoff_PRB_39_5566_Si_C
        return Manybody(**tersoff_brenner.TersoffBrenner(parameters))
    parameters = stillinger_weber.Stillinger_Weber_PRB_31_5262_Si
    return Manybody(**stillinger_weber.StillingerWeber(parameters))


CLAIMS = (
    Claim(
        id='emulator-agreement',
        summary='energy, forces and stress through aiida-vasp and the VASP emulator, against ASE',
        goal=f'≤ {_GOAL:g}',
        unit='eV/atom, eV/Å, eV/Å³',
        measure=_measure,
    ),
)
