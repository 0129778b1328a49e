"""A few simple compounds, and a small model of them."""

from pathlib import Path

import numpy as np
import pytest
import torch
import yaml

import aiida_crystalgen.workflows
from aiida_crystalgen.science.generators.interface import Request
from aiida_crystalgen.science.generators.score_langevin import (
    ScoreLangevin,
    ScoreLangevinProposing,
    ScoreLangevinSettings,
)
from aiida_crystalgen.science.generators.score_langevin.architectures import new_network
from aiida_crystalgen.science.generators.score_langevin.scaling import CellScaling
from aiida_crystalgen.science.progress import silent
from aiida_crystalgen.science.symmetric_crystals import SymmetricCrystals
from aiida_crystalgen.science.symmetry.wyckoff import wyckoff_table

PROTOCOLS = Path(aiida_crystalgen.workflows.__file__).parent / 'protocols'
SMALL = {
    'cutoff': 4.0,
    'radial': 8,
    'width': 32,
    'edge_width': 32,
    'crystal_width': 32,
    'tensors': 2,
    'degree': 2,
    'layers': 2,
}
SMALL_TRIPLETS = {
    'cutoff': 4.0,
    'exponent': 5,
    'radial': 4,
    'degree': 4,
    'basis_width': 6,
    'width': 32,
    'angle_width': 32,
    'output_width': 32,
    'crystal_width': 32,
    'blocks': 2,
    'before_skip': 1,
    'after_skip': 1,
    'output_layers': 1,
    'largest': 15.0,
}
HEXAGONAL = np.array([[1, 0, 0], [-0.5, np.sqrt(3) / 2, 0], [0, 0, 1]])


def rutile(metal, anion, edge):
    """Return group, elements, letters, parameters and lattice of a rutile."""
    lattice = edge * np.diag([1, 1, 0.65])
    return 136, [metal, anion], [0, 5], [[0, 0, 0], [0.305, 0, 0]], lattice


def cadmium_iodide(metal, anion, edge):
    """Return a layered structure in which anions move along the axis."""
    lattice = edge * np.diag([1, 1, 1.62]) @ np.eye(3)
    lattice[:2] = edge * HEXAGONAL[:2]
    return 164, [metal, anion], [0, 3], [[0, 0, 0], [0, 0, 0.25]], lattice


def rock_salt(metal, anion, edge):
    """Return a structure that has nothing to move."""
    return 225, [metal, anion], [0, 1], [[0, 0, 0], [0, 0, 0]], edge * np.eye(3)


def tilted(metal, anion, edge):
    """Return a monoclinic structure with free atoms."""
    lattice = edge * np.array([[1, 0, 0], [0, 0.9, 0], [-0.2, 0, 1.2]])
    sites = [[0.2, 0.3, 0.1], [0.7, 0.45, 0.3]]
    return 14, [metal, anion], [4, 4], sites, lattice


def gathered(parts):
    """Return crystals of these parts."""
    groups, numbers, letters, parameters, lattices = zip(*parts, strict=True)
    return SymmetricCrystals(
        space_groups=np.array(groups),
        orbit_counts=np.array([len(one) for one in letters]),
        atomic_numbers=np.concatenate(numbers),
        letters=np.concatenate(letters),
        parameters=np.concatenate(parameters).astype(float),
        lattices=np.array(lattices, dtype=float),
        rows=np.arange(len(groups)),
    )


@pytest.fixture(scope='session')
def two():
    """Return two crystals, of one free coordinate each."""
    return gathered([rutile(22, 8, 4.59), cadmium_iodide(48, 53, 4.24)])


@pytest.fixture(scope='session')
def known():
    """Return four structure types with five compounds each."""
    metals, anions = (12, 20, 22, 30, 48), (8, 9, 16, 17, 8)
    edges = {rutile: 4.6, cadmium_iodide: 3.6, rock_salt: 4.9, tilted: 5.4}
    return gathered(
        [
            kind(metal, anion, edge + 0.02 * metal)
            for kind, edge in edges.items()
            for metal, anion in zip(metals, anions, strict=True)
        ]
    )


@pytest.fixture(scope='session')
def settings():
    """Return the settings of a small model, those of the protocol otherwise."""
    numbers = yaml.safe_load((PROTOCOLS / 'train' / 'score_langevin.yaml').read_text())
    return {
        **numbers['default_inputs'],
        'network': SMALL,
        'epochs': 2,
        'warmup': 2,
        'batch_size': 8,
        'validation': 0.3,
    }


@pytest.fixture(scope='session')
def triplet_settings(settings):
    """Return the settings of a small model that sees triplets."""
    return {**settings, 'architecture': 'triplets', 'triplets': SMALL_TRIPLETS}


@pytest.fixture(scope='session')
def proposing():
    """Return the settings of the quickest proposals."""
    numbers = yaml.safe_load((PROTOCOLS / 'propose' / 'score_langevin.yaml').read_text())
    numbers = numbers['default_inputs']
    sampling = {**numbers['sampling'], 'levels': 5, 'batch_size': 4}
    return ScoreLangevinProposing.parse({**numbers, 'sampling': sampling})


@pytest.fixture(scope='session')
def trained(known, settings):
    """Return the checkpoint of a short training."""
    return ScoreLangevin().train(known.to_crystals(), settings, seed=1, progress=silent)


@pytest.fixture
def request_for(proposing):
    """Return a function that makes a request."""

    def make(composition='TiO2', **changes):
        elements = _elements(composition)
        pairs = {f'{a}-{b}': 0.1 for a in elements for b in elements if a <= b}
        values = {
            'composition': composition,
            'formula_units': [1, 2],
            'cell': 'primitive',
            'candidates': 6,
            'volume_per_atom': 15.0,
            'volume_tolerance': 0.1,
            'distances': pairs,
            'attempts': 1,
            'proposing': proposing.model_dump(mode='json'),
        }
        return Request.parse({**values, **changes})

    return make


def _elements(composition):
    """Return the symbols in a formula or a chemical system."""
    from pymatgen.core import Composition

    if '-' in composition:
        return sorted(composition.split('-'))
    return sorted(Composition(composition).get_el_amt_dict())


@pytest.fixture(scope='session')
def parsed(settings):
    """Return the same as settings models."""
    return ScoreLangevinSettings.parse(settings)


@pytest.fixture(scope='session', params=['tensors', 'triplets'])
def network(request, triplet_settings):
    """Return a network of each architecture with random weights."""
    chosen = {**triplet_settings, 'architecture': request.param}
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return new_network(ScoreLangevinSettings.parse(chosen)).eval()


@pytest.fixture(scope='session')
def scaling(known):
    """Return the scaling of the cells of the known crystals."""
    return CellScaling.fit(known, 1.0)


@pytest.fixture(scope='session')
def general():
    """Return one crystal with sites on all kinds of positions for each of some space groups."""
    generator = np.random.default_rng(0)
    table = wyckoff_table()
    parts = []
    for group in (1, 2, 15, 36, 62, 88, 139, 146, 164, 194, 216, 227):
        free = [p for p in table.positions(group) if table.freedoms[p] > 0]
        chosen = [free[-1], free[len(free) // 2]]
        letters = [int(table.bounds[group + 1]) - 1 - position for position in chosen]
        has = table.maps[table.map_bounds[chosen], :, :3].any(axis=1)
        atoms = int(table.sizes[chosen].sum() * table.centrings[group])
        lattice = np.cbrt(20 * atoms) * (HEXAGONAL if 143 <= group <= 194 else np.eye(3))
        if group <= 15:
            lattice = lattice + np.array([[0, 0, 0], [0, 0, 0], [-0.7, 0, 0.3]])
        parameters = generator.uniform(0, 1, (2, 3)) * has
        parts.append((group, [22, 8], letters, parameters, lattice))
    return gathered(parts)
