"""Radial distribution functions of 1000 crystals against pymatgen's neighbours and matminer."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from benchmarks.claims import Claim, Context, Measurement

if TYPE_CHECKING:
    from pymatgen.core import Structure

    from aiida_crystalgen.science.crystals import CrystalSet

__all__ = ('CLAIMS',)

_NUMBER = 1000
_CUTOFF, _POINTS, _WIDTH = 8.0, 200, 0.06
_SHARE = 10  # matminer takes its turn with every tenth crystal


def crystals_to_describe() -> CrystalSet:
    """Return as many cubic perovskites of different size as cells with 8 random silicon atoms."""
    import numpy as np

    from aiida_crystalgen.science.crystals import CrystalSet, concatenate

    half = _NUMBER // 2
    generator = np.random.default_rng(0)
    ideal = [[0.0, 0, 0], [0.5, 0.5, 0.5], [0.5, 0.5, 0], [0.5, 0, 0.5], [0, 0.5, 0.5]]
    perovskites = CrystalSet(
        lattices=generator.uniform(3.8, 4.2, (half, 1, 1)) * np.eye(3),
        fractional_coordinates=np.tile(ideal, (half, 1)),
        atomic_numbers=np.tile([38, 22, 8, 8, 8], half),
        counts=np.full(half, 5),
    )
    lattices = np.eye(3) + generator.uniform(-0.4, 0.4, (half, 3, 3))
    lattices *= np.cbrt(184 / np.abs(np.linalg.det(lattices)))[:, None, None]
    silicon = CrystalSet(
        lattices=lattices,
        fractional_coordinates=generator.random((8 * half, 3)),
        atomic_numbers=np.full(8 * half, 14),
        counts=np.full(half, 8),
    )
    return concatenate([perovskites, silicon])


def _measure(context: Context) -> list[Measurement]:
    """Return our rate beside those of pymatgen and matminer."""
    from aiida_crystalgen.science.fingerprints.rdf import RdfSettings, radial_distribution
    from aiida_crystalgen.science.structures import to_structures

    crystals = crystals_to_describe()
    structures = to_structures(crystals)
    settings = RdfSettings(cutoff=_CUTOFF, points=_POINTS, width=_WIDTH)

    def ours() -> None:
        radial_distribution(crystals, settings)

    return [
        _against_pymatgen(context, ours, structures),
        _against_matminer(context, ours, structures[::_SHARE]),
    ]


def _against_pymatgen(
    context: Context, ours: Callable[[], None], structures: list[Structure]
) -> Measurement:
    """Return our rate beside that of pymatgen's neighbour lists and numpy's histograms."""
    import numpy as np

    def histograms() -> None:
        for structure in structures:
            distances = structure.get_neighbor_list(_CUTOFF)[3]
            np.histogram(distances, _POINTS, (0, _CUTOFF))

    note = 'pymatgen: neighbour lists in C, histograms without smearing'
    return Measurement.of_rates(_NUMBER, *context.take_turns(ours, histograms), goal=4, note=note)


def _against_matminer(
    context: Context, ours: Callable[[], None], structures: list[Structure]
) -> Measurement:
    """Return our rate beside that of matminer for a share of the crystals."""
    matminer = context.peer('matminer.featurizers.structure.rdf')
    if matminer is None:
        (seconds,) = context.take_turns(ours)
        note = 'matminer is missing'
        return Measurement.of_rates(_NUMBER, seconds, None, goal=100, note=note)
    featurizer = matminer.RadialDistributionFunction(_CUTOFF, _CUTOFF / _POINTS)

    def features() -> None:
        for structure in structures:
            featurizer.featurize(structure)

    seconds, peer_seconds = context.take_turns(ours, features)
    note = f'matminer: RadialDistributionFunction of every {_SHARE}th crystal, without smearing'
    return Measurement.of_rates(_NUMBER, seconds, peer_seconds * _SHARE, goal=100, note=note)


CLAIMS = (
    Claim(
        id='rdf',
        summary='smeared radial distribution functions of 1000 crystals of 5 and 8 atoms',
        goal='≥ 4 pymatgen, ≥ 100 matminer',
        unit='crystals/s',
        measure=_measure,
    ),
)
