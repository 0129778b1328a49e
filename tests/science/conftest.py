"""Crystals for the tests of the science, as arrays."""

import numpy as np
import pytest

from aiida_crystalgen.science.clusters import in_boxes
from aiida_crystalgen.science.crystals import CrystalSet, concatenate

BASES = {
    'sc': [[0, 0, 0]],
    'bcc': [[0, 0, 0], [0.5, 0.5, 0.5]],
    'fcc': [[0, 0, 0], [0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]],
    'diamond': [
        [0, 0, 0],
        [0, 0.5, 0.5],
        [0.5, 0, 0.5],
        [0.5, 0.5, 0],
        [0.25, 0.25, 0.25],
        [0.25, 0.75, 0.75],
        [0.75, 0.25, 0.75],
        [0.75, 0.75, 0.25],
    ],
}


def one_crystal(lattice, fractions, numbers=14):
    """Return a set of one crystal."""
    fractions = np.asarray(fractions, dtype=float)
    return CrystalSet(
        lattices=np.asarray(lattice, dtype=float)[None],
        fractional_coordinates=fractions,
        atomic_numbers=np.broadcast_to(numbers, len(fractions)).astype(np.int64),
        counts=np.array([len(fractions)]),
    )


@pytest.fixture
def cubic():
    """Return a function that makes a cubic crystal of silicon: sc, bcc, fcc or diamond."""
    return lambda name, edge: one_crystal(edge * np.eye(3), BASES[name])


@pytest.fixture
def crystal():
    """Return a function that makes a set of one crystal."""
    return one_crystal


@pytest.fixture
def random_set():
    """Return a function that makes crystals of random cells, positions and elements.

    Cells are compact, with about 20 Å³ per atom.
    """

    def make(number, atoms, *, elements=(14,), seed=0):
        generator = np.random.default_rng(seed)
        lattices = np.eye(3) + generator.uniform(-0.4, 0.4, (number, 3, 3))
        lattices *= np.cbrt(20 * atoms / np.abs(np.linalg.det(lattices)))[:, None, None]
        return CrystalSet(
            lattices=lattices,
            fractional_coordinates=generator.random((number * atoms, 3)),
            atomic_numbers=generator.choice(elements, number * atoms),
            counts=np.full(number, atoms),
        )

    return make


def disguise_one(crystals, row, generator, noise):
    """Return one crystal in another cell or a supercell, turned, shifted and reordered."""
    atoms = crystals.atoms(row)
    change = np.eye(3)
    for _ in range(4):
        first, second = generator.permutation(3)[:2]
        change[first] += generator.integers(-2, 3) * change[second]
    times = 1 + int(generator.integers(2))
    images = np.arange(times)[:, None, None] * [1.0, 0, 0]
    fractions = crystals.fractional_coordinates[atoms] @ np.linalg.inv(change) + images
    fractions = (fractions / [times, 1, 1]).reshape(-1, 3)
    numbers = np.tile(crystals.atomic_numbers[atoms], times)
    rotation, _ = np.linalg.qr(generator.normal(size=(3, 3)))
    lattice = np.diag([times, 1, 1]) @ change @ crystals.lattices[row] @ rotation
    order = generator.permutation(len(numbers))
    displacements = generator.normal(size=fractions.shape, scale=noise)
    fractions = fractions[order] + generator.random(3) + displacements @ np.linalg.inv(lattice)
    return one_crystal(lattice, fractions, numbers[order])


@pytest.fixture
def disguised():
    """Return a function that makes the same crystals unrecognizable, atoms moved by noise in Å."""

    def make(crystals, *, seed=0, noise=0.0):
        generator = np.random.default_rng(seed)
        return concatenate(
            [disguise_one(crystals, row, generator, noise) for row in range(len(crystals))]
        )

    return make


@pytest.fixture
def to_clusters():
    """Return a function that makes a set of clusters of ASE's atoms."""

    def make(*atoms):
        clusters = CrystalSet(
            lattices=np.tile(np.eye(3), (len(atoms), 1, 1)),
            fractional_coordinates=np.concatenate([one.positions for one in atoms]),
            atomic_numbers=np.concatenate([one.numbers for one in atoms]).astype(np.int64),
            counts=np.array([len(one) for one in atoms]),
            periodic=False,
        )
        return in_boxes(clusters, anew=True)

    return make
