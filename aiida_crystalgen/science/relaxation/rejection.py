"""Which relaxed crystals are unphysical, and why.

Potentials know what they were trained on. Beyond it they may have holes, energies without a lower
bound, into which a relaxation falls; where it stops has bonds of no crystal, a volume of none, or
an energy that no bond could give. High energies are no reason: any bad structure has one, and none
wins a search.
"""

from __future__ import annotations

import numpy as np
from ase.data import chemical_symbols, covalent_radii
from jaxtyping import Bool, Float
from matscipy.neighbours import neighbour_list

from aiida_crystalgen.science.clusters import occupied_volumes
from aiida_crystalgen.science.composition import reduced_formulas
from aiida_crystalgen.science.crystals import CrystalSet
from aiida_crystalgen.science.relaxation.settings import PhysicalLimits

__all__ = ('is_out_of_volume', 'unphysical_reasons')


def is_out_of_volume(
    crystals: CrystalSet, start_volumes: Float[np.ndarray, ' crystals'], limits: PhysicalLimits
) -> Bool[np.ndarray, ' crystals']:
    """Return which cells are smaller or larger than any crystal's, and which clusters fly apart.

    :param start_volumes: that the crystals occupied before the relaxation, in Å³.
    """
    smallest, largest = _volume_limits(crystals, start_volumes, limits)
    volumes = occupied_volumes(crystals)
    return (volumes < smallest) | (volumes > largest)


def unphysical_reasons(
    crystals: CrystalSet,
    start_volumes: Float[np.ndarray, ' crystals'],
    limits: PhysicalLimits,
    *,
    peers: CrystalSet | None = None,
) -> np.ndarray:
    """Return for each crystal why it is unphysical, an empty text if it is not.

    :param crystals: relaxed, with the column ``energy`` in eV/atom.
    :param start_volumes: that they occupied before the relaxation, in Å³.
    :param peers: physical crystals of the same compositions whose energies these are compared with;
        those of the crystals themselves that are physical so far if None.
    """
    reasons = np.full(len(crystals), '', dtype=object)
    reasons[np.isnan(crystals['energy'])] = 'energy, forces or stress are not finite'
    _reject_volumes(reasons, crystals, start_volumes, limits)
    _reject_bonds(reasons, crystals, limits.shortest_bond)
    compared = crystals.select(reasons == '') if peers is None else peers
    _reject_energies(reasons, crystals, compared, limits.largest_drop)
    return reasons.astype(np.str_)


def _volume_limits(
    crystals: CrystalSet, start_volumes: Float[np.ndarray, ' crystals'], limits: PhysicalLimits
) -> tuple[Float[np.ndarray, ' crystals'], Float[np.ndarray, ' crystals']]:
    """Return the smallest and the largest volume that each crystal may occupy, in Å³.

    Nothing in a cluster is too small but bonds: the ball of two atoms is hardly more than a line.
    """
    if not crystals.periodic:
        return np.zeros(len(crystals)), limits.largest_expansion * start_volumes
    spheres = 4 / 3 * np.pi * covalent_radii[crystals.atomic_numbers] ** 3
    filled = np.bincount(crystals.crystal_of_atom, weights=spheres, minlength=len(crystals))
    return limits.smallest_volume * filled, limits.largest_expansion * start_volumes


def _reject_volumes(
    reasons: np.ndarray,
    crystals: CrystalSet,
    start_volumes: Float[np.ndarray, ' crystals'],
    limits: PhysicalLimits,
) -> None:
    """Add to the reasons what is wrong with volumes."""
    smallest, largest = _volume_limits(crystals, start_volumes, limits)
    out = is_out_of_volume(crystals, start_volumes, limits)
    for row in np.flatnonzero(out & (reasons == '')):
        volume, low, high = (
            values[row] / crystals.counts[row]
            for values in (occupied_volumes(crystals), smallest, largest)
        )
        side = f'below {low:.2f}' if volume < low else f'above {high:.2f}'
        reasons[row] = f'volume per atom {volume:.2f} Å³ {side} Å³'


def _reject_bonds(reasons: np.ndarray, crystals: CrystalSet, ratio: float) -> None:
    """Add to the reasons which bonds are too short.

    :param ratio: smallest distance over the sum of the covalent radii.
    """
    positions = crystals.cartesian_coordinates
    starts = crystals.offsets
    for row in np.flatnonzero(reasons == ''):
        atoms = slice(starts[row], starts[row + 1])
        numbers = crystals.atomic_numbers[atoms]
        radii = ratio * covalent_radii[numbers]
        # Neighbours in the sense of this list are atoms whose spheres overlap.
        first, second, distances = neighbour_list(
            'ijd',
            positions=positions[atoms],
            cell=crystals.lattices[row],
            pbc=(crystals.periodic,) * 3,
            cutoff=radii,
        )
        if len(distances):
            allowed = radii[first] + radii[second]
            worst = np.argmin(distances / allowed)
            pair = sorted(chemical_symbols[numbers[one[worst]]] for one in (first, second))
            reasons[row] = (
                f'shortest distance {distances[worst]:.2f} Å of {"-".join(pair)} below '
                f'{allowed[worst]:.2f} Å'
            )


def _reject_energies(
    reasons: np.ndarray, crystals: CrystalSet, peers: CrystalSet, largest_drop: float
) -> None:
    """Add to the reasons which energies are too low to be true.

    They are compared with the median of all physical crystals of the composition, which does not
    move as long as fewer than half of them fell into a hole. A new ground state lies a fraction of
    an eV/atom below it, at most as much as its elements' bonds can gain.

    :param largest_drop: below the median, in eV/atom.
    """
    energies = crystals['energy']
    formulas, of_peers = reduced_formulas(crystals), reduced_formulas(peers)
    for formula in np.unique(formulas[reasons == '']):
        rows = np.flatnonzero((formulas == formula) & (reasons == ''))
        median = np.median(peers['energy'][of_peers == formula])
        for row in rows[energies[rows] < median - largest_drop]:
            reasons[row] = (
                f'energy {energies[row]:.2f} eV/atom more than {largest_drop:.2f} below the median '
                f'{median:.2f} of {formula}'
            )
