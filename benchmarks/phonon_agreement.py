"""Phonon frequencies of our work chain against phonopy and ASE alone, on the same potential.

Ours are those of `crystalgen.phonon`, once with the potential as the engine, once with VASP, for
which the emulator stands in. The peer takes phonopy's own choices for the conventional cell, and
forces from ASE's calculator, made without this package.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from benchmarks.claims import Claim, Context, Measurement
from benchmarks.profiles import add_localhost, look_often, temporary_profile, vasp_emulator

if TYPE_CHECKING:
    import numpy as np

    from aiida_crystalgen.science.crystals import CrystalSet

__all__ = ('CLAIMS',)

_GOAL = 1e-4  # THz
_FCC = ((0.0, 0.0, 0.0), (0.0, 0.5, 0.5), (0.5, 0.0, 0.5), (0.5, 0.5, 0.0))
_DIAMOND = (*_FCC, *((x + 0.25, y + 0.25, z + 0.25) for x, y, z in _FCC))
_CASES = (
    # name, potential, atomic number, edge in Å, basis
    ('diamond Si', 'stillinger-weber', 14, 5.431, _DIAMOND),
    ('fcc Al', 'emt', 13, 3.994, _FCC),
)


def _measure(context: Context) -> list[Measurement]:
    """Return the largest deviation of any frequency along the path, for each crystal and route."""
    phonopy = context.peer('phonopy')
    if phonopy is None:
        return [Measurement(None, None, None, None, 'phonopy is missing')]
    with temporary_profile():
        look_often()
        add_localhost()
        return [
            _compare(f'{name}, {potential}', crystal, engine, potential)
            for name, potential, number, edge, basis in _CASES
            for crystal in [_crystal(number, edge, basis)]
            for engine in _engines(crystal, potential)
        ]


def _crystal(number: int, edge: float, basis: Any) -> CrystalSet:
    """Return a cubic crystal of one element."""
    import numpy as np

    from aiida_crystalgen.science.crystals import CrystalSet

    return CrystalSet(
        lattices=edge * np.eye(3)[None],
        fractional_coordinates=np.array(basis),
        atomic_numbers=np.full(len(basis), number),
        counts=np.array([len(basis)]),
    )


def _engines(crystal: CrystalSet, potential: str) -> list[dict[str, Any]]:
    """Return the inputs of the potential, and those of VASP with the emulator in its place."""
    from aiida.plugins import WorkflowFactory
    from ase.data import chemical_symbols

    from aiida_crystalgen.data.convert import node_from_crystals
    from aiida_crystalgen.data.emulated_potcars import EMULATED_FAMILY
    from aiida_crystalgen.workflows.protocol import protocol_inputs

    settings = protocol_inputs('relax', 'balanced', {'processes': 1})
    del settings['potential']
    element = chemical_symbols[crystal.atomic_numbers[0]]
    vasp = WorkflowFactory('crystalgen.relax.vasp').get_builder_from_protocol(
        node_from_crystals(crystal),
        vasp_emulator([element], potential),
        overrides={
            'potential_family': EMULATED_FAMILY,
            'options': {'withmpi': False, 'resources': {'num_machines': 1}},
        },
    )
    names = ('code', 'settings', 'options', 'max_concurrent')
    return [
        {'potential': {'potential': potential, 'settings': settings}},
        {'vasp': {name: vasp[name] for name in names}},
    ]


def _compare(name: str, crystal: CrystalSet, engine: dict[str, Any], potential: str) -> Measurement:
    """Return the comparison for one crystal and one route."""
    import numpy as np
    from aiida.engine import run_get_node
    from aiida.plugins import WorkflowFactory

    from aiida_crystalgen.data.convert import structure_from_row

    builder = WorkflowFactory('crystalgen.phonon').get_builder_from_protocol(
        structure_from_row(crystal, 0), engine=engine
    )
    results, node = run_get_node(builder)
    if not node.is_finished_ok:
        raise RuntimeError(f'the work chain ended with {node.exit_status}: {node.exit_message}')
    ours = results['bands'].get_bands()
    cartesian = results['bands'].get_kpoints(cartesian=True) / (2 * np.pi)
    deviation = float(np.abs(ours - _their_frequencies(crystal, potential, cartesian)).max())
    route = 'VASP, emulated' if 'vasp' in engine else 'potential'
    return Measurement(
        ours=deviation,
        peer=None,
        ratio=None,
        holds=deviation <= _GOAL,
        note=f'{name}, engine: {route}; {results["phonons"]["verdict"]}, {len(ours)} q-points, '
        f'frequencies up to {ours.max():.3f} THz',
    )


def _their_frequencies(crystal: CrystalSet, potential: str, cartesian: np.ndarray) -> np.ndarray:
    """Return frequencies in THz by phonopy at q-points in 1/Å."""
    import numpy as np
    from ase import Atoms
    from phonopy import Phonopy
    from phonopy.structure.atoms import PhonopyAtoms

    cell = PhonopyAtoms(
        numbers=crystal.atomic_numbers,
        cell=crystal.lattices[0],
        scaled_positions=crystal.fractional_coordinates,
    )
    # As many cells as make faces 10 Å apart, the smallest length of the balanced protocol.
    times = int(np.ceil(10 / crystal.lattices[0, 0, 0]))
    phonon = Phonopy(cell, supercell_matrix=times * np.eye(3, dtype=int), primitive_matrix='F')
    phonon.generate_displacements(distance=0.02)
    calculator = _calculator(potential)
    forces = []
    with warnings.catch_warnings():
        # matscipy raises to a power only where it uses the result.
        warnings.filterwarnings('ignore', "'where' used without 'out'", UserWarning)
        for one in phonon.supercells_with_displacements or []:
            atoms = Atoms(one.symbols, positions=one.positions, cell=one.cell, pbc=True)
            atoms.calc = calculator
            forces.append(atoms.get_forces())
    phonon.forces = np.array(forces)
    phonon.produce_force_constants(show_drift=False)
    phonon.symmetrize_force_constants(show_drift=False)
    phonon.run_qpoints(cartesian @ phonon.primitive.cell.T)
    return np.asarray(phonon.qpoints.frequencies)


def _calculator(potential: str) -> Any:
    """Return the potential as a calculator of ASE, made without this package."""
    from ase.calculators.emt import EMT
    from matscipy.calculators.manybody import Manybody
    from matscipy.calculators.manybody.explicit_forms import stillinger_weber

    if potential == 'emt':
        return EMT()
    parameters = stillinger_weber.Stillinger_Weber_PRB_31_5262_Si
    return Manybody(**stillinger_weber.StillingerWeber(parameters))


CLAIMS = (
    Claim(
        'phonon-agreement',
        'largest deviation of a phonon frequency from phonopy and ASE alone on one potential',
        f'≤ {_GOAL:g}',
        'THz',
        _measure,
    ),
)
