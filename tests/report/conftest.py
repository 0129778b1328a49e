"""A report of a made-up search, built from arrays."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import numpy as np
import pytest
from ase import Atoms
from ase.cluster import Icosahedron, Octahedron
from ase.neighborlist import neighbor_list
from pymatgen.core import Lattice, Structure

from aiida_crystalgen.report.campaign import (
    PhaseName,
    PhasePair,
    Round,
    SearchComparison,
    SearchSummary,
)
from aiida_crystalgen.report.contents import (
    Citation,
    EnergyGroup,
    Engine,
    LatentMap,
    LatentPoints,
    NodeReference,
    Phase,
    ProposalReport,
    RdfComparison,
    SearchReport,
    Stage,
    TrainingCurves,
)
from aiida_crystalgen.report.measurements import (
    BandStructure,
    Diffraction,
    Elasticity,
    PhononDos,
    Phonons,
)
from aiida_crystalgen.report.ranking import CompoundRanking, ElementConfusion, ElementMap
from aiida_crystalgen.science.crystals import CrystalSet
from aiida_crystalgen.science.stability.diagram import HullDiagram, HullPoints
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
            _losses(decay, 0.0), _losses(decay, 0.01 + 0.002 * np.sin(epochs / 3.0))
        ),
        latent=LatentMap(
            LatentPoints(names, latent + random.normal(0, 0.25, (36, 2)), energies),
            axes=('Latent coordinate z₁', 'Latent coordinate z₂'),
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


def _losses(decay: np.ndarray, offset: np.ndarray | float) -> dict[str, np.ndarray]:
    """Return losses that fall as ``decay`` does."""
    reconstruction = 0.42 * decay + 0.21 + offset
    divergence = 0.04 * (1 - decay) + 0.1 * offset
    return {
        'total': reconstruction + divergence,
        'reconstruction': reconstruction,
        'divergence': divergence,
    }


@pytest.fixture(scope='session')
def make_phonons() -> Callable[..., Phonons]:
    """Return a function that gives made-up phonons, imaginary at X if they are to be so."""

    def make(branches: int = 24, *, imaginary: bool = False) -> Phonons:
        lengths = np.concatenate([np.linspace(0, 1.1, 46), 1.1 + np.linspace(0, 0.9, 45)])
        orders = np.arange(1, branches + 1) / branches
        bands = 15 * orders * np.abs(np.sin(np.pi * lengths[:, None] / 2.2)) + 2 * orders
        bands[40:46, 0] -= 4.0 * imaginary
        frequencies = np.linspace(-5.0 * imaginary, 17.5, 300)
        return Phonons(
            verdict='imaginary' if imaginary else 'stable',
            smallest_frequency=float(bands.min()),
            q_point=(0.5, 0.0, 0.5),
            label='X',
            engine='7net-0',
            bands=BandStructure(lengths, bands, ((0, 'Γ'), (45, 'X'), (46, 'K'), (90, 'Γ'))),
            dos=PhononDos(frequencies, np.exp(-((frequencies - 9) ** 2) / 20)),
        )

    return make


@pytest.fixture(scope='session')
def make_pattern() -> Callable[..., Diffraction]:
    """Return a function that gives a made-up powder pattern."""

    def make(seed: int = 0, peaks: int = 30) -> Diffraction:
        random = np.random.default_rng(seed)
        heights = random.gamma(0.6, 20, peaks)
        indices = tuple(f'{row}11' if row % 3 else '' for row in range(peaks))
        angles = np.sort(random.uniform(12, 90, peaks))
        return Diffraction(angles, 100 * heights / heights.max(), indices, 1.54184)

    return make


@pytest.fixture(scope='session')
def elasticity() -> Elasticity:
    """Return the elasticity of diamond."""
    return Elasticity(
        stable=True,
        crystal_class='cubic',
        bulk_modulus=88.6,
        shear_modulus=61.4,
        young_modulus=149.6,
        poisson_ratio=0.219,
        anisotropy=0.24,
        engine='7net-0',
    )


def _points(labels: tuple, fractions: list, energies: list, above: list) -> HullPoints:
    """Return points of a hull; labels serve as formulas too."""
    arrays = (np.array(one, dtype=np.float64) for one in (fractions, energies, above))
    return HullPoints(labels, labels, *arrays)


@pytest.fixture(scope='session')
def binary_hull() -> HullDiagram:
    """Return the hull of tin and selenium with two phases, one of them below it."""
    known = _points(
        ('Se', 'Sn', 'SnSe', 'SnSe2'),
        [[1, 0], [0, 1], [0.5, 0.5], [2 / 3, 1 / 3]],
        [0.0, 0.0, -0.5, -0.3],
        [0.0, 0.0, 0.0, 0.03],
    )
    phases = _points(('P1', 'P2'), [[0.5, 0.5], [0.5, 0.5]], [-0.55, -0.4], [-0.05, 0.1])
    engine = {'name': '7net-0', 'package': 'sevenn', 'version': '0.13.0'}
    return HullDiagram(('Se', 'Sn'), known, phases, np.array([[0, 2], [2, 1]]), engine)


@pytest.fixture(scope='session')
def rounds() -> tuple[Round, ...]:
    """Return six rounds of two generators, of which the better one gets more and more."""
    start = datetime(2026, 1, 31, 12, tzinfo=timezone.utc)
    return tuple(
        Round(
            number=number,
            phases_found=found,
            new_phases=new,
            lowest=lowest,
            hull=None if lowest is None else lowest + 0.02,
            yields={
                'rdf_vae': {'proposed': 800 + 200 * number, 'distinct': 90, 'phases': found - 1},
                'random_symmetric': {'proposed': 1200 - 200 * number, 'distinct': 20, 'phases': 1},
            },
            finished=None if number == 6 else start + timedelta(hours=7 * number),
        )
        for number, found, new, lowest in (
            (1, 9, 9, 0.31), (2, 7, 4, 0.12), (3, 8, 5, 0.16), (4, 1, 0, None), (5, 6, 2, 0.05),
            (6, 3, 1, 0.0),
        )
    )  # fmt: skip


@pytest.fixture(scope='session')
def comparison(rounds) -> SearchComparison:
    """Return a comparison of two searches with one phase in common."""
    names = [PhaseName(f'P{row}', 'Si', 'Fd-3m', 0.01 * row, 0.02 * row) for row in range(1, 5)]
    return SearchComparison(
        first=SearchSummary('search 12 for Si, campaign', '7net-0', yields=rounds[0].yields),
        second=SearchSummary('search 9 for Si', 'chgnet', yields=rounds[1].yields),
        both=(PhasePair(names[0], names[2]),),
        only_first=tuple(names[1:3]),
        only_second=(),
        is_comparable=False,
    )


@pytest.fixture(scope='session')
def measured_phases(silicon_phases, make_phonons, make_pattern, elasticity) -> tuple[Phase, ...]:
    """Return 500 phases, of which the first 50 were verified."""
    phonons = [make_phonons(imaginary=bool(row % 3)) for row in range(3)]
    phases = []
    for row in range(500):
        facts = {'label': f'P{row + 1}', 'energy': 0.002 * row, 'prototype': 'A_cF8_227_a'}
        facts['diffraction'] = make_pattern(row)
        if row < 50:
            facts |= {'phonons': phonons[row % 3], 'elasticity': elasticity}
            facts['stability'] = f'phonons {phonons[row % 3].verdict}, elastically stable'
        phases.append(replace(silicon_phases[row % 10], **facts))
    return tuple(phases)


@pytest.fixture(scope='session')
def campaign_report(
    silicon_report, measured_phases, binary_hull, rounds, comparison
) -> SearchReport:
    """Return the report of a campaign that found 500 phases and verified 50 of them."""
    return replace(
        silicon_report,
        title='Campaign for Si',
        phases=measured_phases,
        hull=binary_hull,
        rounds=rounds,
        comparison=comparison,
    )


@pytest.fixture
def make_report(silicon_report) -> Callable[..., SearchReport]:
    """Return a function that gives the complete report with some of its fields changed."""
    return lambda **changes: replace(silicon_report, **changes)


@pytest.fixture(scope='session')
def cluster_report() -> SearchReport:
    """Return the report of a search that found two clusters of platinum."""
    phases = []
    for name, atoms in (('Ih', Icosahedron('Pt', 2)), ('Oh', Octahedron('Pt', 3, cutoff=1))):
        lattice = Lattice.cubic(20.0, pbc=(False, False, False))
        cluster = Structure(lattice, atoms.numbers, atoms.positions, coords_are_cartesian=True)
        phase = Phase(
            label=f'P{len(phases) + 1}',
            crystal=from_structures([cluster]),
            space_group=0,
            space_group_symbol='–',
            energy=0.1 * len(phases),
            hull_distance=None,
            nearest_reference='known',
            reference_distance=0.1,
            novel=True,
            origin='random_symmetric, row 1',
            engine=_POTENTIAL,
            point_group=name,
        )
        phases.append(phase)
    return SearchReport(title='Search for Pt13', engine=_POTENTIAL, phases=tuple(phases))


@pytest.fixture(scope='session')
def make_ranking() -> Callable[..., CompoundRanking]:
    """Return a function that ranks made-up candidates with these numbers of atoms."""

    def make(elements: str, amounts: list, **changes) -> CompoundRanking:
        symbols, numbers = tuple(elements.split('-')), np.array(amounts)
        count = len(numbers)
        formulas = tuple(
            ''.join(f'{one}{number}' for one, number in zip(symbols, row, strict=True) if number)
            for row in numbers.tolist()
        )
        fields = {
            'name': 'site_network',
            'elements': symbols,
            'formulas': formulas,
            'fractions': numbers / numbers.sum(axis=1, keepdims=True),
            'log_likelihoods': -0.5 * np.arange(1.0, count + 1),
            'templates': tuple(f'template {row}' for row in range(count)),
            'prototypes': tuple(f'type {row}' for row in range(count)),
            'charge_balanced': np.arange(count) % 2 == 0,
            'known': np.arange(count) % 3 == 1,
            'above_hull': np.full(count, np.nan),
        }
        return CompoundRanking(**{**fields, **changes})

    return make


@pytest.fixture(scope='session')
def element_map() -> ElementMap:
    """Return a map of elements of all blocks."""
    places = np.array([[0.0, 0.0], [0.1, 0.2], [3.0, 1.0], [3.1, 2.0], [5.0, 5.0]])
    return ElementMap(('Li', 'Na', 'Mn', 'Ge', 'La'), ('s', 's', 'd', 'p', 'f'), places)


@pytest.fixture(scope='session')
def confusion() -> ElementConfusion:
    """Return how often sites of three elements were taken for others; none was of argon."""
    counts = np.array([[90, 0, 10, 0], [0, 0, 0, 0], [150, 1, 848, 1], [0, 0, 5, 15]])
    return ElementConfusion(('Li', 'Ar', 'Mn', 'Ge'), counts)


@pytest.fixture(scope='session')
def ranking(make_ranking, element_map, confusion) -> CompoundRanking:
    """Return 600 candidates of 150 formulas of three elements, of which 40 were relaxed."""
    random = np.random.default_rng(0)
    amounts = np.tile(random.integers(1, 40, (150, 3)), (4, 1))
    above = np.full(600, np.nan)
    above[:40] = random.gamma(2.0, 0.1, 40)
    known = {'element_map': element_map, 'confusion': confusion, 'engine': '7net-0'}
    return make_ranking('Li-Mn-Ge', amounts, above_hull=above, **known)


@pytest.fixture(scope='session')
def proposal_report(ranking) -> ProposalReport:
    """Return the report of proposals alone."""
    return ProposalReport(
        title='Proposals for Li-Mn-Ge',
        ranking=ranking,
        facts={'Method': 'site_network', 'Candidates': '600'},
        versions={'aiida-crystalgen': '0.1.0'},
        nodes=(NodeReference('proposals', '2f1c0a4e-8d1b-4c55-a7a2-0a4d1a5b6c7d', 1042),),
    )
