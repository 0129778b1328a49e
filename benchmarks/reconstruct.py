"""Crystals from their symmetry functions: how many are found again, and how fast.

A crystal counts as found if pymatgen's StructureMatcher, without scaling, takes it for the one
whose fingerprint was given. StructRepGen (https://github.com/Fung-Lab/StructRepGen, commit c000acd)
is no package: the peer path is a folder that holds its folder ``structrepgen``. The random crystals
are those of ``../shared/data``, where it is present.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import cos, radians, sin, sqrt
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import TYPE_CHECKING, Any

from benchmarks.claims import Claim, Context, Measurement

if TYPE_CHECKING:
    from pymatgen.core import Structure

__all__ = ('CLAIMS',)

_TABLE = Path(__file__).parents[2] / 'shared' / 'data' / 'mp_le20.parquet'
_RANDOM = 100
_SAMPLE = 1  # seed of the choice of random crystals, not that of the sample used for tuning
_SEED = 0
_SHARES = {'named': 0.95, 'random': 0.8, 'cell': 0.6}
_TIME_GOAL = 20
_PEER_ON = ('NaCl', 'SrTiO3')
_PEER_ATOMS = 8  # in a cell: the peer's time grows with the third power
_TRIALS, _HOPS = 10, 5  # of the peer

_PUBLISHED: dict[str, Any] = {
    'g2_params': SimpleNamespace(
        eta=[0.01, 0.06, 0.1, 0.2, 0.4, 0.7, 1.0, 2.0, 3.5, 5.0],
        Rs=[0, 1, 1.5, 2, 2.5, 3, 3.5, 4, 5, 6, 7, 8, 9, 10],
    ),
    'g5_params': SimpleNamespace(
        lambdas=[-1, 1], zeta=[1, 2, 4, 16, 64], eta=[0.06, 0.1, 0.2, 0.4, 1.0], Rs=[0]
    ),
}
_FUNCTIONS: dict[str, Any] = {
    'cutoff': 6.0,
    'radial_eta': (0.5, 4.0),
    'radial_shift': (1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0, 4.5, 5.0, 5.5),
    'angular_cutoff': 3.5,
    'angular_lambda': (),
    'angular_zeta': (),
    'angular_eta': (),
    'angular_shift': (),
    'per_species': True,
    'pooling': (),
    'quantiles': 16,
}
_SETTINGS: dict[str, Any] = {
    'trials': 60,
    'draws': 15,
    'unsymmetric': 0.1,
    'most_copies': 4,
    'lattice_tolerance': 0.003,
    'packing': (0.3, 1.0),
    'hops': 12,
    'steps': 80,
    'race_steps': 25,
    'race_survivors': 10,
    'learning_rate': 0.1,
    'final_rate': 0.1,
    'hop': 0.3,
    'swaps': 0.5,
    'temperature': 0.0,
    'restarts': 0.6,
    'loss': 'absolute',
    'scale_floor': 0.5,
    'overlap': 0.6,
    'overlap_weight': 1.0,
    'polish_below': 0.01,
    'stop_below': 0.0005,
    'valid_below': 0.05,
    'polish': 60,
}

# Space group, edges a and c in Å, and coordinates of one atom of each orbit.
_NAMED: dict[str, tuple[str, float, float, list[tuple[str, list[float]]]]] = {
    'Si8': ('Fd-3m', 5.431, 5.431, [('Si', [0, 0, 0])]),
    'NaCl': ('Fm-3m', 5.640, 5.640, [('Na', [0, 0, 0]), ('Cl', [0.5, 0.5, 0.5])]),
    'TiO2': ('P4_2/mnm', 4.594, 2.959, [('Ti', [0, 0, 0]), ('O', [0.3053, 0.3053, 0])]),
    'SrTiO3': (
        'Pm-3m',
        3.905,
        3.905,
        [('Sr', [0, 0, 0]), ('Ti', [0.5, 0.5, 0.5]), ('O', [0.5, 0.5, 0])],
    ),
    'ZnS': ('P6_3mc', 3.811, 6.234, [('Zn', [1 / 3, 2 / 3, 0]), ('S', [1 / 3, 2 / 3, 0.375])]),
    'MoS2': (
        'P6_3/mmc',
        3.160,
        12.294,
        [('Mo', [1 / 3, 2 / 3, 0.25]), ('S', [1 / 3, 2 / 3, 0.621])],
    ),
    'CO2': ('Pa-3', 5.624, 5.624, [('C', [0, 0, 0]), ('O', [0.1185, 0.1185, 0.1185])]),
    'urea': (
        'P-42_1m',
        5.565,
        4.684,
        [
            ('C', [0, 0.5, 0.3260]),
            ('O', [0, 0.5, 0.5953]),
            ('N', [0.1459, 0.6459, 0.1766]),
            ('H', [0.2575, 0.7575, 0.2827]),
            ('H', [0.1441, 0.6441, 0.9620]),
        ],
    ),
}


@dataclass(frozen=True)
class _Outcome:
    """What became of one crystal.

    :param found: whether the matcher recognises it.
    :param seconds: that it took.
    """

    found: bool
    seconds: float


def _named() -> dict[str, Structure]:
    """Return the named crystals in their conventional cells."""
    from pymatgen.core import Lattice, Structure

    result = {}
    for name, (group, a, c, atoms) in _NAMED.items():
        gamma = 120 if group.startswith('P6') else 90
        lattice = Lattice.from_parameters(a, a, c, 90, 90, gamma)
        symbols, places = zip(*atoms, strict=True)
        result[name] = Structure.from_spacegroup(group, lattice, symbols, places)
    return result


def _random() -> dict[str, Structure]:
    """Return random crystals of the Materials Project; none where they are not present."""
    if not _TABLE.exists():
        return {}
    import pandas as pd
    from pymatgen.core import Lattice, Structure

    rows = pd.read_parquet(_TABLE).sample(_RANDOM, random_state=_SAMPLE)
    result = {}
    for _, row in rows.iterrows():
        lattice = Lattice(_vectors(row.to_dict()))
        places = row['frac'].reshape(-1, 3)
        result[row['id']] = Structure(lattice, row['numbers'], places)
    return result


def _vectors(row: Mapping[Any, Any]) -> list[list[float]]:
    """Return the lattice vectors of a row of the table."""
    alpha, beta, gamma = (radians(row[name]) for name in ('alpha', 'beta', 'gamma'))
    x, y = cos(beta), (cos(alpha) - cos(beta) * cos(gamma)) / sin(gamma)
    a, b, c = (row[name] for name in 'abc')
    return [
        [a, 0, 0],
        [b * cos(gamma), b * sin(gamma), 0],
        [c * x, c * y, c * sqrt(1 - x * x - y * y)],
    ]


def _are_same(one: Structure, other: Structure) -> bool:
    """Return whether the matcher takes two crystals for one."""
    from pymatgen.analysis.structure_matcher import StructureMatcher

    return bool(StructureMatcher(scale=False).fit(one, other))


def _reconstruct(structure: Structure, *, known: str) -> _Outcome:
    """Return whether we find a crystal, and how long it takes.

    :param known: 'lattices' or 'volumes'.
    """
    from aiida_crystalgen.science.fingerprints.acsf import (
        AcsfSettings,
        SymmetryFunctions,
        symmetry_functions,
    )
    from aiida_crystalgen.science.reconstruction import (
        ReconstructionSettings,
        Targets,
        reconstruct,
    )
    from aiida_crystalgen.science.structures import from_structures, to_structures

    crystals = from_structures([structure])
    elements = tuple(sorted({int(one) for one in crystals.atomic_numbers}))
    functions = AcsfSettings(**_FUNCTIONS)
    fingerprints = symmetry_functions(crystals, functions, elements)
    given = {known: getattr(crystals, known)}
    targets = Targets(fingerprints, crystals.atomic_numbers, crystals.counts, **given)
    settings = ReconstructionSettings(**_SETTINGS)
    start = time.perf_counter()
    found = reconstruct(targets, SymmetryFunctions(functions, elements), settings, seed=_SEED)
    seconds = time.perf_counter() - start
    return _Outcome(_are_same(structure, to_structures(found)[0]), seconds)


def _share(
    name: str, outcomes: Mapping[str, _Outcome], peer: Mapping[str, _Outcome] | None = None
) -> Measurement:
    """Return the share of crystals that were found as a measurement.

    :param name: of the kind of crystals, which has a goal.
    :param peer: what became of the same crystals with the peer.
    """
    share = _found(outcomes)
    note = f'{name}: {_account(outcomes)}'
    theirs = None
    if peer is not None:
        theirs = _found(peer)
        note += f'; StructRepGen, {_TRIALS} trials of {_HOPS} hops: {_account(peer)}'
    return Measurement(share, theirs, None, share >= _SHARES[name], note, f'≥ {_SHARES[name]:g}')


def _found(outcomes: Mapping[str, _Outcome]) -> float:
    """Return the share of crystals that were found."""
    return sum(one.found for one in outcomes.values()) / len(outcomes)


def _account(outcomes: Mapping[str, _Outcome]) -> str:
    """Return how long crystals took and which were not found."""
    from statistics import median

    missed = [label for label, one in outcomes.items() if not one.found]
    seconds = [one.seconds for one in outcomes.values()]
    return (
        f'{len(outcomes)} crystals, median {median(seconds):.1f} s, all {sum(seconds):.0f} s; '
        f'not found: {", ".join(missed[:10]) or "none"}{" …" if len(missed) > 10 else ""}'
    )


def _all(structures: Mapping[str, Structure], *, known: str) -> dict[str, _Outcome]:
    """Return the outcomes of all crystals."""
    return {name: _reconstruct(one, known=known) for name, one in structures.items()}


def _measure_shares(context: Context) -> list[Measurement]:
    """Return which shares of named and random crystals are found in their cells.

    The peer is asked for small named ones alone: it takes minutes for each, and hours for urea.
    """
    named, peer = _named(), _peer(context)
    theirs = peer and {
        name: _peer_outcome(peer, one) for name, one in named.items() if len(one) <= _PEER_ATOMS
    }
    result = [_share('named', _all(named, known='lattices'), theirs)]
    random = _random()
    if not random:
        missing = Measurement(None, None, None, None, f'random: {_TABLE.name} is missing', '≥ 0.8')
        return [*result, missing]
    return [*result, _share('random', _all(random, known='lattices'))]


def _measure_cells(context: Context) -> list[Measurement]:  # noqa: ARG001
    """Return which share of the named crystals is found at their volume, cells unknown."""
    return [_share('cell', _all(_named(), known='volumes'))]


def _measure_time(context: Context) -> list[Measurement]:
    """Return seconds for each crystal that is found, ours and the peer's on the same crystals."""
    structures = {name: one for name, one in _named().items() if name in _PEER_ON}
    ours = _per_success(_reconstruct(one, known='lattices') for one in structures.values())
    peer = _peer(context)
    if peer is None:
        return [Measurement(ours, None, None, None, 'StructRepGen is missing', f'≥ {_TIME_GOAL}')]
    theirs = _per_success(_peer_outcome(peer, one) for one in structures.values())
    note = (
        f'StructRepGen c000acd, {_TRIALS} trials of {_HOPS} hops, its own symmetry functions and '
        f'one shell of images; {", ".join(structures)}'
    )
    ratio = theirs / ours
    return [Measurement(ours, theirs, ratio, ratio >= _TIME_GOAL, note, f'≥ {_TIME_GOAL}')]


def _per_success(outcomes: Iterable[_Outcome]) -> float:
    """Return the seconds that were spent for each crystal that was found."""
    listed = list(outcomes)
    found = sum(one.found for one in listed)
    return sum(one.seconds for one in listed) / found if found else float('inf')


def _peer(context: Context) -> ModuleType | None:
    """Return the peer's module of reconstruction; None if it is missing.

    It imports scikit-optimize for uniform random numbers alone, in whose place numpy stands.
    """
    if context.peer('structrepgen') is None:
        return None
    if context.peer('skopt') is None:
        space = SimpleNamespace(Space=_UniformSpace)
        sampler = SimpleNamespace(Lhs=None, Halton=None, Grid=None)
        modules = {'skopt': SimpleNamespace(), 'skopt.space': space, 'skopt.sampler': sampler}
        sys.modules.update(modules)  # type: ignore[arg-type]
    return context.peer('structrepgen.reconstruction.reconstruction')


class _UniformSpace:
    """A box of numbers, as far as the peer uses it.

    :param bounds: of each number.
    """

    def __init__(self, bounds: list[tuple[float, float]]) -> None:
        self._bounds = bounds

    def rvs(self, number: int) -> list[list[float]]:
        """Return so many random points."""
        import numpy as np

        return [[float(np.random.uniform(*pair)) for pair in self._bounds] for _ in range(number)]  # noqa: NPY002


def _peer_outcome(peer: Any, structure: Structure) -> _Outcome:
    """Return whether the peer finds a crystal, and how long all its trials take."""
    import numpy as np
    import torch
    from pymatgen.core import Structure

    np.random.seed(_SEED)  # noqa: NPY002  it draws from numpy's global stream
    torch.manual_seed(_SEED)
    solver = peer.Reconstruction.__new__(peer.Reconstruction)
    solver.device = 'cpu'
    solver.descriptor = peer.Behler(
        SimpleNamespace(gpu=False, cutoff=20.0, g5=True, average=True, **_PUBLISHED)
    )
    geometry = sys.modules['structrepgen.descriptors.generic']
    cell = torch.tensor(structure.lattice.matrix, dtype=torch.float)
    images = geometry.get_pbc_offsets(cell, 1, 'cpu')
    # Its own call asks for no images at all.
    peer.PBC_offsets = lambda *_, **__: SimpleNamespace(get_offset=lambda _: images)
    numbers: list[Any] = list(structure.atomic_numbers)
    places = torch.tensor(structure.cart_coords, dtype=torch.float)
    distances, vectors = geometry.get_distances(places, images, 'cpu')
    wanted = solver.descriptor.get_features(distances, vectors, numbers)[None]
    data = {'atomic_numbers': numbers, 'cell': cell, 'representation': wanted}
    start = time.perf_counter()
    best, _ = solver.basin_hopping(
        data, total_trials=_TRIALS, max_hops=_HOPS, lr=0.2, max_loss=0.0001
    )
    seconds = time.perf_counter() - start
    found = Structure(structure.lattice, numbers, best.detach().numpy(), coords_are_cartesian=True)
    return _Outcome(_are_same(structure, found), seconds)


CLAIMS = (
    Claim(
        'reconstruct',
        'crystals found again from their symmetry functions, cell and composition known',
        '≥ 0.95 of the named, ≥ 0.8 of 100 random ones',
        'share',
        _measure_shares,
    ),
    Claim(
        'reconstruct-time',
        'time for each crystal found, against StructRepGen',
        f'≥ {_TIME_GOAL}',
        's',
        _measure_time,
    ),
    Claim(
        'reconstruct-cell',
        'named crystals found again from their symmetry functions and volume, cell unknown',
        '≥ 0.6',
        'share',
        _measure_cells,
    ),
)
