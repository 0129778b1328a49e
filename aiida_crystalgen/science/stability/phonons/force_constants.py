"""Force constants from the forces on displaced supercells."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int
from phonopy import Phonopy

from aiida_crystalgen.science.crystals import CrystalSet
from aiida_crystalgen.science.stability.phonons.supercells import RECIPE, as_phonopy

__all__ = ('HarmonicCrystal', 'fit_force_constants', 'harmonic_crystal', 'supercell_forces')

_GEOMETRY_TOLERANCE = 1e-4  # Å; engines write at least six decimals


HarmonicCrystal = Phonopy  # with force constants


def fit_force_constants(
    crystal: CrystalSet, supercells: CrystalSet, evaluated: CrystalSet
) -> HarmonicCrystal:
    """Return the crystal with its force constants, from the forces on its supercells.

    The forces on the supercell without displacement are subtracted, then the sum rules of
    translation and the symmetry of the second derivatives are imposed.

    :param crystal: the standard primitive cell.
    :param supercells: as `displaced_supercells` returns them for it.
    :param evaluated: the same by an engine; the column ``row`` tells which one each is, the atom
        column ``forces`` is in eV/Å.
    :raises ValueError: if forces are missing, or those of other geometries.
    """
    recipe = supercells.metadata[RECIPE]
    matrix = np.array(recipe['matrix'], dtype=np.int64)
    phonon = as_phonopy(crystal, matrix)
    phonon.dataset = {
        'natom': len(phonon.supercell),
        'first_atoms': [
            {'number': one['atom'], 'displacement': np.array(one['displacement'])}
            for one in recipe['displacements']
        ],
    }
    forces = supercell_forces(supercells, evaluated)
    phonon.forces = forces[1:] - forces[0]
    phonon.produce_force_constants(calculate_full_force_constants=False, show_drift=False)
    phonon.symmetrize_force_constants(show_drift=False)
    return phonon


def harmonic_crystal(
    crystal: CrystalSet,
    matrix: Int[np.ndarray, '3 3'],
    force_constants: Float[np.ndarray, 'atoms supercell_atoms 3 3'],
) -> HarmonicCrystal:
    """Return the crystal with force constants that were fitted before.

    :param matrix: of the supercell.
    :param force_constants: between the atoms of the crystal and those of the supercell, in eV/Å².
    """
    phonon = as_phonopy(crystal, matrix)
    phonon.force_constants = force_constants
    return phonon


def supercell_forces(
    supercells: CrystalSet, evaluated: CrystalSet
) -> Float[np.ndarray, 'supercells atoms 3']:
    """Return the forces on each supercell in eV/Å.

    :raises ValueError: if some are missing, or those of other geometries.
    """
    _refuse_missing(supercells, evaluated)
    atoms = int(supercells.counts[0])
    ordered = evaluated.select(np.argsort(evaluated['row']))
    _refuse_other_geometries(supercells, ordered)
    return np.asarray(ordered.atom_columns['forces'].values).reshape(-1, atoms, 3)


def _refuse_missing(supercells: CrystalSet, evaluated: CrystalSet) -> None:
    """Raise unless there are forces on every supercell."""
    failures = dict.fromkeys(range(len(supercells)), 'the engine returned nothing')
    bounds = evaluated.offsets
    forces = evaluated.atom_columns['forces'].values
    for position, row in enumerate(evaluated['row'].tolist()):
        if evaluated['rejection'][position]:
            failures[row] = str(evaluated['rejection'][position])
        elif not evaluated['converged'][position]:
            failures[row] = 'it is not converged'
        elif not np.isfinite(forces[bounds[position] : bounds[position + 1]]).all():
            failures[row] = 'its forces are not finite'
        else:
            del failures[row]
    if failures:
        reasons = '; '.join(f'row {row}: {reason}' for row, reason in failures.items())
        raise ValueError(
            f'{len(failures)} of {len(supercells)} supercells have no forces: {reasons}'
        )


def _refuse_other_geometries(supercells: CrystalSet, evaluated: CrystalSet) -> None:
    """Raise unless the evaluated crystals are the supercells, atom by atom."""
    if (evaluated.atomic_numbers != supercells.atomic_numbers).any():
        raise ValueError('the atoms of the evaluated supercells are not those that were asked for')
    shifts = evaluated.fractional_coordinates - supercells.fractional_coordinates
    shifts -= np.rint(shifts)
    lattices = supercells.lattices[supercells.crystal_of_atom]
    distances = np.linalg.norm(np.einsum('ai,aij->aj', shifts, lattices), axis=1)
    strains = np.abs(evaluated.lattices - supercells.lattices).max()
    if max(distances.max(), strains) > _GEOMETRY_TOLERANCE:
        row = int(supercells.crystal_of_atom[np.argmax(distances)])
        raise ValueError(
            f'row {row} of the evaluated supercells has an atom {distances.max():.2g} Å, or '
            f'a lattice {strains:.2g} Å, off the geometry that was asked for; the engine has to '
            'evaluate it as it is, with freedom none'
        )
