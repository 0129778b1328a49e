"""Crystals as their space group says them: inequivalent sites and what of them is free.

Everything is given in the standard setting of the International Tables that
:mod:`aiida_crystalgen.science.symmetry.wyckoff` describes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cache, lru_cache
from typing import Any

import numpy as np
import spglib
from jaxtyping import Bool, Float, Int

from aiida_crystalgen.science.crystals import CrystalSet
from aiida_crystalgen.science.symmetry.dataset import ask_spglib, symmetry_dataset
from aiida_crystalgen.science.symmetry.lattices import primitive_basis
from aiida_crystalgen.science.symmetry.wyckoff import GROUPS, wyckoff_table

__all__ = ('SiteTemplates', 'SymmetricCrystals', 'symmetric_crystals')

_RESIDUAL = 1e-4  # of fractional coordinates that spglib has freed from noise


@dataclass(frozen=True)
class SiteTemplates:
    """Crystals without their numbers: space groups, and elements on Wyckoff positions.

    :param space_groups: number of that of each crystal.
    :param orbit_counts: number of inequivalent sites of each crystal.
    :param atomic_numbers: of all sites, crystal after crystal.
    :param letters: Wyckoff letter of each site, 0 for 'a'.
    :raises ValueError: if a space group has no such letter, or the numbers contradict each other.
    """

    space_groups: Int[np.ndarray, ' crystals']
    orbit_counts: Int[np.ndarray, ' crystals']
    atomic_numbers: Int[np.ndarray, ' orbits']
    letters: Int[np.ndarray, ' orbits']

    def __post_init__(self) -> None:
        """Check that the sites are there."""
        sites = int(self.orbit_counts.sum())
        if sites != len(self.letters) or sites != len(self.atomic_numbers):
            raise ValueError(
                f'orbit counts add up to {sites} sites, but {len(self.letters)} letters and '
                f'{len(self.atomic_numbers)} atomic numbers are given'
            )
        groups = self.space_groups[self.crystal_of_orbit]
        foreign = np.flatnonzero(
            (self.letters < 0) | (self.letters >= np.diff(wyckoff_table().bounds)[groups])
        )
        if len(foreign):
            raise ValueError(
                f'space group {groups[foreign[0]]} has no Wyckoff letter of number '
                f"{self.letters[foreign[0]]}, counted from 0 for 'a'"
            )

    def __len__(self) -> int:
        return len(self.space_groups)

    @property
    def crystal_of_orbit(self) -> Int[np.ndarray, ' orbits']:
        """Index of the crystal that each site belongs to."""
        return np.repeat(np.arange(len(self.space_groups)), self.orbit_counts)

    @property
    def positions(self) -> Int[np.ndarray, ' orbits']:
        """Row of each site in the table of Wyckoff positions."""
        groups = self.space_groups[self.crystal_of_orbit]
        return wyckoff_table().bounds[groups + 1] - 1 - self.letters

    @property
    def multiplicities(self) -> Int[np.ndarray, ' orbits']:
        """Number of atoms of each orbit in the primitive cell."""
        return wyckoff_table().sizes[self.positions]

    @property
    def atom_counts(self) -> Int[np.ndarray, ' crystals']:
        """Number of atoms of each crystal in the primitive cell."""
        weights = np.bincount(self.crystal_of_orbit, self.multiplicities, minlength=len(self))
        return weights.astype(np.int64)

    def select(
        self, rows: Sequence[int] | Int[np.ndarray, ' rows'] | Bool[np.ndarray, ' crystals']
    ) -> SiteTemplates:
        """Return the templates of the given rows (indices in any order, or a mask)."""
        chosen, orbits = _chosen(self.orbit_counts, rows)
        return SiteTemplates(
            space_groups=self.space_groups[chosen],
            orbit_counts=self.orbit_counts[chosen],
            atomic_numbers=self.atomic_numbers[orbits],
            letters=self.letters[orbits],
        )


@dataclass(frozen=True)
class SymmetricCrystals:
    """Crystals in the conventional cells of their space groups, one atom for each orbit.

    :param space_groups: see `SiteTemplates`, as the next three.
    :param orbit_counts: number of inequivalent sites of each crystal.
    :param atomic_numbers: of all sites, crystal after crystal.
    :param letters: Wyckoff letter of each site, 0 for 'a'.
    :param parameters: x, y and z of each site; those that its position does not have are 0.
    :param lattices: vectors of the conventional cells as rows, in Å.
    :param rows: of the crystals in the set that they were found in.
    """

    space_groups: Int[np.ndarray, ' crystals']
    orbit_counts: Int[np.ndarray, ' crystals']
    atomic_numbers: Int[np.ndarray, ' orbits']
    letters: Int[np.ndarray, ' orbits']
    parameters: Float[np.ndarray, 'orbits 3']
    lattices: Float[np.ndarray, 'crystals 3 3']
    rows: Int[np.ndarray, ' crystals']

    def __len__(self) -> int:
        return len(self.space_groups)

    @property
    def templates(self) -> SiteTemplates:
        """What is left of the crystals without their numbers."""
        return SiteTemplates(
            self.space_groups, self.orbit_counts, self.atomic_numbers, self.letters
        )

    @property
    def representatives(self) -> Float[np.ndarray, 'orbits 3']:
        """Fractional coordinates of the first point of each orbit in the conventional cell."""
        table = wyckoff_table()
        maps = table.maps[table.map_bounds[self.templates.positions]]
        return (maps[:, :, :3] * self.parameters[:, None]).sum(axis=2) + maps[:, :, 3]

    def select(
        self, rows: Sequence[int] | Int[np.ndarray, ' rows'] | Bool[np.ndarray, ' crystals']
    ) -> SymmetricCrystals:
        """Return the crystals of the given rows of this object (indices, or a mask)."""
        chosen, orbits = _chosen(self.orbit_counts, rows)
        of_orbits = ('atomic_numbers', 'letters', 'parameters')
        return SymmetricCrystals(
            **{
                one.name: getattr(self, one.name)[orbits if one.name in of_orbits else chosen]
                for one in fields(self)
            }
        )

    def to_crystals(self) -> CrystalSet:
        """Return the primitive cells of the standard setting, orbit after orbit."""
        table, templates = wyckoff_table(), self.templates
        positions, sizes = templates.positions, templates.multiplicities
        orbits = np.repeat(np.arange(len(positions)), sizes)
        points = np.arange(len(orbits)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        maps = table.maps[table.map_bounds[positions[orbits]] + points]
        conventional = (maps[:, :, :3] * self.parameters[orbits, None]).sum(axis=2) + maps[:, :, 3]
        bases, inverses = _primitive_bases()
        owners = templates.crystal_of_orbit[orbits]
        change = inverses[self.space_groups[owners]]
        coordinates = (conventional[:, :, None] * change).sum(axis=1)
        return CrystalSet(
            lattices=(bases[self.space_groups][..., None] * self.lattices[:, None]).sum(axis=2),
            fractional_coordinates=coordinates - np.floor(coordinates),
            atomic_numbers=self.atomic_numbers[orbits],
            counts=templates.atom_counts,
        )


def symmetric_crystals(crystals: CrystalSet, tolerance: float) -> SymmetricCrystals:
    """Return the crystals as spglib idealises them in the standard setting.

    Crystals that spglib finds no space group of, or whose sites are not where the Wyckoff table
    has them, are left out: ``rows`` tells those that are there.

    :param tolerance: of positions, in Å.
    """
    found = [_standard_cell(crystals, row, tolerance) for row in range(len(crystals))]
    cells = [one for one in found if one is not None]
    counts = np.array([len(one.letters) for one in cells], dtype=np.int64)
    sites = SymmetricCrystals(
        space_groups=np.array([one.group for one in cells], dtype=np.int64),
        orbit_counts=counts,
        atomic_numbers=_joined([one.numbers for one in cells], np.zeros(0, np.int64)),
        letters=_joined([one.letters for one in cells], np.zeros(0, np.int64)),
        parameters=np.zeros((int(counts.sum()), 3)),
        lattices=np.array([one.lattice for one in cells]).reshape(-1, 3, 3),
        rows=np.array([one.row for one in cells], dtype=np.int64),
    )
    return _with_parameters(sites, cells)


@dataclass(frozen=True)
class _StandardCell:
    """The conventional cell of one crystal, atoms with the number of their orbit."""

    row: int
    group: int
    lattice: np.ndarray
    numbers: np.ndarray  # of orbits
    letters: np.ndarray  # of orbits
    coordinates: np.ndarray  # of atoms
    orbits: np.ndarray  # of atoms


def _standard_cell(crystals: CrystalSet, row: int, tolerance: float) -> _StandardCell | None:
    """Return the conventional cell of a crystal; None if spglib finds no space group."""
    dataset = symmetry_dataset(crystals, row, tolerance)
    if dataset is not None and _hall_numbers()[dataset.number] != dataset.hall_number:
        dataset = ask_spglib(
            spglib.get_symmetry_dataset,
            _cell(crystals, row),
            symprec=tolerance,
            hall_number=_hall_numbers()[dataset.number],
        )
    if dataset is None:
        return None
    firsts, orbits = np.unique(dataset.crystallographic_orbits, return_inverse=True)
    of_primitive = np.zeros(int(dataset.mapping_to_primitive.max()) + 1, dtype=np.int64)
    of_primitive[dataset.mapping_to_primitive] = orbits
    letters = np.array([_letter_number(dataset.wyckoffs[first]) for first in firsts])
    return _StandardCell(
        row=row,
        group=int(dataset.number),
        lattice=dataset.std_lattice,
        numbers=crystals.atomic_numbers[crystals.atoms(row)][firsts].astype(np.int64),
        letters=letters,
        coordinates=dataset.std_positions,
        orbits=of_primitive[dataset.std_mapping_to_primitive],
    )


def _cell(crystals: CrystalSet, row: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return lattice, fractional coordinates and atomic numbers of one crystal."""
    atoms = crystals.atoms(row)
    return (
        crystals.lattices[row],
        crystals.fractional_coordinates[atoms],
        crystals.atomic_numbers[atoms],
    )


def _with_parameters(sites: SymmetricCrystals, cells: list[_StandardCell]) -> SymmetricCrystals:
    """Return the sites with the parameters of their orbits, without crystals that have none.

    A representative is the atom of an orbit that lies on the first map of its position.
    """
    table = wyckoff_table()
    offsets = np.cumsum(sites.orbit_counts) - sites.orbit_counts
    numbered = [one.orbits + offset for one, offset in zip(cells, offsets, strict=True)]
    orbits = _joined(numbered, np.zeros(0, np.int64))
    coordinates = _joined([one.coordinates for one in cells], np.zeros((0, 3)))
    positions = sites.templates.positions
    solvers, maps = _parameter_solvers()[positions[orbits]], table.maps[table.map_bounds[positions]]
    maps = maps[orbits]
    parameters = (solvers * (coordinates - maps[:, :, 3])[:, None]).sum(axis=2)
    images = (maps[:, :, :3] * parameters[:, None]).sum(axis=2) + maps[:, :, 3]
    residuals = images - coordinates
    residuals = np.abs(residuals - np.rint(residuals)).max(axis=1)
    order = np.lexsort((residuals > _RESIDUAL, orbits))
    best = order[np.searchsorted(orbits[order], np.arange(len(positions)))]
    chosen = parameters[best] - np.floor(parameters[best])
    full = np.bincount(orbits, minlength=len(positions)) == (
        table.sizes[positions]
        * table.centrings[sites.space_groups[sites.templates.crystal_of_orbit]]
    )
    is_lost = (residuals[best] > _RESIDUAL) | ~full
    lost = np.bincount(sites.templates.crystal_of_orbit, is_lost, minlength=len(sites)) > 0
    with_them = SymmetricCrystals(
        **{one.name: getattr(sites, one.name) for one in fields(sites) if one.name != 'parameters'},
        parameters=chosen,
    )
    return with_them.select(~lost)


@cache
def _hall_numbers() -> dict[int, int]:
    """Return the Hall number of the setting of the Wyckoff table, by space group."""
    numbers: dict[int, int] = {}
    for hall in range(530, 0, -1):
        kind = spglib.get_spacegroup_type(hall)
        # The first setting is the standard one, save that the second origin choice comes second.
        if not (kind.choice == '1' and kind.number in numbers):
            numbers[kind.number] = hall
    return numbers


@lru_cache(maxsize=1)
def _parameter_solvers() -> Float[np.ndarray, 'positions 3 3']:
    """Return the matrices that take the first point of each position to its free parameters.

    Every parameter stands alone in some coordinate of the first point, with the factor 1 or -1.
    """
    table = wyckoff_table()
    result = np.zeros((len(table.freedoms), 3, 3))
    for position, first in enumerate(table.map_bounds[:-1]):
        matrix = table.maps[first, :, :3]
        alone = (matrix != 0).sum(axis=1) == 1
        for parameter in np.flatnonzero(matrix.any(axis=0)):
            row = np.flatnonzero(alone & (np.abs(matrix[:, parameter]) == 1))[0]
            result[position, parameter, row] = matrix[row, parameter]
    return result


@lru_cache(maxsize=1)
def _primitive_bases() -> tuple[Float[np.ndarray, '231 3 3'], Float[np.ndarray, '231 3 3']]:
    """Return the vectors of the primitive cells in conventional axes, and the way back."""
    bases = np.stack([np.eye(3), *(primitive_basis(group) for group in GROUPS)])
    return bases, np.linalg.inv(bases)


def _letter_number(letter: str) -> int:
    """Return the number of a Wyckoff letter: 0 for 'a', 26 for 'A'."""
    return ord(letter) - ord('a') if letter.islower() else 26 + ord(letter) - ord('A')


def _chosen(counts: np.ndarray, rows: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return the indices of the chosen crystals and of their sites."""
    chosen = np.asarray(rows)
    if chosen.dtype != bool:
        chosen = chosen.astype(np.int64)
    chosen = np.arange(len(counts))[chosen]
    sizes = counts[chosen]
    within = np.arange(int(sizes.sum())) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    return chosen, np.repeat((np.cumsum(counts) - counts)[chosen], sizes) + within


def _joined(parts: list[np.ndarray], empty: np.ndarray) -> np.ndarray:
    """Return arrays one after another."""
    return np.concatenate([empty, *parts])
