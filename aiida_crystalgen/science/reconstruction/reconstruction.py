"""Crystals from fingerprints, by gradients through any fingerprint that has them.

The method of Fung et al., Mach. Learn.: Sci. Technol. 3, 045018 (2022),
doi:10.1088/2632-2153/aca1f7, algorithm 1, from starts that are random crystals of all space groups.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import pi

import numpy as np
from ase.data import covalent_radii
from jaxtyping import Float, Int

from aiida_crystalgen.science.crystals import CrystalSet
from aiida_crystalgen.science.determinism import single_threaded
from aiida_crystalgen.science.progress import Progress, silent
from aiida_crystalgen.science.reconstruction.population import Population, Problem
from aiida_crystalgen.science.reconstruction.search import search
from aiida_crystalgen.science.reconstruction.settings import ReconstructionSettings
from aiida_crystalgen.science.reconstruction.sources import (
    FreeCells,
    GivenCell,
    Source,
    StartShares,
)
from aiida_crystalgen.science.reconstruction.targets import DifferentiableFingerprint, Targets
from aiida_crystalgen.science.reconstruction.variables import CellFreedom, CrystalBatch
from aiida_crystalgen.science.symmetry.random_numbers import fold, root_key
from aiida_crystalgen.science.symmetry.wyckoff import GROUPS

__all__ = ('reconstruct',)

_VALID, _INVALID = 'valid', 'invalid representation'

_ATOMS = 2**14  # of all trials worked on side by side, so that memory is bounded
_PURPOSE = 7  # tells these random numbers from others of the same seed


def reconstruct(
    targets: Targets,
    fingerprint: DifferentiableFingerprint,
    settings: ReconstructionSettings,
    *,
    scale: Float[np.ndarray, ' features'] | None = None,
    seed: int,
    progress: Progress = silent,
) -> CrystalSet:
    """Return the best crystal found for each target, whether or not it comes near.

    A crystal depends on its target, the number of the target and the seed alone. Columns: ``loss``
    in standardised units; ``trials``, number of random crystals drawn; ``steps``, number of times
    that gradients of all its trials were taken; ``requested_space_group``, in which the best was
    found; ``verdict``, 'valid' or 'invalid representation'; and ``rejection``, a sentence for the
    latter.

    :param scale: what the differences of each feature are divided by; deviations of random crystals
        from the target if None.
    :raises ValueError: if the fingerprint does not know an element or has another number of
        features, a scale is not positive, or no space group allowed fits composition and cell.
    """
    found: list[Population] = []
    with single_threaded():
        for rows in _blocks(targets, settings):
            problems = [_problem(targets, row, settings, scale, seed) for row in rows]
            populations = [Population(one, fingerprint, settings) for one in problems]
            search(populations, settings)
            found += populations
            progress(len(found), len(targets), 'targets')
    return _crystals(targets, found, settings)


def _blocks(targets: Targets, settings: ReconstructionSettings) -> Iterator[list[int]]:
    """Yield the targets in parts whose trials fit into memory."""
    atoms = targets.counts * settings.trials
    parts = (np.cumsum(atoms) - 1) // _ATOMS
    for part in np.unique(parts):
        yield np.flatnonzero(parts == part).tolist()


def _problem(
    targets: Targets,
    row: int,
    settings: ReconstructionSettings,
    scale: Float[np.ndarray, ' features'] | None,
    seed: int,
) -> Problem:
    """Return one target with all that its search depends on.

    :raises ValueError: if a scale is not positive, or no space group fits.
    """
    wanted = targets.fingerprints[row]
    if scale is not None and (scale.shape != wanted.shape or not (scale > 0).all()):
        raise ValueError(
            f'the scale has shape {scale.shape} and its smallest value is {scale.min(initial=1)}; '
            f'it needs {len(wanted)} positive numbers'
        )
    numbers = targets.atoms(row)
    source, freedom = _source(targets, row, settings)
    number = row if targets.rows is None else int(targets.rows[row])
    return Problem(wanted, scale, numbers, source, freedom, fold(root_key(seed, _PURPOSE), number))


def _source(
    targets: Targets, row: int, settings: ReconstructionSettings
) -> tuple[Source, CellFreedom]:
    """Return where the starts of a target come from, and what of its cell may change.

    :raises ValueError: if no space group fits.
    """
    numbers = targets.atoms(row)
    species = np.unique(numbers, return_inverse=True)[1]
    group = 0 if targets.space_groups is None else int(targets.space_groups[row])
    groups = (group,) if group else tuple(GROUPS)
    shares = StartShares(settings.unsymmetric, settings.most_copies, settings.lattice_tolerance)
    if targets.lattices is not None:
        return GivenCell(species, targets.lattices[row], groups, shares), 'fixed'
    if targets.volumes is not None:
        volume = float(targets.volumes[row])
        return FreeCells(species, (volume, volume), groups, shares), 'isochoric'
    return FreeCells(species, _likely_volumes(numbers, settings), groups, shares), 'free'


def _likely_volumes(
    numbers: Int[np.ndarray, ' atoms'], settings: ReconstructionSettings
) -> tuple[float, float]:
    """Return the smallest and largest volume of a cell of these atoms, in Å³."""
    spheres = float((4 / 3 * pi * covalent_radii[numbers] ** 3).sum())
    low, high = settings.packing
    return spheres / high, spheres / low


def _crystals(
    targets: Targets, populations: list[Population], settings: ReconstructionSettings
) -> CrystalSet:
    """Return the best crystals with their columns."""
    bests = [one.best for one in populations]
    lattices, coordinates = [np.zeros((0, 3, 3))], [np.zeros((0, 3))]
    for population, best in zip(populations, bests, strict=True):
        problem = population.problem
        batch = CrystalBatch.of([best.start], [problem.numbers], [problem.freedom])
        lattice, fractional = batch.crystals(best.variables)
        lattices.append(lattice.numpy())
        coordinates.append(fractional.numpy())
    unwrapped = np.concatenate(coordinates)
    wrapped = unwrapped - np.floor(unwrapped)
    losses = np.array([one.loss for one in bests])
    is_valid = losses < settings.valid_below
    reasons = [f'{_INVALID}: no crystal comes nearer than a loss of {one:.3g}' for one in losses]
    return CrystalSet(
        lattices=np.concatenate(lattices),
        fractional_coordinates=np.where(wrapped < 1, wrapped, 0.0),
        atomic_numbers=targets.numbers,
        counts=targets.counts,
    ).with_columns(
        loss=losses,
        trials=np.array([one.drawn for one in populations], dtype=np.int64),
        steps=np.array([one.steps for one in populations], dtype=np.int64),
        requested_space_group=np.array([int(one.start.groups[0]) for one in bests], dtype=np.int64),
        verdict=np.where(is_valid, _VALID, _INVALID),
        rejection=np.where(is_valid, '', np.array(reasons, dtype=np.str_)),
    )
