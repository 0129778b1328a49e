"""Energies above the hull, against pymatgen's phase diagram of the same entries."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.claims import Claim, Context, Measurement

if TYPE_CHECKING:
    import numpy as np

    from aiida_crystalgen.science.crystals import CrystalSet

__all__ = ('CLAIMS',)

# Entries of the Materials Project and of Alexandria as matterviz (MIT) ships them, if they are
# there; both databases are under CC-BY 4.0.
_FOLDER = Path(__file__).parents[2] / 'shared' / 'data'
_MATERIALS_PROJECT = _FOLDER / 'mp_hull_entries.parquet'
_ALEXANDRIA = _FOLDER / 'alexandria_ternary_hulls.csv.gz'
_GOAL = 1e-6  # eV/atom
_INVENTED = ('Al', 'O', 'Si', 'Ti')


def _crystals(formulas: list[str], energies: np.ndarray, engine: str) -> CrystalSet:
    """Return crystals of which composition and energy are all that matters.

    :param energies: in eV/atom.
    """
    import numpy as np
    from pymatgen.core import Composition

    from aiida_crystalgen.science.crystals import Column, CrystalSet

    amounts = [Composition(formula).get_el_amt_dict() for formula in formulas]
    numbers = [
        np.repeat([_number(symbol) for symbol in one], [round(n) for n in one.values()])
        for one in amounts
    ]
    counts = np.array([len(one) for one in numbers])
    return CrystalSet(
        lattices=np.tile(np.eye(3), (len(counts), 1, 1)),
        fractional_coordinates=np.zeros((int(counts.sum()), 3)),
        atomic_numbers=np.concatenate(numbers),
        counts=counts,
        columns={'energy': Column(np.asarray(energies, dtype=np.float64), 'eV/atom')},
        metadata={'engine': {'name': engine}},
    )


def _number(symbol: str) -> int:
    """Return the atomic number of an element."""
    from pymatgen.core import Element

    return Element(symbol).Z


def _systems() -> Iterator[tuple[str, CrystalSet, np.ndarray | None]]:
    """Yield name, crystals and, where published, energies above the hull of each system."""
    import numpy as np
    import pandas as pd

    if _MATERIALS_PROJECT.exists():
        table = pd.read_parquet(_MATERIALS_PROJECT)
        table['formula'] = [_formula(numbers) for numbers in table['numbers']]
        for name, rows in table.groupby('system'):
            corrected = (rows['energy'] + rows['correction']) / rows['nsites']
            crystals = _crystals(rows['formula'].tolist(), corrected.to_numpy(), 'GGA_GGA+U')
            yield f'{name}, Materials Project', crystals, rows['e_above_hull'].to_numpy()
    if _ALEXANDRIA.exists():
        table = pd.read_csv(_ALEXANDRIA)
        for name, rows in table.groupby('system'):
            elements = str(name).split('-')  # they are not listed; their energy is zero
            formulas = [*rows['formula'].tolist(), *elements]
            energies = np.concatenate([rows['e_form'].to_numpy(), np.zeros(len(elements))])
            yield f'{name}, Alexandria', _crystals(formulas, energies, 'PBE'), None
    if not _FOLDER.exists():
        yield from _invented_systems()


def _formula(numbers: np.ndarray) -> str:
    """Return the formula of a cell."""
    from ase.symbols import Symbols

    return str(Symbols(numbers).get_chemical_formula())


def _invented_systems() -> Iterator[tuple[str, CrystalSet, None]]:
    """Yield ten systems of up to four elements with random compounds of random energies."""
    import numpy as np

    generator = np.random.default_rng(0)
    for number in range(10):
        elements = _INVENTED[: 2 + number % 3]
        amounts = generator.integers(0, 5, (300, len(elements)))
        formulas = [
            ''.join(f'{symbol}{n}' for symbol, n in zip(elements, row, strict=True) if n)
            for row in amounts[amounts.sum(axis=1) > 0].tolist()
        ]
        energies = generator.uniform(-1.0, 0.5, len(formulas))
        formulas += elements
        energies = np.concatenate([energies, np.zeros(len(elements))])
        yield f'invented system {number}', _crystals(formulas, energies, 'invented'), None


def _peer(crystals: CrystalSet, references: CrystalSet) -> np.ndarray:
    """Return what pymatgen says, asked entry by entry."""
    import numpy as np
    from pymatgen.analysis.phase_diagram import PDEntry, PhaseDiagram
    from pymatgen.core import Composition

    from aiida_crystalgen.science.structures import formulas

    def entries(some: CrystalSet) -> list[PDEntry]:
        energies = (some['energy'] * some.counts).tolist()
        return [
            PDEntry(Composition(formula), energy)
            for formula, energy in zip(formulas(some), energies, strict=True)
        ]

    diagram = PhaseDiagram(entries(references))
    return np.array(
        [diagram.get_e_above_hull(entry, allow_negative=True) for entry in entries(crystals)]
    )


def _measure(_: Context) -> list[Measurement]:
    """Return the largest deviation of each chemical system."""
    return [_compare(*system) for system in _systems()]


def _compare(name: str, crystals: CrystalSet, published: np.ndarray | None) -> Measurement:
    """Return the largest deviation over the entries of a system.

    Every entry is compared on the hull of all, and every second one on the hull of the others.
    """
    import numpy as np
    from pymatgen.core import __version__ as version

    from aiida_crystalgen.science.stability.hull import energies_above_hull

    ours = energies_above_hull(crystals, crystals)
    deviation = np.abs(ours - _peer(crystals, crystals)).max()
    kept = (np.arange(len(crystals)) % 2 == 0) | _is_pure(crystals)
    rest, references = crystals.select(~kept), crystals.select(kept)
    other = np.abs(energies_above_hull(rest, references) - _peer(rest, references)).max()
    note = f'{name}: {len(crystals)} entries, and {len(rest)} on the hull of the others; '
    note += f'pymatgen {version}'
    if published is not None:
        note += f'; from the published values {np.abs(ours - published).max():.1e} eV/atom'
    largest = float(max(deviation, other))
    return Measurement(largest, None, None, largest <= _GOAL, note)


def _is_pure(crystals: CrystalSet) -> np.ndarray:
    """Return which crystals consist of one element."""
    import numpy as np

    starts = crystals.offsets[:-1]
    least = np.minimum.reduceat(crystals.atomic_numbers, starts)
    return least == np.maximum.reduceat(crystals.atomic_numbers, starts)


CLAIMS = (
    Claim(
        id='hull-agreement',
        summary='largest deviation of energies above the hull from pymatgen, system by system',
        goal='≤ 1e-6',
        unit='eV/atom',
        measure=_measure,
    ),
)
