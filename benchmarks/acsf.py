"""Symmetry functions of 1000 clusters and crystals against StructRepGen and dscribe.

StructRepGen (https://github.com/Fung-Lab/StructRepGen, commit c000acd) is no package: the peer path
is a folder that holds its folder ``structrepgen``.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from benchmarks.claims import Claim, Context, Measurement

if TYPE_CHECKING:
    import numpy as np

    from aiida_crystalgen.science.crystals import CrystalSet
    from aiida_crystalgen.science.fingerprints.acsf import AcsfSettings

__all__ = ('CLAIMS',)

_NUMBER = 1000
_SHARE = 20  # peers take their turn with every twentieth crystal
_GOAL = 20
_NEAR_LINEAR = 1.2
_SIZES = (8, 16, 32, 64, 128, 200)
_PEER_SIZES = (8, 16, 32, 64)
_ATOMS = 1600  # of all crystals of one size together
_PUBLISHED: dict[str, Any] = {
    'cutoff': 20.0,
    'radial_eta': (0.01, 0.06, 0.1, 0.2, 0.4, 0.7, 1.0, 2.0, 3.5, 5.0),
    'radial_shift': (0.0, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0),
    'angular_cutoff': 20.0,
    'angular_lambda': (-1.0, 1.0),
    'angular_zeta': (1, 2, 4, 16, 64),
    'angular_eta': (0.06, 0.1, 0.2, 0.4, 1.0),
    'angular_shift': (0.0,),
    'per_species': False,
    'pooling': ('maximum', 'minimum'),
    'quantiles': 0,
}
# The published functions again, but within distances that make sense in a crystal.
_PUBLISHED_NEAR = {**_PUBLISHED, 'cutoff': 6.0, 'angular_cutoff': 4.0}
_OURS: dict[str, Any] = {
    'cutoff': 6.0,
    'radial_eta': (4.0,),
    'radial_shift': (1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0, 4.5, 5.0, 5.5),
    'angular_cutoff': 4.0,
    'angular_lambda': (-1.0, 1.0),
    'angular_zeta': (1, 4, 16),
    'angular_eta': (0.05, 0.4),
    'angular_shift': (0.0,),
    'per_species': True,
    'pooling': (),
    'quantiles': 8,
}


def clusters_to_describe() -> CrystalSet:
    """Return clusters of ten platinum atoms in boxes of 20 Å."""
    import numpy as np

    from aiida_crystalgen.science.crystals import CrystalSet

    generator = np.random.default_rng(0)
    return CrystalSet(
        lattices=np.tile(20 * np.eye(3), (_NUMBER, 1, 1)),
        fractional_coordinates=generator.uniform(0.35, 0.65, (10 * _NUMBER, 3)),
        atomic_numbers=np.full(10 * _NUMBER, 78),
        counts=np.full(_NUMBER, 10),
        periodic=False,
    )


def crystals_to_describe(number: int, atoms: int) -> CrystalSet:
    """Return crystals of silicon with random cells and positions, 20 Å³ per atom."""
    import numpy as np

    from aiida_crystalgen.science.crystals import CrystalSet

    generator = np.random.default_rng(atoms)
    lattices = np.eye(3) + generator.uniform(-0.4, 0.4, (number, 3, 3))
    lattices *= np.cbrt(20 * atoms / np.abs(np.linalg.det(lattices)))[:, None, None]
    return CrystalSet(
        lattices=lattices,
        fractional_coordinates=generator.random((number * atoms, 3)),
        atomic_numbers=np.full(number * atoms, 14),
        counts=np.full(number, atoms),
    )


def _ours(
    crystals: CrystalSet, settings: AcsfSettings, *, gradient: bool
) -> Callable[[], np.ndarray]:
    """Return a function that describes all crystals as one batch, with the gradient if asked."""
    import torch

    from aiida_crystalgen.science.fingerprints.acsf import SymmetryFunctions

    elements = tuple(sorted({int(one) for one in crystals.atomic_numbers}))
    functions = SymmetryFunctions(settings, elements, periodic=crystals.periodic)
    lattices = torch.tensor(crystals.lattices, requires_grad=gradient and crystals.periodic)
    fractional = torch.tensor(crystals.fractional_coordinates, requires_grad=gradient)
    numbers, counts = torch.tensor(crystals.atomic_numbers), torch.tensor(crystals.counts)

    def describe() -> np.ndarray:
        values = functions(lattices, fractional, numbers, counts)
        if gradient:
            free = [one for one in (lattices, fractional) if one.requires_grad]
            torch.autograd.grad(values.sum(), free)
        return values.detach().numpy()

    return describe


def _structrepgen(
    context: Context, crystals: CrystalSet, *, gradient: bool
) -> Callable[[], np.ndarray] | None:
    """Return a function that describes the crystals one by one; None if the peer is missing."""
    import numpy as np
    import torch

    geometry = context.peer('structrepgen.descriptors.generic')
    module = context.peer('structrepgen.descriptors.behler')
    if geometry is None or module is None:
        return None
    radial = SimpleNamespace(eta=_PUBLISHED['radial_eta'], Rs=_PUBLISHED['radial_shift'])
    angular = SimpleNamespace(
        eta=_PUBLISHED['angular_eta'],
        Rs=_PUBLISHED['angular_shift'],
        lambdas=_PUBLISHED['angular_lambda'],
        zeta=_PUBLISHED['angular_zeta'],
    )
    options = SimpleNamespace(
        gpu=False, cutoff=20.0, g5=True, average=True, g2_params=radial, g5_params=angular
    )
    descriptor = module.Behler(options)
    positions = torch.tensor(crystals.cartesian_coordinates, dtype=torch.float)
    cells = torch.tensor(crystals.lattices, dtype=torch.float)
    atoms = [crystals.atoms(row) for row in range(len(crystals))]

    def describe() -> np.ndarray:
        rows = []
        for cell, part in zip(cells, atoms, strict=True):
            places = positions[part].clone().requires_grad_(gradient)
            offsets = geometry.get_pbc_offsets(cell, 0, 'cpu')  # as in its own scripts
            distances, vectors = geometry.get_distances(places, offsets, 'cpu')
            values = descriptor.get_features(distances, vectors, crystals.atomic_numbers[part])
            if gradient:
                values.sum().backward()
            rows.append(values.detach().numpy())
        return np.array(rows)

    return describe


def _measure(context: Context) -> list[Measurement]:
    """Return our rates beside those of StructRepGen and dscribe."""
    clusters, crystals = clusters_to_describe(), crystals_to_describe(_NUMBER, 8)
    cases = (
        ('Pt10 clusters, the 380 published features of both', clusters, _PUBLISHED),
        (
            'Si8 crystals, the 380 published functions of both; ours have all neighbours within 6 '
            'and 4 Å, the peer has the 7 atoms of its cell',
            crystals,
            _PUBLISHED_NEAR,
        ),
        ('Si8 crystals, 176 features for crystals against the 380 published', crystals, _OURS),
    )
    found = [
        _against_structrepgen(context, *case, gradient=gradient)
        for case in cases
        for gradient in (False, True)
    ]
    return [*found, _against_dscribe(context, crystals)]


def _against_structrepgen(
    context: Context, what: str, crystals: CrystalSet, values: dict[str, Any], *, gradient: bool
) -> Measurement:
    """Return our rate beside that of StructRepGen for a share of the crystals."""
    import numpy as np

    from aiida_crystalgen.science.fingerprints.acsf import AcsfSettings

    ours = _ours(crystals, AcsfSettings.parse(values), gradient=gradient)
    some = crystals.select(np.arange(0, _NUMBER, _SHARE))
    theirs = _structrepgen(context, some, gradient=gradient)
    seconds, peer_seconds = context.alternate(ours, theirs, repeats=3)
    note = f'{what}; {"values and gradient" if gradient else "values"}'
    if theirs is None:
        note += '; StructRepGen is missing from the peer path'
    elif values is _PUBLISHED:  # it lists ζ before λ
        deviation = np.abs(np.sort(ours()[::_SHARE]) - np.sort(theirs())).max()
        note += f'; largest difference {deviation:.1e} (the peer is in single precision)'
    return _compared(seconds, peer_seconds, _GOAL, note)


def _compared(
    seconds: float | None, peer_seconds: float | None, goal: float, note: str
) -> Measurement:
    """Return the rates of describing all crystals, and by the peer a share of them."""
    scaled = None if peer_seconds is None else peer_seconds * _SHARE
    return Measurement.of_rates(_NUMBER, seconds or float('nan'), scaled, goal=goal, note=note)


def _against_dscribe(context: Context, crystals: CrystalSet) -> Measurement:
    """Return our rate beside that of dscribe for the same functions of a share of the crystals."""
    import numpy as np

    from aiida_crystalgen.science.fingerprints.acsf import AcsfSettings
    from aiida_crystalgen.science.structures import to_structures

    settings = AcsfSettings.parse({**_OURS, 'cutoff': 5.0, 'angular_cutoff': 5.0, 'quantiles': 1})
    ours = _ours(crystals, settings, gradient=False)
    note = 'Si8 crystals, the same 22 functions within 5 Å, mean over atoms; values'
    module = context.peer('dscribe.descriptors')
    if module is None:
        (seconds,) = context.take_turns(ours, repeats=3)
        return _compared(seconds, None, 1, f'{note}; dscribe is missing')
    angular = (settings.angular_eta, settings.angular_zeta, settings.angular_lambda)
    descriptor = module.ACSF(
        r_cut=settings.cutoff,
        g2_params=list(itertools.product(settings.radial_eta, settings.radial_shift)),
        g5_params=list(itertools.product(*angular)),
        species=['Si'],
        periodic=True,
    )
    atoms = [
        one.to_ase_atoms() for one in to_structures(crystals.select(range(0, _NUMBER, _SHARE)))
    ]

    def theirs() -> np.ndarray:
        return np.array([descriptor.create(one).mean(axis=0)[1:] for one in atoms])

    seconds, peer_seconds = context.take_turns(ours, theirs, repeats=3)
    deviation = np.abs(np.sort(ours()[::_SHARE]) - np.sort(theirs())).max()
    return _compared(
        seconds, peer_seconds, 1, f'{note}; dscribe: largest difference {deviation:.1e}'
    )


def _measure_scaling(context: Context) -> list[Measurement]:
    """Return how the time of values and gradient of a crystal grows with its atoms."""
    from aiida_crystalgen.science.fingerprints.acsf import AcsfSettings

    settings = AcsfSettings.parse(_OURS)
    batches = [crystals_to_describe(_ATOMS // size, size) for size in _SIZES]
    ours = [_ours(batch, settings, gradient=True) for batch in batches]
    seconds = context.take_turns(*ours, repeats=3)
    each = [one / len(batch) for one, batch in zip(seconds, batches, strict=True)]
    exponent = _exponent(_SIZES, each)
    theirs = [
        _structrepgen(context, crystals_to_describe(1, size), gradient=True) for size in _PEER_SIZES
    ]
    present = [one for one in theirs if one is not None]
    peer_times = context.take_turns(*present, repeats=3)
    peer = _exponent(_PEER_SIZES, peer_times) if present else None
    milliseconds = ', '.join(f'{1e3 * one:.2g}' for one in each)
    note = f'{milliseconds} ms a crystal of {", ".join(map(str, _SIZES))} atoms'
    if present:
        shown = ', '.join(f'{1e3 * one:.2g}' for one in peer_times)
        note += f'; StructRepGen {shown} ms of {", ".join(map(str, _PEER_SIZES))} atoms'
    ratio = None if peer is None else peer / exponent
    return [Measurement(exponent, peer, ratio, exponent <= _NEAR_LINEAR, note)]


def _exponent(sizes: Sequence[int], seconds: Sequence[float]) -> float:
    """Return the power of the number of atoms that the time grows with."""
    import numpy as np

    return float(np.polyfit(np.log(sizes), np.log(seconds), 1)[0])


CLAIMS = (
    Claim(
        id='acsf',
        summary='symmetry functions and gradients of 1000 clusters and crystals in one batch',
        goal='≥ 20 StructRepGen, ≥ 1 dscribe',
        unit='crystals/s',
        measure=_measure,
    ),
    Claim(
        id='acsf-scaling',
        summary='growth of the time of values and gradient with atoms, 8 to 200, fixed density',
        goal=f'≤ {_NEAR_LINEAR}',
        unit='power of the number of atoms',
        measure=_measure_scaling,
    ),
)
