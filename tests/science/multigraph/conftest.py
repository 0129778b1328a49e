"""Symmetric crystals with random numbers on random Wyckoff positions."""

import numpy as np
import pytest
import torch

from aiida_crystalgen.science.symmetric_crystals import SymmetricCrystals
from aiida_crystalgen.science.symmetry.cell_parameters import cell_lattices, cell_parameters
from aiida_crystalgen.science.symmetry.wyckoff import wyckoff_table

# All crystal systems and centrings, with and without inversion, polar and chiral.
GROUPS = (
    1,
    2,
    5,
    9,
    12,
    14,
    15,
    19,
    38,
    43,
    62,
    70,
    79,
    88,
    139,
    146,
    166,
    176,
    194,
    206,
    217,
    227,
)


def random_sites(group, number, generator):
    """Return letters of sites that can be occupied together: each fixed one once at most."""
    table = wyckoff_table()
    positions = np.array(table.positions(group))
    free = table.freedoms[positions] > 0
    once = generator.permutation(positions[~free])[: number - 1]
    small = positions[free][-3:]
    several = generator.choice(small if len(small) else positions, number - len(once))
    last = table.bounds[group + 1] - 1
    return np.sort(last - np.concatenate([once, several if len(small) else []])).astype(np.int64)


def random_cells(groups, volumes, generator):
    """Return cells of the groups with these volumes, as different as crystals are."""
    groups = torch.tensor(groups)
    parameters = torch.from_numpy(generator.normal(0, 0.2, (len(groups), 6)))
    lattices = cell_lattices(parameters, groups).numpy()
    scale = np.cbrt(volumes / np.linalg.det(lattices))
    lattices = scale[:, None, None] * lattices
    return cell_lattices(cell_parameters(torch.from_numpy(lattices), groups), groups).numpy()


def random_symmetric_crystals(groups, sites=3, seed=0):
    """Return one crystal for each group, of some 20 Å³ for each atom."""
    generator = np.random.default_rng(seed)
    groups = np.asarray(groups)
    letters = [random_sites(int(group), sites, generator) for group in groups]
    table = wyckoff_table()
    rows = np.repeat(groups, [len(one) for one in letters])
    joined = np.concatenate(letters)
    positions = table.bounds[rows + 1] - 1 - joined
    atoms = [
        int(table.sizes[table.bounds[g + 1] - 1 - one].sum())
        for g, one in zip(groups, letters, strict=True)
    ]
    free = table.maps[table.map_bounds[positions], :, :3].any(axis=1)
    return SymmetricCrystals(
        space_groups=groups,
        orbit_counts=np.array([len(one) for one in letters]),
        atomic_numbers=generator.choice([8, 14, 22, 38], len(joined)),
        letters=joined,
        parameters=generator.uniform(0, 1, (len(joined), 3)) * free,
        lattices=random_cells(groups, 20.0 * np.array(atoms) * table.centrings[groups], generator),
        rows=np.arange(len(groups)),
    )


@pytest.fixture(params=GROUPS)
def group(request):
    """Return the number of a space group, of each crystal system and centring in turn."""
    return request.param


@pytest.fixture
def symmetric():
    """Return a function that makes symmetric crystals of space groups."""
    return random_symmetric_crystals


@pytest.fixture
def mixed():
    """Return one crystal of each of the space groups."""
    return random_symmetric_crystals(GROUPS)
