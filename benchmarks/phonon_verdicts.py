"""Which crystals our phonons call stable, against what is known of them, on one potential.

Each is relaxed and judged by `crystalgen.relax.potential` and `crystalgen.phonon`. Cubic SrTiO3
shows both of its known soft modes, the polar one at Γ and the tilt of the octahedra at R (Aschauer
and Spaldin, J. Phys.: Condens. Matter 26, 122203 (2014), doi:10.1088/0953-8984/26/12/122203), and
they are followed until nothing is left to follow.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from benchmarks.claims import Claim, Context, Measurement
from benchmarks.profiles import look_often, temporary_profile

if TYPE_CHECKING:
    from aiida.orm import StructureData

    from aiida_crystalgen.science.crystals import CrystalSet

__all__ = ('CLAIMS',)

_POTENTIAL = '7net-0'
_STABLE = {'stable', 'acoustic noise'}
_SOFT_MODES: dict[str, Any] = {
    # Waves of Γ, X, M and R fit into two cells.
    'minimum_length': 7.5,
    # A soft mode lowers the symmetry by little.
    'symmetry_tolerance': 0.001,
    'engines': {'potential': {'fmax': 0.0003}},
    'following': {'rounds': 5},
}


@dataclass(frozen=True)
class _Case:
    """A crystal, and what is known of it.

    :param cell: edges in Å, before relaxation.
    :param softest: names of the special points with the lowest frequencies; none if it is stable.
    """

    name: str
    symbols: tuple[str, ...]
    basis: tuple[tuple[float, float, float], ...]
    space_group: int
    cell: tuple[float, float, float]
    softest: frozenset[str] = frozenset()
    overrides: dict[str, Any] = field(default_factory=dict)


_ORIGIN = (0.0, 0.0, 0.0)
_CENTRE = (0.5, 0.5, 0.5)
_SNSE = ((0.119, 0.25, 0.104), (0.855, 0.25, 0.482))
_CASES = (
    _Case('diamond Si', ('Si',), (_ORIGIN,), 227, (5.46, 5.46, 5.46)),
    _Case('fcc Al', ('Al',), (_ORIGIN,), 225, (4.04, 4.04, 4.04)),
    _Case('SnSe', ('Sn', 'Se'), _SNSE, 62, (11.5, 4.15, 4.44)),
    _Case('bcc Si', ('Si',), (_ORIGIN,), 229, (3.08, 3.08, 3.08), frozenset('N')),
    _Case('fcc Si', ('Si',), (_ORIGIN,), 225, (3.87, 3.87, 3.87), frozenset('X')),
    _Case(
        'cubic SrTiO3',
        ('Sr', 'Ti', 'O'),
        (_ORIGIN, _CENTRE, (0.5, 0.5, 0.0)),
        221,
        (3.94, 3.94, 3.94),
        frozenset('ΓR'),
        _SOFT_MODES,
    ),
)


def _measure(_: Context) -> list[Measurement]:
    """Return the smallest frequency of each crystal, and of what its soft modes lead to."""
    with temporary_profile():
        look_often()
        return [one for case in _CASES for one in _judge(case)]


def _judge(case: _Case) -> list[Measurement]:
    """Return the verdict on a crystal, and another one on what it becomes."""
    from aiida.engine import run_get_node
    from aiida.plugins import WorkflowFactory

    start = time.perf_counter()
    builder = WorkflowFactory('crystalgen.phonon').get_builder_from_protocol(
        _relaxed(case), overrides=case.overrides
    )
    results, node = run_get_node(builder)
    if not node.is_finished_ok:
        raise RuntimeError(f'the work chain ended with {node.exit_status}: {node.exit_message}')
    summary = results['phonons'].get_dict()
    wanted = f'imaginary at {" and ".join(sorted(case.softest))}' if case.softest else 'stable'
    points = [one for one in summary['imaginary_points'] if one['label']][: len(case.softest)]
    if case.softest:
        holds = frozenset(one['label'] for one in points) == case.softest
    else:
        holds = summary['verdict'] in _STABLE
    seconds = time.perf_counter() - start
    note = f'{case.name}, {_POTENTIAL}: {_described(summary)}; {seconds:.0f} s'
    first = Measurement(summary['smallest_frequency'], None, None, holds, note, wanted)
    return [first, _followed(case, results['followed'])] if 'followed' in results else [first]


def _followed(case: _Case, followed: dict[str, Any]) -> Measurement:
    """Return the verdict on what the modes of a crystal lead to."""
    summary, last = followed['phonons'].get_dict(), followed['following']
    note = (
        f'{case.name} along its modes, {_POTENTIAL}: {1000 * last["energy_change"]:.2f} meV/atom '
        f'in the last round; {_described(summary)}'
    )
    holds = last['energy_change'] < 0 and summary['verdict'] in _STABLE
    return Measurement(summary['smallest_frequency'], None, None, holds, note, 'stable')


def _described(summary: dict[str, Any]) -> str:
    """Return a verdict in words, with the softest special points."""
    points = [one for one in summary['imaginary_points'] if one['label']]
    where = ', '.join(f'{one["label"]} {one["frequency"]:.2f}' for one in points) or 'nowhere'
    sound = {None: '', True: ', sound stable', False: ', sound unstable'}
    return (
        f'space group {summary["space_group"]}, {summary["energy"]:.5f} eV/atom, '
        f'{summary["verdict"]}{sound[summary["elastically_stable"]]}, imaginary at {where}; '
        f'acoustic modes near Γ from {summary["smallest_acoustic_frequency"]:.2f} THz'
    )


def _relaxed(case: _Case) -> StructureData:
    """Return the crystal relaxed by the potential."""
    from aiida.engine import run_get_node
    from aiida.plugins import WorkflowFactory

    from aiida_crystalgen.data.convert import (
        crystals_from_node,
        node_from_crystals,
        structure_from_row,
    )

    results, node = run_get_node(
        WorkflowFactory('crystalgen.relax.potential').get_builder_from_protocol(
            node_from_crystals(_crystal(case)),
            overrides={'potential': _POTENTIAL, 'fmax': 0.001, 'steps': 1000, 'processes': 1},
        )
    )
    if not node.is_finished_ok:
        raise RuntimeError(f'the relaxation ended with {node.exit_status}: {node.exit_message}')
    return structure_from_row(crystals_from_node(results['relaxed']), 0)


def _crystal(case: _Case) -> CrystalSet:
    """Return the crystal before relaxation."""
    import numpy as np
    from ase.spacegroup import crystal

    from aiida_crystalgen.science.crystals import CrystalSet

    atoms = crystal(
        list(case.symbols),
        list(case.basis),
        spacegroup=case.space_group,
        cellpar=[*case.cell, 90, 90, 90],
    )
    return CrystalSet(
        lattices=np.array([atoms.cell.array]),
        fractional_coordinates=atoms.get_scaled_positions(),
        atomic_numbers=atoms.numbers.astype(np.int64),
        counts=np.array([len(atoms)]),
    )


CLAIMS = (
    Claim(
        'phonon-verdicts',
        'smallest frequency of crystals that are known to be stable or not',
        'the known verdict, at the known q-points',
        'THz',
        _measure,
    ),
)
