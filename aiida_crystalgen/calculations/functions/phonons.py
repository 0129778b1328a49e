"""Phonons of a structure, and whether it is dynamically stable."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
from aiida import orm
from aiida.engine import calcfunction

from aiida_crystalgen.calculations.functions.refusal import refusable
from aiida_crystalgen.data.convert import crystals_from_node, crystals_from_structures
from aiida_crystalgen.data.structure_set import StructureSetData

if TYPE_CHECKING:
    from aiida_crystalgen.science.stability.phonons.analysis import PhononAnalysis
    from aiida_crystalgen.science.stability.phonons.spectrum import Mesh, ThermalProperties

__all__ = ('phonons',)


@calcfunction
@refusable
def phonons(
    structure: orm.StructureData,
    supercells: StructureSetData,
    evaluated: StructureSetData,
    settings: orm.Dict,
    elasticity: orm.Dict | None = None,
) -> dict[str, orm.Data]:
    """Return ``phonons`` (the verdict), ``bands``, ``mesh``, ``dos`` and ``force_constants``.

    A crystal that is not unstable has ``thermal`` properties as well.

    :param structure: a standard primitive cell, as `symmetrize` returns it.
    :param supercells: as `displace` returns them for these settings.
    :param evaluated: the same with the forces of an engine.
    :param elasticity: the elastic verdict of the same engine on the structure, which decides where
        the interpolation near Γ cannot; None if there is none.
    """
    from aiida_crystalgen.science.stability.phonons.analysis import analyse_phonons
    from aiida_crystalgen.science.stability.phonons.settings import PhononSettings

    analysis = analyse_phonons(
        crystals_from_structures([structure]),
        crystals_from_node(supercells),
        crystals_from_node(evaluated),
        PhononSettings.parse(settings.get_dict()),
        elastically_stable=None if elasticity is None else elasticity['stable'],
    )
    results: dict[str, orm.Data] = {
        'phonons': orm.Dict(analysis.summary.model_dump(mode='json')),
        'bands': _bands(structure, analysis),
        'mesh': _mesh(structure, analysis.mesh),
        'dos': _dos(analysis.mesh),
        'force_constants': _force_constants(analysis),
    }
    if analysis.thermal is not None:
        results['thermal'] = _thermal(analysis.thermal)
    return results


def _frequencies(
    structure: orm.StructureData,
    q_points: np.ndarray,
    frequencies: np.ndarray,
    *,
    labels: Iterable[tuple[int, str]] = (),
    weights: np.ndarray | None = None,
) -> orm.BandsData:
    """Return frequencies at q-points as a node."""
    kpoints = orm.KpointsData()
    kpoints.set_cell_from_structure(structure)
    kpoints.set_kpoints(q_points, weights=weights)
    # AiiDA's plots print Γ where its old name stands.
    kpoints.labels = [(index, 'GAMMA' if name == 'Γ' else name) for index, name in labels]
    bands = orm.BandsData()
    bands.set_kpointsdata(kpoints)
    bands.set_bands(frequencies, units='THz')
    return bands


def _bands(structure: orm.StructureData, analysis: PhononAnalysis) -> orm.BandsData:
    """Return the frequencies along the path, with the names of its points."""
    path = analysis.path
    return _frequencies(structure, path.q_points, analysis.bands, labels=path.labels)


def _mesh(structure: orm.StructureData, mesh: Mesh) -> orm.BandsData:
    """Return the frequencies on the mesh, with the weights of its points."""
    weights = mesh.weights / mesh.weights.sum()
    return _frequencies(structure, mesh.q_points, mesh.frequencies, weights=weights)


def _dos(mesh: Mesh) -> orm.XyData:
    """Return the density of states of the primitive cell."""
    dos = orm.XyData()
    dos.set_x(mesh.pitched_frequencies, 'frequency', 'THz')
    dos.set_y([mesh.density_of_states], ['density of states'], ['1/THz'])
    return dos


def _thermal(properties: ThermalProperties) -> orm.XyData:
    """Return the thermal properties."""
    thermal = orm.XyData()
    thermal.set_x(properties.temperatures, 'temperature', 'K')
    thermal.set_y(
        [properties.free_energy, properties.entropy, properties.heat_capacity],
        ['free energy', 'entropy', 'heat capacity'],
        ['eV/atom', 'k_B/atom', 'k_B/atom'],
    )
    return thermal


def _force_constants(analysis: PhononAnalysis) -> orm.ArrayData:
    """Return the force constants in eV/Å², and the supercell that they belong to."""
    harmonic = analysis.harmonic
    return orm.ArrayData(
        {
            'force_constants': np.asarray(harmonic.force_constants),
            'supercell_matrix': np.asarray(harmonic.supercell_matrix),
        }
    )
