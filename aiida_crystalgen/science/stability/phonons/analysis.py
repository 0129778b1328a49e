"""From the forces on displaced supercells to all that is asked of the phonons."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from aiida_crystalgen.science.crystals import CrystalSet
from aiida_crystalgen.science.stability.phonons.bands import BandPath, band_path, special_points
from aiida_crystalgen.science.stability.phonons.force_constants import (
    HarmonicCrystal,
    fit_force_constants,
    supercell_forces,
)
from aiida_crystalgen.science.stability.phonons.settings import PhononSettings
from aiida_crystalgen.science.stability.phonons.spectrum import (
    Mesh,
    ThermalProperties,
    eigenmodes,
    mesh_modes,
    thermal_properties,
)
from aiida_crystalgen.science.stability.phonons.verdict import PhononVerdict, judge_modes
from aiida_crystalgen.science.symmetry.analysis import space_groups

__all__ = ('PhononAnalysis', 'PhononSummary', 'analyse_phonons')


class PhononSummary(PhononVerdict):
    """The verdict, with what it rests on.

    There is no splitting of longitudinal and transverse optical modes at Γ: it takes charges that
    no interatomic potential knows.

    :param space_group: number.
    :param energy: of the crystal without displacements, in eV/atom.
    :param residual_force: largest on an atom of it, in eV/Å; subtracted from those of the others.
    :param supercell: its vectors as rows, in those of the symmetrized crystal.
    :param supercell_atoms: number of atoms in it.
    :param displacements: number of displaced supercells.
    :param engine: that gave the forces.
    """

    space_group: int
    energy: float
    residual_force: float
    supercell: tuple[tuple[int, int, int], ...]
    supercell_atoms: int
    displacements: int
    engine: dict[str, Any]


@dataclass(frozen=True)
class PhononAnalysis:
    """Phonons of one crystal.

    :param harmonic: the crystal with its force constants.
    :param path: lines through the Brillouin zone.
    :param bands: frequencies along it in THz, imaginary ones negative.
    :param mesh: frequencies on a mesh, and their density.
    :param thermal: thermal properties; None if the crystal is not stable.
    :param summary: the verdict.
    """

    harmonic: HarmonicCrystal
    path: BandPath
    bands: Float[np.ndarray, 'points modes']
    mesh: Mesh
    thermal: ThermalProperties | None
    summary: PhononSummary


def analyse_phonons(
    crystal: CrystalSet,
    supercells: CrystalSet,
    evaluated: CrystalSet,
    settings: PhononSettings,
    *,
    elastically_stable: bool | None = None,
) -> PhononAnalysis:
    """Return bands, mesh, thermal properties and the verdict.

    :param crystal: one, as a standard primitive cell.
    :param supercells: as `displaced_supercells` returns them for it.
    :param evaluated: the same with forces, see `fit_force_constants`.
    :param elastically_stable: what the elastic constants of the same engine say; see `judge_modes`.
    :raises ValueError: if forces are missing, or those of other geometries.
    """
    harmonic = fit_force_constants(crystal, supercells, evaluated)
    path = band_path(crystal, settings.path_spacing)
    mesh = mesh_modes(harmonic, settings.mesh_length, settings.dos_pitch)
    sampled = np.concatenate([path.q_points, mesh.q_points])
    verdict = judge_modes(
        harmonic,
        special_points(crystal),
        sampled,
        settings.verdict,
        elastically_stable=elastically_stable,
    )
    thermal = None
    if verdict.verdict != 'imaginary':
        thermal = thermal_properties(mesh, settings.temperatures, settings.verdict.tolerance)
    residual = supercell_forces(supercells, evaluated)[0]
    unmoved = evaluated['energy'][evaluated['row'] == 0]
    summary = PhononSummary(
        **verdict.model_dump(),
        space_group=int(space_groups(crystal, settings.symmetry_tolerance)[0]),
        energy=float(unmoved[0]),
        residual_force=float(np.linalg.norm(residual, axis=1).max()),
        supercell=tuple(tuple(row) for row in harmonic.supercell_matrix.T.tolist()),
        supercell_atoms=int(supercells.counts[0]),
        displacements=len(supercells) - 1,
        engine=dict(evaluated.metadata['engine']),
    )
    bands = eigenmodes(harmonic, path.q_points)[0]
    return PhononAnalysis(harmonic, path, bands, mesh, thermal, summary)
