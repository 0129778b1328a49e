"""What the script of the page is given to draw a phase: atoms, bands, peaks, and facts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from ase.data import chemical_symbols, covalent_radii
from ase.data.colors import jmol_colors
from ase.geometry import cell_to_cellpar

from aiida_crystalgen.report.contents import Phase
from aiida_crystalgen.report.measurements import (
    BandStructure,
    Diffraction,
    Elasticity,
    PhononDos,
    Phonons,
)
from aiida_crystalgen.report.packing import packed_floats, packed_integers
from aiida_crystalgen.science.crystals import CrystalSet

__all__ = ('element_style', 'page_data')

_STEP = 0.005  # THz, a tenth of a line's width on a figure of 15 THz
_CURVES = 2_000_000
"""Characters that all bands and densities of states of a page may take."""

_MODULI = (
    ('bulk_modulus', 'Bulk modulus', 'GPa', 1),
    ('shear_modulus', 'Shear modulus', 'GPa', 1),
    ('young_modulus', 'Young’s modulus', 'GPa', 1),
    ('poisson_ratio', 'Poisson ratio', '', 3),
    ('anisotropy', 'Universal anisotropy', '', 2),
)


def page_data(phases: Sequence[Phase]) -> dict[str, Any]:
    """Return the JSON that draws the phases, with the elements that occur in them.

    Lengths are in Å, frequencies in multiples of ``step`` THz, coordinates fractional; radii are
    covalent (Cordero et al., 10.1039/b801115j) and colours those of Jmol. Bands are left out from
    where they would make the page too large.
    """
    numbers = sorted({int(number) for one in phases for number in one.crystal.atomic_numbers})
    left = _CURVES
    drawn = []
    for phase in phases:
        curves = _curves(phase.phonons)
        size = sum(len(text) for curve in curves.values() for text in map(str, curve.values()))
        left -= size
        drawn.append(_phase(phase, curves if left >= 0 else dict.fromkeys(curves)))
    return {
        'step': _STEP,
        'elements': {str(number): element_style(number) for number in numbers},
        'phases': drawn,
    }


def element_style(number: int) -> dict[str, Any]:
    """Return how atoms of an element look: symbol, radius in Å and colour.

    :param number: atomic one.
    """
    red, green, blue = (round(255 * float(part)) for part in jmol_colors[number])
    return {
        'symbol': chemical_symbols[number],
        'radius': round(float(covalent_radii[number]), 3),
        'colour': [red, green, blue],
    }


def _phase(phase: Phase, curves: dict[str, Any]) -> dict[str, Any]:
    """Return what is drawn of a phase, and what is said of it."""
    crystal = phase.crystal
    data: dict[str, Any] = {
        'label': phase.label,
        'formula': phase.formula,
        'numbers': crystal.atomic_numbers.tolist(),
        **_geometry(crystal),
        'facts': _facts(phase),
    }
    if phase.phonons is not None:
        data['phonons'] = {**_phonon_facts(phase.phonons), **curves}
    if phase.elasticity is not None:
        data['elasticity'] = _elasticity(phase.elasticity)
    if phase.diffraction is not None:
        data['diffraction'] = _diffraction(phase.diffraction)
    return data


def _geometry(crystal: CrystalSet) -> dict[str, Any]:
    """Return cell and fractional coordinates of a crystal, or positions in a cluster in Å."""
    if crystal.periodic:
        lattice = np.round(crystal.lattices[0], 6).tolist()
        return {
            'lattice': lattice,
            'coordinates': packed_floats(crystal.fractional_coordinates % 1),
        }
    positions = crystal.cartesian_coordinates
    return {'positions': packed_floats(positions - positions.mean(axis=0))}


def _facts(phase: Phase) -> list[tuple[str, str]]:
    """Return short facts about a phase."""
    facts = [
        *(_cell_facts(phase.crystal) if phase.crystal.periodic else ()),
        ('Prototype', phase.prototype),
        ('Stability', phase.stability),
        ('From', phase.origin),
        ('Energy by', f'{phase.engine}{" — EMULATED" if phase.engine.emulated else ""}'),
        ('Record', phase.record),
    ]
    return [(name, text) for name, text in facts if text]


def _cell_facts(crystal: CrystalSet) -> list[tuple[str, str]]:
    """Return lengths and angles of a cell."""
    a, b, c, alpha, beta, gamma = cell_to_cellpar(crystal.lattices[0])
    return [
        ('a, b, c', f'{a:.3f}, {b:.3f}, {c:.3f} Å'),
        ('α, β, γ', f'{alpha:.2f}, {beta:.2f}, {gamma:.2f}°'),
    ]


def _phonon_facts(phonons: Phonons) -> dict[str, Any]:
    """Return the verdict in words."""
    return {
        'verdict': phonons.verdict,
        'smallest': round(phonons.smallest_frequency, 3),
        'place': phonons.place,
        'engine': phonons.engine,
        'emulated': phonons.emulated,
    }


def _curves(phonons: Phonons | None) -> dict[str, dict[str, Any]]:
    """Return bands and density of states, as far as there are any."""
    if phonons is None:
        return {}
    curves = {}
    if phonons.bands is not None:
        curves['bands'] = _bands(phonons.bands)
    if phonons.dos is not None:
        curves['dos'] = _dos(phonons.dos)
    return curves


def _bands(bands: BandStructure) -> dict[str, Any]:
    """Return the bands, one branch after the other."""
    return {
        'points': len(bands.lengths),
        'lengths': packed_floats(bands.lengths),
        'frequencies': packed_integers(bands.frequencies.T, _STEP),
        'breaks': list(bands.breaks),
        'ticks': [[round(place, 4), name] for place, name in bands.ticks],
    }


def _dos(dos: PhononDos) -> dict[str, Any]:
    """Return the density of states in shares of its largest value."""
    highest = float(np.max(dos.values, initial=0.0)) or 1.0
    return {
        'frequencies': packed_integers(dos.frequencies, _STEP),
        'shares': packed_integers(dos.values / highest, 1e-4),
    }


def _elasticity(elasticity: Elasticity) -> dict[str, Any]:
    """Return the verdict and the moduli as text."""
    values = [(getattr(elasticity, name), *texts) for name, *texts in _MODULI]
    return {
        'stable': elasticity.stable,
        'crystal': elasticity.crystal_class,
        'moduli': [
            (name, f'{value:.{digits}f} {unit}'.strip().replace('-', '−'))
            for value, name, unit, digits in values
            if value is not None
        ],
        'violated': list(elasticity.violated),
        'engine': elasticity.engine,
        'emulated': elasticity.emulated,
    }


def _diffraction(pattern: Diffraction) -> dict[str, Any]:
    """Return the peaks by increasing angle."""
    peaks = sorted(zip(pattern.angles, pattern.intensities, pattern.indices, strict=True))
    return {
        'peaks': [
            [round(float(angle), 3), round(float(height), 2), *([indices] if indices else [])]
            for angle, height, indices in peaks
        ],
        **({} if pattern.wavelength is None else {'wavelength': pattern.wavelength}),
    }
