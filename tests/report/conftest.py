"""A report of a made-up search, built from arrays."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from ase import Atoms
from ase.neighborlist import neighbor_list
from pymatgen.core import Lattice, Structure

from aiida_crystalgen.report.contents import (
    Citation,
    EnergyGroup,
    Engine,
    LatentMap,
    LatentPoints,
    Losses,
    NodeReference,
    Phase,
    RdfComparison,
    SearchReport,
    Stage,
    TrainingCurves,
)
from aiida_crystalgen.science.crystals import CrystalSet
from aiida_crystalgen.science.structures import from_structures

_ORIGIN = (0.0, 0.0, 0.0)
_MONOCLINIC_SITES = (  # C2/m and Cmmm: Table 1 of Lee and Chang, 2021
    (0.9446, 0.0, 0.87347), (0.44097, 0.0, 0.65322),
    (0.78744, 0.0, 0.05727), (0.27303, 0.0, 0.58547),
)  # fmt: skip
_ORTHORHOMBIC_SITES = ((0.0, 0.5, 0.75536), (0.25, 0.25, 0.72747), (0.86311, 0.0, 0.0))
_SILICON = (  # space group, symbol, a, b, c, β and γ, sites, energy in eV/atom, known name
    (227, 'Fd-3m', (5.43, 5.43, 5.43), (90, 90), (_ORIGIN,), 0.0, 'diamond'),
    (
        194,
        'P6_3/mmc',
        (3.85, 3.85, 6.37),
        (90, 120),
        ((1 / 3, 2 / 3, 0.062),),
        0.011,
        'lonsdaleite',
    ),
    (12, 'C2/m', (13.73, 3.82, 6.29), (83.3, 90), _MONOCLINIC_SITES, 0.071, ''),
    (206, 'Ia-3', (6.64, 6.64, 6.64), (90, 90), ((0.1, 0.1, 0.1),), 0.158, 'BC8'),
    (141, 'I4_1/amd', (4.69, 4.69, 2.58), (90, 90), (_ORIGIN,), 0.291, 'β-tin'),
    (191, 'P6/mmm', (2.64, 2.64, 2.47), (90, 120), (_ORIGIN,), 0.304, 'simple hexagonal'),
    (221, 'Pm-3m', (2.53, 2.53, 2.53), (90, 90), (_ORIGIN,), 0.33, 'simple cubic'),
    (65, 'Cmmm', (8.21, 6.59, 5.2), (90, 90), _ORTHORHOMBIC_SITES, 0.352, ''),
    (229, 'Im-3m', (3.09, 3.09, 3.09), (90, 90), (_ORIGIN,), 0.523, 'bcc'),
    (225, 'Fm-3m', (3.87, 3.87, 3.87), (90, 90), (_ORIGIN,), 0.551, 'fcc'),
)
_RADII = np.linspace(0.04, 8.0, 200)
_POTENTIAL = Engine('7net-0', 'sevenn', '0.13.0')


@pytest.fixture(scope='session')
def make_crystal() -> Callable[..., CrystalSet]:
    """Return a function that builds one crystal from its space group and its sites by element."""

    def make(group: int, lengths: tuple, angles: tuple, **sites: tuple) -> CrystalSet:
        lattice = Lattice.from_parameters(*lengths, 90, *angles)
        species = [symbol for symbol, places in sites.items() for _ in places]
        places = [place for places in sites.values() for place in places]
        structure = Structure.from_spacegroup(group, lattice, species, places)
        return from_structures([structure])

    return make


@pytest.fixture(scope='session')
def silicon_phases(make_crystal) -> tuple[Phase, ...]:
    """Return ten phases of silicon in the order of their energies."""
    return tuple(
        Phase(
            label=f'P{number}',
            crystal=make_crystal(group, lengths, angles, Si=sites),
            space_group=group,
            space_group_symbol=symbol,
            energy=energy,
            hull_distance=energy if number != 4 else None,
            nearest_reference=name or 'diamond',
            reference_distance=0.013 * number if name else 0.1 + energy,
            novel=not name,
            origin=f'{"rdf_vae" if number % 3 else "random_symmetric"}, row {977 * number % 2000}',
            engine=_POTENTIAL,
            record=f'c0ffee{number:02d}-1ea5-4bee-9f00-5ca1ab1e0000',
        )
        for number, (group, symbol, lengths, angles, sites, energy, name) in enumerate(_SILICON, 1)
    )


def _distribution(phase: Phase, strain: float = 0.0) -> np.ndarray:
    """Return n(r) of the phase, strained by a share."""
    crystal = phase.crystal
    lattice = crystal.lattices[0] * (1 + strain)
    atoms = Atoms(
        crystal.atomic_numbers, cell=lattice, scaled_positions=crystal.fractional_coordinates, pbc=1
    )
    distances = neighbor_list('d', atoms, 8.2)
    counts = np.exp(-((_RADII - distances[:, None]) ** 2) / (2 * 0.06**2)).sum(axis=0)
    return counts * (_RADII[1] - _RADII[0]) / (0.06 * np.sqrt(2 * np.pi)) / len(atoms)


@pytest.fixture(scope='session')
def silicon_report(silicon_phases) -> SearchReport:
    """Return a complete report of a search for silicon."""
    random = np.random.default_rng(0)
    energies = np.sort(random.gamma(2.0, 0.09, 36))
    energies[0] = 0.0
    names = tuple(f'known {row}' for row in range(36))
    epochs = np.arange(1, 301)
    decay = np.exp(-epochs / 40.0)
    latent = np.stack([energies * 4 - 1.1, energies * 3 - 0.8], axis=1)
    grid = np.stack(np.meshgrid(*[np.linspace(-1.64, 1.64, 20)] * 2), axis=-1).reshape(-1, 2)
    return SearchReport(
        title='Search for Si',
        engine=_POTENTIAL,
        facts={'Composition': 'Si', 'Atoms': '8', 'Seed': '1', 'Finished': '2026-01-31 12:00'},
        phases=silicon_phases,
        training=TrainingCurves(
            epochs, _losses(decay, 0.0), _losses(decay, 0.01 + 0.002 * np.sin(epochs / 3.0))
        ),
        latent=LatentMap(
            LatentPoints(names, latent + random.normal(0, 0.25, (36, 2)), energies),
            replicas=grid,
            phases=LatentPoints(
                ('P3', 'P9'), np.array([[-0.6, 0.1], [1.2, 0.4]]), np.array([0.071, np.nan])
            ),
        ),
        references=EnergyGroup('known crystals', energies, names),
        groups=tuple(
            EnergyGroup(name, random.gamma(shape, 0.11, 350))
            for name, shape in (
                ('similar to known', 3.0),
                ('similar to replicas', 3.2),
                ('unscreened', 4.5),
            )
        ),
        rdfs=tuple(
            RdfComparison(
                phase=phase.label,
                reference=phase.nearest_reference,
                radii=_RADII,
                of_phase=_distribution(phase),
                of_reference=_distribution(silicon_phases[0]),
                distance=0.05,
                of_candidate=_distribution(phase, 0.03),
                candidate_distance=0.1,
            )
            for phase in silicon_phases
        ),
        stages=tuple(
            Stage(name, {'rdf_vae': vae, 'random_symmetric': blind})
            for name, vae, blind in (
                ('proposed', 1400, 600),
                ('valid', 1381, 590),
                ('similar', 402, 71),
                ('distinct', 311, 60),
                ('relaxed', 308, 59),
                ('physical', 290, 52),
                ('phases', 8, 2),
            )
        ),
        engine_note='Energies of different engines are never compared.',
        versions={'aiida-crystalgen': '0.1.0', 'aiida-core': '2.9.4', 'torch': '2.13.0'},
        nodes=(
            NodeReference('search', '2f1c0a4e-8d1b-4c55-a7a2-0a4d1a5b6c7d', 1042),
            NodeReference('checkpoint', '91c4e2aa-11d0-4f8e-8f0d-6b1e7d1f2a3b', 1120),
        ),
        citations=(
            Citation('A. Author, A method for crystals, Journal 1, 1 (2021).', '10.1000/182'),
        ),
    )


def _losses(decay: np.ndarray, offset: np.ndarray | float) -> Losses:
    """Return losses that fall as ``decay`` does."""
    reconstruction = 0.42 * decay + 0.21 + offset
    divergence = 0.04 * (1 - decay) + 0.1 * offset
    return Losses(reconstruction + divergence, reconstruction, divergence)


@pytest.fixture
def make_report(silicon_report) -> Callable[..., SearchReport]:
    """Return a function that gives the complete report with some of its fields changed."""
    return lambda **changes: replace(silicon_report, **changes)
