"""Table 3 of Sultanov et al. 2023 (arXiv:2310.10695): new crystals near the hulls of four systems.

In each system crystals are proposed for the elements alone, and some for the formula that the paper
ended at. An interatomic potential relaxes them, and gives the hull as well: that of the known
crystals of the Materials Project with up to 52 atoms, relaxed likewise; it has no ternary ones. The
lowest crystals are relaxed further, until one has no imaginary modes: it counts. The paper made
1920 crystals for each choice of numbers of sites, in 32 space groups, and relaxed with DFT; its
hulls are of binary crystals. What it calls kJ/mol is taken to be per mole of atoms.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations_with_replacement
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.claims import Claim, Context, Measurement
from benchmarks.relaxed_proposals import POTENTIAL, crystals_of_table, proposed, relaxed

if TYPE_CHECKING:
    import numpy as np

    from aiida_crystalgen.science.crystals import CrystalSet
    from aiida_crystalgen.science.generators.interface import Request
    from aiida_crystalgen.science.stability.phonons.analysis import PhononSummary

__all__ = ('CLAIMS',)

_FOLDER = Path(__file__).parents[2] / 'shared' / 'data'
_TABLES = (_FOLDER / 'mp_le20.parquet', _FOLDER / 'mp_21to52.parquet')
_SYSTEMS = (
    # elements, formula of the paper, its distance from the hull in kJ/mol
    ('Cu-Si-K', 'Cu2KSi', 0.61),
    ('Fe-Ta-Sn', 'Fe2TaSn', 4.14),
    ('Sb-Ta-V', 'SbTa2V3', 1.57),
    ('Al-K-Pd', 'Al3KPd6', 15.38),
)
_OF_SYSTEM = 400  # samples
_OF_FORMULA = 100  # samples, shared among numbers of formula units
_MOST_ATOMS = 20
_CLOSEST = 0.5  # Å; samples with closer atoms are not relaxed
_CANDIDATES = 5  # of the lowest crystals, until one is stable
_SEED = 1

_ROUGH = {'fmax': 0.05, 'steps': 300}
_EXACT = {'fmax': 0.01, 'steps': 1000}  # of what makes the hull
_VERY_EXACT = {'fmax': 0.001, 'steps': 1000}  # as the phonon protocol has it along modes


@dataclass(frozen=True)
class _Judged:
    """A crystal near the hull.

    :param height: above the hull in kJ per mole of atoms.
    :param phonons: what is said of its modes.
    """

    formula: str
    height: float
    phonons: PhononSummary

    @property
    def is_stable(self) -> bool:
        """Whether it has no imaginary modes but noise."""
        return self.phonons.verdict != 'imaginary'

    def __str__(self) -> str:
        """Return formula, space group, height and verdict."""
        softest = self.phonons.smallest_frequency
        return (
            f'{self.formula} ({self.phonons.space_group}) {self.height:+.2f} kJ/mol, phonons '
            f'{self.phonons.verdict}, {softest:.2f} THz at least'
        )


def _measure(_: Context) -> list[Measurement]:
    """Return how far above the hull the lowest stable crystal of each system is."""
    missing = [path.name for path in _TABLES if not path.exists()]
    if missing:
        return [Measurement(None, None, None, None, f'{" and ".join(missing)} not at hand')]
    return [_searched(*system) for system in _SYSTEMS]


def _searched(system: str, formula: str, paper: float) -> Measurement:
    """Return the result for one system.

    :param formula: that the paper ended at.
    :param paper: its distance from the hull in kJ/mol.
    """
    import numpy as np

    from aiida_crystalgen.science.composition import competing_formulas, reduced_formulas
    from aiida_crystalgen.science.crystals import concatenate

    references = relaxed(_known(system), **_EXACT)
    samples = concatenate([proposed(one, _SEED) for one in _requests(system, formula)])
    found = relaxed(samples.without_columns(), **_ROUGH)
    found = found.select((found['rejection'] == '') & found['converged'])
    heights = _heights(found, references)
    judged = _judged(found.select(np.argsort(heights, kind='stable')), references)
    stable = next((one for one in judged if one.is_stable), None)
    same = heights[reduced_formulas(found) == competing_formulas(formula, (1,), periodic=True)[0]]
    note = (
        f'{system}: {" | ".join(map(str, judged))}; lowest {formula} '
        f'{f"{same.min():+.2f} kJ/mol" if len(same) else "not found"}; {len(samples)} samples, '
        f'{len(found)} relaxed; hull of {len(references)} crystals; {POTENTIAL}; paper {formula} '
        f'{paper:+.2f} kJ/mol by DFT'
    )
    reached = None if stable is None else stable.height
    holds = reached is not None and reached <= paper
    return Measurement(reached, None, None, holds, note, f'≤ {paper:g}, no imaginary modes')


def _known(system: str) -> CrystalSet:
    """Return the known crystals of the elements of a system, without a column."""
    import pandas as pd
    from ase.data import atomic_numbers

    elements = {atomic_numbers[symbol] for symbol in system.split('-')}
    tables = [pd.read_parquet(path) for path in _TABLES]
    inside = [one[one['numbers'].map(elements.issuperset)] for one in tables]
    return crystals_of_table(pd.concat(inside)).without_columns()


def _requests(system: str, formula: str) -> list[Request]:
    """Return the requests for samples of any formula, and of the one of the paper."""
    from ase import Atoms

    from aiida_crystalgen.science.generators.interface import Request
    from aiida_crystalgen.workflows.protocol import protocol_inputs

    proposing = protocol_inputs('propose/score_langevin', 'balanced')
    proposing['templates']['most_atoms'] = _MOST_ATOMS
    pairs = combinations_with_replacement(system.split('-'), 2)
    distances = {'-'.join(pair): _CLOSEST for pair in pairs}
    units = tuple(range(1, _MOST_ATOMS // len(Atoms(formula)) + 1))
    return [
        Request(
            composition=composition,
            formula_units=units,
            cell='primitive',
            candidates=candidates,
            volume_per_atom=None,
            volume_tolerance=0,
            distances=distances,
            attempts=1,
            proposing=proposing,
        )
        for composition, candidates in ((system, _OF_SYSTEM), (formula, _OF_FORMULA))
    ]


def _heights(crystals: CrystalSet, references: CrystalSet) -> np.ndarray:
    """Return energies above the hull in kJ per mole of atoms."""
    from ase import units

    from aiida_crystalgen.science.stability.hull import energies_above_hull

    return energies_above_hull(crystals, references) * units.mol / units.kJ


def _judged(lowest: CrystalSet, references: CrystalSet) -> list[_Judged]:
    """Return the lowest different crystals, up to the first that is stable.

    :param lowest: the lowest first.
    """
    import numpy as np

    from aiida_crystalgen.science.composition import reduced_formulas
    from aiida_crystalgen.science.screening.duplicates import DuplicateSettings, group_duplicates
    from aiida_crystalgen.workflows.protocol import protocol_inputs

    settings = DuplicateSettings.parse(protocol_inputs('search', 'balanced')['duplicates'])
    firsts = np.unique(group_duplicates(lowest, settings))[:_CANDIDATES]
    judged: list[_Judged] = []
    for row in firsts.tolist():
        crystal = relaxed(lowest.select([row]).without_columns(), **_VERY_EXACT)
        height = float(_heights(crystal, references)[0])
        judged.append(_Judged(str(reduced_formulas(crystal)[0]), height, _phonons(crystal)))
        if judged[-1].is_stable:
            break
    return judged


def _phonons(crystal: CrystalSet) -> PhononSummary:
    """Return the verdict on the modes of a relaxed crystal."""
    import numpy as np

    from aiida_crystalgen.science.stability.phonons.analysis import analyse_phonons
    from aiida_crystalgen.science.stability.phonons.settings import PhononSettings
    from aiida_crystalgen.science.stability.phonons.supercells import displaced_supercells
    from aiida_crystalgen.science.symmetry.standard import standard_primitive
    from aiida_crystalgen.workflows.protocol import protocol_inputs

    settings = PhononSettings.parse(protocol_inputs('phonon', 'balanced'))
    standard = standard_primitive(crystal, settings.symmetry_tolerance).without_columns()
    supercells = displaced_supercells(standard, settings)
    evaluated = relaxed(supercells, freedom='none')
    forces = evaluated.with_columns(row=np.arange(len(evaluated)))
    return analyse_phonons(standard, supercells, forces, settings).summary


CLAIMS = (
    Claim(
        'sultanov-table3',
        'distance of new ternary crystals without imaginary modes from the hull, against the paper',
        'no farther than in the paper',
        'kJ/mol',
        _measure,
    ),
)
