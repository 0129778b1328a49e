"""What was measured of phases, from the nodes that their records name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from aiida import orm

from aiida_crystalgen.data.convert import crystals_from_node
from aiida_crystalgen.data.structure_set import StructureSetData
from aiida_crystalgen.queries.phases import PhaseRow, phase_crystals
from aiida_crystalgen.report.measurements import (
    BandStructure,
    Diffraction,
    Elasticity,
    PhononDos,
    Phonons,
)
from aiida_crystalgen.science.engines import engine_differences, is_emulated
from aiida_crystalgen.science.stability.diagram import HullDiagram, hull_diagram

__all__ = ('phase_diffraction', 'phase_elasticity', 'phase_hull', 'phase_phonons')

_GREEK = {'GAMMA': 'Γ', 'DELTA': 'Δ', 'LAMBDA': 'Λ', 'SIGMA': 'Σ'}
_SUBSCRIPTS = str.maketrans('0123456789', '₀₁₂₃₄₅₆₇₈₉')


def phase_phonons(rows: Sequence[PhaseRow]) -> dict[int, Phonons]:
    """Return the phonons of those phases that have some, by the PK of the record."""
    curves = _phonon_curves([row.nodes['phonons'] for row in rows if 'phonons' in row.nodes])
    return {
        row.pk: _phonons(row.phonons, curves.get(row.nodes.get('phonons', ''), {}))
        for row in rows
        if row.phonons is not None
    }


def phase_elasticity(row: PhaseRow) -> Elasticity | None:
    """Return the elasticity of a phase, None if it was not measured."""
    facts = row.elasticity
    if facts is None:
        return None
    moduli = facts.get('moduli') or {}
    engine = facts.get('engine') or {}
    return Elasticity(
        stable=bool(facts['stable']),
        crystal_class=str(facts['crystal_class']),
        bulk_modulus=moduli.get('bulk_modulus'),
        shear_modulus=moduli.get('shear_modulus'),
        young_modulus=moduli.get('young_modulus'),
        poisson_ratio=moduli.get('poisson_ratio'),
        anisotropy=moduli.get('universal_anisotropy'),
        violated=tuple(facts.get('reasons') or ()),
        engine=str(engine.get('name', '')),
        emulated=is_emulated(engine),
    )


def phase_diffraction(rows: Sequence[PhaseRow]) -> dict[int, Diffraction]:
    """Return the powder pattern of those phases that have one, by the PK of the record."""
    query = orm.QueryBuilder()
    wanted = [row.pk for row in rows if row.diffraction]
    query.append(orm.Dict, filters={'id': {'in': wanted}}, project='id', tag='record')
    query.append(orm.CalcFunctionNode, with_outgoing='record', tag='characterize')
    query.append(
        orm.Dict,
        with_outgoing='characterize',
        edge_filters={'label': 'settings'},
        project='attributes.diffraction.wavelength',
    )
    query.append(
        orm.XyData,
        with_incoming='characterize',
        edge_filters={'label': 'diffraction'},
        project='*',
    )
    found = {pk: (wavelength, node) for pk, wavelength, node in (query.all() if wanted else [])}
    return {
        row.pk: _diffraction(row, *found.get(row.pk, (None, None)))
        for row in rows
        if row.diffraction
    }


def phase_hull(rows: Sequence[PhaseRow]) -> HullDiagram | None:
    """Return the hull that phases of one engine lie on, None where there is none to draw.

    The references are those that the phases were compared with, of several sets the largest one.
    """
    elements = {symbol for row in rows for symbol in row.elements}
    if (
        not all(row.periodic for row in rows)
        or len(elements) not in (2, 3)
        or _differ([row.engine for row in rows])
    ):
        return None
    references = _references(rows)
    if references is None:
        return None
    crystals = phase_crystals(rows).with_metadata(engine=dict(rows[0].engine))
    try:
        return hull_diagram(crystals, crystals_from_node(references))
    except ValueError:
        # An element without a crystal of its own: there is no hull, and the page says so.
        return None


def _differ(engines: Sequence[Mapping[str, Any]]) -> bool:
    """Return whether energies are those of different engines."""
    return any(engine_differences(engines[0], other) for other in engines[1:])


def _references(rows: Sequence[PhaseRow]) -> StructureSetData | None:
    """Return the largest of the sets that phases were compared with, None if there are none."""
    query = orm.QueryBuilder()
    query.append(orm.Dict, filters={'id': {'in': [row.pk for row in rows]}}, tag='record')
    query.append(orm.CalcFunctionNode, with_outgoing='record', tag='recording')
    query.append(
        StructureSetData,
        with_outgoing='recording',
        edge_filters={'label': 'references'},
        project='*',
    )
    query.distinct()
    nodes: list[StructureSetData] = query.all(flat=True)
    return max(nodes, key=lambda node: (node.number, node.pk), default=None)


def _phonon_curves(uuids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Return bands and density of states, by the UUID of the verdict on them."""
    query = orm.QueryBuilder()
    query.append(orm.Dict, filters={'uuid': {'in': list(uuids)}}, project='uuid', tag='verdict')
    query.append(orm.CalcFunctionNode, with_outgoing='verdict', tag='phonons')
    query.append(
        [orm.BandsData, orm.XyData],
        with_incoming='phonons',
        edge_filters={'label': {'in': ['bands', 'dos']}},
        edge_project='label',
        project='*',
    )
    found: dict[str, dict[str, Any]] = {}
    for uuid, node, label in query.all() if uuids else []:
        found.setdefault(uuid, {})[label] = node
    return found


def _phonons(facts: Mapping[str, Any], curves: Mapping[str, Any]) -> Phonons:
    """Return the verdict on phonons with their curves."""
    engine = facts.get('engine') or {}
    first, second, third = (float(value) for value in facts['q_point'])
    return Phonons(
        verdict=str(facts['verdict']),
        smallest_frequency=float(facts['smallest_frequency']),
        q_point=(first, second, third),
        label=str(facts.get('label') or ''),
        engine=str(engine.get('name', '')),
        emulated=is_emulated(engine),
        bands=_bands(curves['bands']) if 'bands' in curves else None,
        dos=_dos(curves['dos']) if 'dos' in curves else None,
    )


def _bands(node: orm.BandsData) -> BandStructure:
    """Return bands with the length of their path."""
    points = node.get_kpoints(cartesian=True)
    labels = tuple((int(point), _symbol(str(name))) for point, name in node.labels or ())
    named = {point for point, _ in labels}
    steps = np.linalg.norm(np.diff(points, axis=0, prepend=points[:1]), axis=1)
    # From the end of a line to the start of one that does not meet it there is no way.
    steps[[point for point in named if point - 1 in named]] = 0.0
    return BandStructure(np.cumsum(steps), np.asarray(node.get_bands(), dtype=np.float64), labels)


def _symbol(name: str) -> str:
    """Return a special point as it is printed, for the name that SeeK-path has for it."""
    letter, _, number = name.partition('_')
    return _GREEK.get(letter, letter) + number.translate(_SUBSCRIPTS)


def _dos(node: orm.XyData) -> PhononDos:
    """Return a density of states as arrays."""
    frequencies, values = node.get_x()[1], node.get_y()[0][1]
    return PhononDos(np.asarray(frequencies), np.asarray(values))


def _diffraction(row: PhaseRow, wavelength: float | None, node: orm.XyData | None) -> Diffraction:
    """Return the whole pattern of a phase, or its strongest peaks where no more are stored."""
    named = {peak.two_theta: _families(peak.reflections) for peak in row.diffraction}
    if node is None:
        angles = np.array([*named])
        heights = np.array([peak.intensity for peak in row.diffraction])
    else:
        angles, heights = node.get_x()[1], node.get_y()[0][1]
    indices = tuple(_named(named, float(angle)) for angle in angles)
    return Diffraction(np.asarray(angles), np.asarray(heights), indices, wavelength)


def _named(named: Mapping[float, str], angle: float) -> str:
    """Return the indices of the peak at an angle, which a stored number may not equal exactly."""
    nearest = min(named, key=lambda other: abs(other - angle))
    return named[nearest] if abs(nearest - angle) < 1e-6 else ''


def _families(reflections: Sequence[tuple[Sequence[int], int]]) -> str:
    """Return Miller indices as crystallographers write them, negative ones with a bar."""
    texts = []
    for indices, _ in reflections:
        apart = ' ' if any(abs(index) > 9 for index in indices) else ''
        texts.append(apart.join(f'{abs(i)}{chr(0x305) if i < 0 else ""}' for i in indices))
    return ', '.join(texts)
