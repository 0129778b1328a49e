"""Random clusters: atoms spread in a ball, pushed apart where they are too close."""

from __future__ import annotations

import numpy as np
from ase.data import atomic_numbers
from jaxtyping import Bool, Float, Int, Int64, UInt64

from aiida_crystalgen.science.clusters import in_boxes
from aiida_crystalgen.science.crystals import CrystalSet, concatenate
from aiida_crystalgen.science.generators.interface import Request
from aiida_crystalgen.science.progress import Progress, silent
from aiida_crystalgen.science.symmetry.random_crystals import CellContents
from aiida_crystalgen.science.symmetry.random_numbers import fold, uniform

__all__ = ('random_clusters',)

_BLOCK = 1 << 17  # pairs of atoms that are looked at once
_PUSHES = 200  # after which a cluster in which atoms are still too close is drawn anew
_FURTHER = 1.05  # than the shortest distances, so that pushes come to an end soon


def random_clusters(
    request: Request,
    units: Int[np.ndarray, ' clusters'],
    seeds: Int64[np.ndarray, ' clusters'],
    *,
    progress: Progress = silent,
) -> CrystalSet:
    """Return one cluster for each number of formula units and seed, failed ones included.

    A cluster depends on the request, its formula units and its seed alone. The centres of its atoms
    are evenly spread in a ball, whose volume is uniform within the tolerance of the request, and
    then pushed apart until no two are closer than they may be. A cluster is drawn anew where that
    does not end, or where a part is so far away that another atom would fit in between: at more
    than twice the shortest distance. Columns are ``attempts``, ``seed``, ``requested_space_group``
    (0, as clusters have none), and ``rejection``, empty unless all attempts failed, the last of
    which is returned then.
    """
    sets, order, done = [], [], 0
    for number in np.unique(units):
        rows = np.flatnonzero(units == number)
        contents = _contents(request, int(number))
        size = max(1, _BLOCK // sum(contents.amounts.values()) ** 2)
        for start in range(0, len(rows), size):
            block = rows[start : start + size]
            sets.append(_draw(contents, seeds[block]))
            order.append(block)
            done += len(block)
            progress(done, len(units), 'random clusters')
    return concatenate(sets).select(np.argsort(np.concatenate(order)))


def _contents(request: Request, units: int) -> CellContents:
    """Return what a cluster of so many formula units holds."""
    return CellContents(
        amounts={element: units * amount for element, amount in request.amounts.items()},
        cell=request.cell,
        volume_per_atom=request.volume,
        volume_tolerance=request.volume_tolerance,
        distances=request.distances,
        attempts=request.attempts,
    )


def _draw(contents: CellContents, seeds: Int64[np.ndarray, ' clusters']) -> CrystalSet:
    """Return one cluster for each seed."""
    amounts = np.array(list(contents.amounts.values()))
    species = np.repeat(np.arange(len(amounts)), amounts)
    positions = np.zeros((len(seeds), len(species), 3))
    attempts = np.zeros(len(seeds), dtype=np.int64)
    left = np.arange(len(seeds))
    keys = seeds.view(np.uint64)
    for attempt in range(contents.attempts):
        positions[left], complete = _place(contents, species, fold(keys[left], attempt))
        attempts[left] = attempt + 1
        left = left[~complete]
        if not len(left):
            break
    failed = np.isin(np.arange(len(seeds)), left)
    numbers = np.array([atomic_numbers[symbol] for symbol in contents.amounts], dtype=np.int64)
    formula = ''.join(f'{symbol}{amount}' for symbol, amount in contents.amounts.items())
    clusters = CrystalSet(
        lattices=np.tile(np.eye(3), (len(seeds), 1, 1)),
        fractional_coordinates=positions.reshape(-1, 3),
        atomic_numbers=np.tile(numbers[species], len(seeds)),
        counts=np.full(len(seeds), len(species)),
        periodic=False,
    )
    return in_boxes(clusters, anew=True).with_columns(
        requested_space_group=np.zeros(len(seeds), dtype=np.int64),
        attempts=attempts,
        seed=seeds,
        rejection=np.where(failed, f'no cluster {formula} in {contents.attempts} attempts', ''),
    )


def _place(
    contents: CellContents,
    species: Int[np.ndarray, ' atoms'],
    keys: UInt64[np.ndarray, ' clusters'],
) -> tuple[Float[np.ndarray, 'clusters atoms 3'], Bool[np.ndarray, ' clusters']]:
    """Return the positions of all atoms in Å, and which clusters fulfil what is asked."""
    positions = _radii(contents, len(species), fold(keys, 0))[:, None, None] * _in_ball(
        fold(keys, 1), len(species)
    )
    least = np.sqrt(contents.squares)[species[:, None], species]
    np.fill_diagonal(least, 0.0)
    moving = np.arange(len(keys))
    for _ in range(_PUSHES):
        steps = positions[moving][:, :, None] - positions[moving][:, None]
        lengths = _lengths(steps)
        close = (lengths < least).any(axis=(1, 2))
        moving, steps, lengths = moving[close], steps[close], lengths[close]
        if not len(moving):
            break
        positions[moving] += _pushes(steps, lengths, _FURTHER * least)
    lengths = _lengths(positions[:, :, None] - positions[:, None])
    apart = (lengths >= least).all(axis=(1, 2))
    return positions, apart & _are_connected(lengths <= 2 * least)


def _lengths(
    steps: Float[np.ndarray, 'clusters atoms atoms 3'],
) -> Float[np.ndarray, 'clusters atoms atoms']:
    """Return the lengths of vectors."""
    x, y, z = (steps[..., axis] for axis in range(3))
    return np.sqrt(x * x + y * y + z * z)


def _pushes(
    steps: Float[np.ndarray, 'clusters atoms atoms 3'],
    lengths: Float[np.ndarray, 'clusters atoms atoms'],
    wanted: Float[np.ndarray, 'atoms atoms'],
) -> Float[np.ndarray, 'clusters atoms 3']:
    """Return moves that would bring each two atoms that are nearer to the distance wanted.

    :param steps: to each atom from each other, and their lengths, in Å.
    """
    missing = np.maximum(wanted - lengths, 0.0)
    shares = np.divide(missing, 2 * lengths, out=np.zeros_like(lengths), where=lengths > 0)
    return np.einsum('cij,cijk->cik', shares, steps)


def _are_connected(
    near: Bool[np.ndarray, 'clusters atoms atoms'],
) -> Bool[np.ndarray, ' clusters']:
    """Return in which clusters every atom is reached from the first one over near ones."""
    reached = np.zeros(near.shape[:2], dtype=bool)
    reached[:, 0] = True
    for _ in range(near.shape[1]):
        further = reached | (near & reached[:, None]).any(axis=2)
        if (further == reached).all():
            break
        reached = further
    return np.logical_and.reduce(reached, axis=1)


def _radii(
    contents: CellContents, atoms: int, keys: UInt64[np.ndarray, ' clusters']
) -> Float[np.ndarray, ' clusters']:
    """Return the radii of the balls in Å."""
    deviations = contents.volume_tolerance * (2 * uniform(keys, 0) - 1)
    volumes = atoms * contents.volume_per_atom * (1 + deviations)
    return np.cbrt(3 * volumes / (4 * np.pi))


def _in_ball(
    keys: UInt64[np.ndarray, ' clusters'], atoms: int
) -> Float[np.ndarray, 'clusters atoms 3']:
    """Return random places for the atoms of each cluster, uniform in the ball of radius 1."""
    counters = 3 * np.arange(atoms)
    heights = 2 * uniform(keys[:, None], counters) - 1
    angles = 2 * np.pi * uniform(keys[:, None], counters + 1)
    radii = np.cbrt(uniform(keys[:, None], counters + 2))
    across = np.sqrt(1 - heights**2)
    directions = np.stack([across * np.cos(angles), across * np.sin(angles), heights], axis=2)
    return radii[:, :, None] * directions
