"""The experiment of Lee & Chang 2021 on silicon, with an interatomic potential in place of DFT.

Random symmetric crystals of 8 atoms are sorted into group I (similar to the database), group II
(similar to replicas) and group III (any); 350 of each are relaxed; what counts is how many distinct
crystals end at 0.05 to 0.20 eV/atom above diamond. The paper found 14, 14 and 5.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.claims import Claim, Context, Measurement

if TYPE_CHECKING:
    import numpy as np

    from aiida_crystalgen.science.crystals import CrystalSet

__all__ = ('CLAIMS',)

_DATABASE = Path(__file__).parents[2] / 'shared' / 'data' / 'si_allotropes_mp42.extxyz.gz'
_IN_GROUP = 350
_SIMILAR = 0.13
_WINDOW = (0.05, 0.20)  # eV/atom above diamond
_POOL = 80_000
_SEED = 1
_PAPER = {'I': 14, 'II': 14, 'III': 5}


@dataclass(frozen=True)
class _Pool:
    """Random crystals with what they resemble.

    :param reference_distance: Pearson distance to the nearest crystal of the database.
    :param replica_distance: to the nearest replica.
    """

    crystals: CrystalSet
    reference_distance: np.ndarray
    replica_distance: np.ndarray

    def groups(self) -> dict[str, np.ndarray]:
        """Return the rows of groups I, II and III, the first ones that qualify."""
        import numpy as np

        return {
            'I': np.flatnonzero(self.reference_distance < _SIMILAR)[:_IN_GROUP],
            'II': np.flatnonzero(self.replica_distance < _SIMILAR)[:_IN_GROUP],
            'III': np.arange(len(self.crystals))[:_IN_GROUP],
        }

    def shares(self) -> str:
        """Return how the accepted crystals divide, as the paper counts them."""
        first = self.reference_distance < _SIMILAR
        second = self.replica_distance < _SIMILAR
        accepted = max(int((first | second).sum()), 1)
        only = ((first & ~second).sum(), (second & ~first).sum(), (first & second).sum())
        parts = '/'.join(f'{100 * int(one) / accepted:.0f}' for one in only)
        return f'accepted by database only/replicas only/both {parts} % (paper 22/33/45)'


def _database() -> tuple[CrystalSet, str]:
    """Return the known silicon crystals: the Materials Project's if at hand, else prototypes."""
    from aiida_crystalgen.science.sources.files import read_files
    from aiida_crystalgen.science.sources.prototypes import prototypes

    if _DATABASE.exists():
        return read_files([_DATABASE], shortest_distance=0.5), 'Materials Project'
    return prototypes('Si', volume_per_atom=20.4, maximum_atoms=34), 'AFLOW prototypes'


def _settings() -> dict[str, Any]:
    """Return the numbers of the paper's protocol."""
    from aiida_crystalgen.workflows.protocol import protocol_inputs

    return {
        'search': protocol_inputs('search', 'lee-chang-2021'),
        'train': protocol_inputs('train/rdf_vae', 'lee-chang-2021'),
        'relax': protocol_inputs('relax', 'balanced', {'processes': 2}),
    }


def _pool(database: CrystalSet, settings: dict[str, Any]) -> tuple[_Pool, dict[str, Any]]:
    """Return random crystals with their distances, and the summary of the training."""
    from aiida_crystalgen.science.fingerprints.rdf import RdfSettings, radial_distribution
    from aiida_crystalgen.science.generators.interface import Request, load_generator
    from aiida_crystalgen.science.progress import silent
    from aiida_crystalgen.science.screening.similarity import nearest

    vae = load_generator('rdf_vae')
    checkpoint = vae.train(database, settings['train'], seed=_SEED, progress=silent)
    request = Request.parse(
        {
            'composition': 'Si',
            'formula_units': [8],
            'cell': 'conventional',
            'candidates': _POOL,
            'volume_per_atom': 184 / 8,
            'volume_tolerance': 0.1,
            'distances': {'Si-Si': 2.1},
            'attempts': settings['search']['attempts'],
        }
    )
    proposals = vae.propose(checkpoint, request, seed=_SEED, progress=silent)
    proposals = proposals.select(proposals['rejection'] == '')
    rdf = RdfSettings.parse(settings['search']['rdf'])
    _, distance = nearest(radial_distribution(proposals, rdf), radial_distribution(database, rdf))
    return _Pool(proposals, distance, proposals['replica_distance']), dict(checkpoint.summary)


def _relaxed(crystals: CrystalSet, settings: dict[str, Any]) -> CrystalSet:
    """Return the crystals after relaxation with cell."""
    from aiida_crystalgen.science.potentials.interface import load_potential
    from aiida_crystalgen.science.relaxation import RelaxSettings, relax

    numbers = {key: value for key, value in settings['relax'].items() if key != 'potential'}
    potential = load_potential(settings['relax']['potential'])
    return relax(crystals, potential, RelaxSettings.parse(numbers), progress=_print_progress)


def _print_progress(done: int, total: int, message: str = '') -> None:
    """Show how far the relaxations are."""
    end = '\n' if done == total else ''
    print(f'\r    relaxed {done} of {total} {message}', end=end, file=sys.stderr, flush=True)


def _diamond(database: CrystalSet, settings: dict[str, Any]) -> float:
    """Return the lowest energy of the database's small crystals, in eV/atom."""
    import numpy as np

    small = database.select(database.counts <= 8)
    return float(np.nanmin(_relaxed(small, settings)['energy']))


def _count_distinct(
    relaxed: CrystalSet, rows: np.ndarray, diamond: float, settings: dict[str, Any]
) -> int:
    """Return the number of distinct crystals of a group in the paper's energy window."""
    import numpy as np

    from aiida_crystalgen.science.screening.duplicates import DuplicateSettings, group_duplicates

    group = relaxed.select(rows)
    above = group['energy'] - diamond
    good = (above >= _WINDOW[0]) & (above <= _WINDOW[1]) & (group['rejection'] == '')
    inside = group.select(good & group['converged'])
    duplicates = DuplicateSettings.parse(settings['search']['duplicates'])
    return len(np.unique(group_duplicates(inside, duplicates)))


def _measure(context: Context) -> list[Measurement]:  # noqa: ARG001
    """Return the yield of groups I and II over that of group III."""
    import numpy as np

    settings = _settings()
    database, origin = _database()
    pool, summary = _pool(database, settings)
    groups = pool.groups()
    union = np.unique(np.concatenate(list(groups.values())))
    relaxed = _relaxed(pool.crystals.select(union), settings)
    diamond = _diamond(database, settings)
    found = {
        name: _count_distinct(relaxed, np.searchsorted(union, rows), diamond, settings)
        for name, rows in groups.items()
    }
    sizes = ', '.join(f'{name} {len(rows)}' for name, rows in groups.items())
    note = (
        f'{origin} database of {len(database)}; pool of {len(pool.crystals)} crystals; relaxed '
        f'{sizes}; {pool.shares()}; {_statistics(summary)}; two processes'
    )
    return [
        Measurement(
            ours=float(found[name]),
            peer=float(found['III']),
            ratio=found[name] / found['III'] if found['III'] else None,
            holds=found[name] >= 2 * found['III'],
            note=f'group {name} against III (paper {_PAPER[name]} against 5); {note}',
            goal='≥ 2',
        )
        for name in ('I', 'II')
    ]


def _statistics(summary: dict[str, Any]) -> str:
    """Return the replica statistics beside those of the paper."""
    numbers = summary['distances']
    database, replicas = numbers['database'], numbers['replicas']
    return (
        f'Pearson distance among the database {database["mean"]:.3f} ± {database["std"]:.3f} '
        f'(paper 0.344 ± 0.161), among replicas {replicas["mean"]:.3f} ± '
        f'{replicas["std"]:.3f} (paper 0.200 ± 0.152)'
    )


CLAIMS = (
    Claim(
        id='lee-chang-silicon',
        summary='distinct Si8 crystals at 0.05–0.20 eV/atom of groups I and II against III',
        goal='≥ 2',
        unit='crystals',
        measure=_measure,
    ),
)
