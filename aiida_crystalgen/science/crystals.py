"""Sets of crystals: the noun that every verb of this package takes and returns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int

__all__ = ('Column', 'CrystalSet', 'concatenate')


@dataclass(frozen=True)
class Column:
    """A property with one value (a number, an array or a string) per crystal, or per atom.

    :param values: array whose first axis runs over crystals (or atoms); text is a numpy unicode
        array.
    :param unit: unit of the values, empty for pure numbers and text.
    """

    values: np.ndarray
    unit: str = ''


@dataclass(frozen=True)
class CrystalSet:
    """Crystals of any sizes, stored as flat arrays so that whole batches are worked on at once.

    :param lattices: lattice vectors a, b, c as rows, in Å.
    :param fractional_coordinates: of all atoms, crystal after crystal.
    :param atomic_numbers: of all atoms, in the same order.
    :param counts: number of atoms of each crystal.
    :param columns: named properties, one value per crystal.
    :param atom_columns: named properties, one value per atom, as the forces on them.
    :param metadata: JSON facts about the whole set: ``source``, ``engine`` of its energies, …
    :param periodic: whether the cells repeat. Otherwise these are clusters of atoms, each in a box
        that says nothing but where the atoms are: they may as well be outside of it.
    :raises ValueError: if the shapes contradict each other, or a number is not finite.
    """

    lattices: Float[np.ndarray, 'crystals 3 3']
    fractional_coordinates: Float[np.ndarray, 'atoms 3']
    atomic_numbers: Int[np.ndarray, ' atoms']
    counts: Int[np.ndarray, ' crystals']
    columns: Mapping[str, Column] = field(default_factory=dict)
    atom_columns: Mapping[str, Column] = field(default_factory=dict)
    metadata: Mapping[str, Any] = field(default_factory=dict)
    periodic: bool = True

    def __post_init__(self) -> None:
        """Check the shapes once, so that no verb has to."""
        crystals, atoms = len(self.counts), len(self.atomic_numbers)
        if self.lattices.shape != (crystals, 3, 3):
            raise ValueError(f'lattices have shape {self.lattices.shape}, not ({crystals}, 3, 3)')
        if self.fractional_coordinates.shape != (atoms, 3):
            shape = self.fractional_coordinates.shape
            raise ValueError(f'fractional coordinates have shape {shape}, not ({atoms}, 3)')
        if int(self.counts.sum()) != atoms or (crystals and int(self.counts.min()) < 1):
            raise ValueError(
                f'counts add up to {int(self.counts.sum())} atoms, but {atoms} are given'
            )
        if not (
            np.isfinite(self.lattices).all() and np.isfinite(self.fractional_coordinates).all()
        ):
            raise ValueError('lattices and coordinates must be finite numbers')
        _check_lengths(self.columns, crystals, 'crystals')
        _check_lengths(self.atom_columns, atoms, 'atoms')

    def __len__(self) -> int:
        return len(self.counts)

    def __getitem__(self, name: str) -> np.ndarray:
        """Return the values of a column.

        :raises KeyError: if there is no such column; the message names those there are.
        """
        try:
            return self.columns[name].values
        except KeyError:
            raise KeyError(f"no column '{name}', only {sorted(self.columns)}") from None

    def __contains__(self, name: str) -> bool:
        return name in self.columns

    @property
    def offsets(self) -> Int[np.ndarray, ' bounds']:
        """Index of each crystal's first atom, closed by the number of atoms."""
        return np.concatenate([[0], np.cumsum(self.counts)])

    @property
    def crystal_of_atom(self) -> Int[np.ndarray, ' atoms']:
        """Index of the crystal that each atom belongs to."""
        return np.repeat(np.arange(len(self)), self.counts)

    @property
    def cartesian_coordinates(self) -> Float[np.ndarray, 'atoms 3']:
        """Positions of all atoms in Å."""
        lattices = self.lattices[self.crystal_of_atom]
        return np.einsum('ai,aij->aj', self.fractional_coordinates, lattices)

    @property
    def volumes(self) -> Float[np.ndarray, ' crystals']:
        """Volume of each cell in Å³, for clusters that of the box."""
        return np.abs(np.linalg.det(self.lattices))

    @property
    def labels(self) -> tuple[str, ...]:
        """Texts of the column ``label``, or the rows of a set without one."""
        names = self['label'] if 'label' in self else np.arange(len(self))
        return tuple(str(name) for name in names)

    def atoms(self, row: int) -> slice:
        """Return the slice of the flat atom arrays that holds crystal ``row``."""
        start = int(self.counts[:row].sum())
        return slice(start, start + int(self.counts[row]))

    def select(
        self, rows: Sequence[int] | Int[np.ndarray, ' rows'] | Bool[np.ndarray, ' crystals']
    ) -> CrystalSet:
        """Return the crystals of the given rows (indices in any order, or a mask), as a set."""
        chosen = np.asarray(rows)
        if chosen.dtype != bool:
            chosen = chosen.astype(np.int64)
        chosen = np.arange(len(self))[chosen]
        counts = self.counts[chosen]
        within = np.arange(int(counts.sum())) - np.repeat(np.cumsum(counts) - counts, counts)
        atoms = np.repeat(self.offsets[chosen], counts) + within
        return CrystalSet(
            lattices=self.lattices[chosen],
            fractional_coordinates=self.fractional_coordinates[atoms],
            atomic_numbers=self.atomic_numbers[atoms],
            counts=counts,
            columns={
                name: replace(column, values=column.values[chosen])
                for name, column in self.columns.items()
            },
            atom_columns={
                name: replace(column, values=column.values[atoms])
                for name, column in self.atom_columns.items()
            },
            metadata=self.metadata,
            periodic=self.periodic,
        )

    def with_columns(self, **columns: Column | np.ndarray) -> CrystalSet:
        """Return the set with these columns added or replaced; a bare array has no unit."""
        added = {
            name: column if isinstance(column, Column) else Column(column)
            for name, column in columns.items()
        }
        return replace(self, columns={**self.columns, **added})

    def with_atom_columns(self, **columns: Column) -> CrystalSet:
        """Return the set with these columns of its atoms added or replaced."""
        return replace(self, atom_columns={**self.atom_columns, **columns})

    def without_columns(self) -> CrystalSet:
        """Return the bare crystals."""
        return replace(self, columns={}, atom_columns={})

    def with_metadata(self, **metadata: Any) -> CrystalSet:
        """Return the set with these metadata keys added or replaced."""
        return replace(self, metadata={**self.metadata, **metadata})


def _check_lengths(columns: Mapping[str, Column], number: int, things: str) -> None:
    """Raise unless every column has one value for each of its things.

    :raises ValueError: naming the column.
    """
    for name, column in columns.items():
        if len(column.values) != number:
            raise ValueError(
                f"column '{name}' has {len(column.values)} values for {number} {things}"
            )


def concatenate(sets: Sequence[CrystalSet]) -> CrystalSet:
    """Return all crystals in one set, with the columns and metadata that all of them share.

    :raises ValueError: if there are no sets, some hold crystals and others clusters, or a column
        has different units.
    """
    if not sets:
        raise ValueError('there are no sets of crystals to concatenate')
    if len({one.periodic for one in sets}) > 1:
        crystals, clusters = (
            sum(len(one) for one in sets if one.periodic is kind) for kind in (True, False)
        )
        raise ValueError(
            f'{crystals} crystals and {clusters} clusters cannot be one set; keep what is periodic '
            'and what is not apart'
        )
    return CrystalSet(
        lattices=np.concatenate([one.lattices for one in sets]),
        fractional_coordinates=np.concatenate([one.fractional_coordinates for one in sets]),
        atomic_numbers=np.concatenate([one.atomic_numbers for one in sets]),
        counts=np.concatenate([one.counts for one in sets]),
        columns=_concatenated([one.columns for one in sets]),
        atom_columns=_concatenated([one.atom_columns for one in sets]),
        metadata={
            name: fact
            for name, fact in sets[0].metadata.items()
            if all(name in one.metadata and one.metadata[name] == fact for one in sets)
        },
        periodic=sets[0].periodic,
    )


def _concatenated(parts: Sequence[Mapping[str, Column]]) -> dict[str, Column]:
    """Return the columns that all parts have, one part after another.

    :raises ValueError: if a column has different units.
    """
    columns = {}
    for name in parts[0]:
        if not all(name in other for other in parts):
            continue
        units = {part[name].unit for part in parts}
        if len(units) > 1:
            raise ValueError(f"column '{name}' is given in different units: {sorted(units)}")
        columns[name] = Column(np.concatenate([part[name].values for part in parts]), units.pop())
    return columns
