"""How often structure types occur in known crystals, and with which elements."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import permutations

import numpy as np
from jaxtyping import Float, Float32, Int

from aiida_crystalgen.science.site_templates.traits import element_traits
from aiida_crystalgen.science.site_templates.types import Letters, type_of_sites
from aiida_crystalgen.science.symmetric_crystals import SiteTemplates
from aiida_crystalgen.science.symmetry.wyckoff import wyckoff_table

__all__ = ('KnownTypes', 'SiteDistribution')

_PREFIX = 'site_templates.'
_GROUPS = 231  # space groups by number, from 0
_MOST_ELEMENTS = 6  # whose orders are gone through one by one


@dataclass(frozen=True)
class KnownTypes:
    """The structure types with a certain number of elements, and the compounds of each.

    An element plays a role: its sites are those of all elements that play it.

    :param types: rows of the types in the distribution.
    :param groups: number of the space group of each type.
    :param amounts: atoms of each role in the primitive cell.
    :param sites: inequivalent sites of each role.
    :param owners: place of each compound's type among these.
    :param elements: atomic number of each compound's element in each role.
    :param equal_types: place of a type whose roles can be exchanged, once for each exchange.
    :param exchanges: the number of such an order of roles among all orders of them.
    """

    types: Int[np.ndarray, ' types']
    groups: Int[np.ndarray, ' types']
    amounts: Int[np.ndarray, 'types roles']
    sites: Int[np.ndarray, 'types roles']
    owners: Int[np.ndarray, ' compounds']
    elements: Int[np.ndarray, 'compounds roles']
    equal_types: Int[np.ndarray, ' exchanges']
    exchanges: Int[np.ndarray, ' exchanges']

    @property
    def atoms(self) -> Int[np.ndarray, ' types']:
        """Number of atoms of each type in the primitive cell."""
        return self.amounts.sum(axis=1)

    @cached_property
    def site_numbers(self) -> dict[tuple[int, ...], int]:
        """How many compounds have some numbers of sites of their elements, in falling order.

        One site of each is always among them, so that every space group has room for something.
        """
        falling = -np.sort(-self.sites, axis=1)
        compounds = np.bincount(self.owners, minlength=len(falling))
        result = {(1,) * falling.shape[1]: 1}
        for one, many in zip(map(tuple, falling.tolist()), compounds.tolist(), strict=True):
            result[one] = result.get(one, 0) + many
        return result


@dataclass(frozen=True)
class SiteDistribution:
    """Structure types of known crystals, and the different compounds that have each.

    :param groups: number of the space group of each type.
    :param role_counts: number of elements of each type.
    :param orbit_counts: number of inequivalent sites of each type.
    :param compound_counts: number of known compounds of each type.
    :param letters: of all sites, type after type, in the commonest description of the type.
    :param roles: of all sites.
    :param elements: atomic numbers of all compounds, role after role, type after type.
    :param equal_types: row of a type whose roles can be exchanged, once for each exchange.
    :param exchanges: the number of such an order of roles among all orders of them.
    :param traits: of elements, by atomic number.
    """

    groups: Int[np.ndarray, ' types']
    role_counts: Int[np.ndarray, ' types']
    orbit_counts: Int[np.ndarray, ' types']
    compound_counts: Int[np.ndarray, ' types']
    letters: Int[np.ndarray, ' orbits']
    roles: Int[np.ndarray, ' orbits']
    elements: Int[np.ndarray, ' members']
    equal_types: Int[np.ndarray, ' exchanges']
    exchanges: Int[np.ndarray, ' exchanges']
    traits: Float32[np.ndarray, 'elements traits']

    @classmethod
    def fit(cls, crystals: SiteTemplates) -> SiteDistribution:
        """Return the distribution of known crystals, of which each compound of a type counts once.

        :param crystals: those of more than six elements are left out.
        :raises ValueError: if there are no others.
        """
        compounds: dict[tuple[int, Letters], set[tuple[int, ...]]] = {}
        described: dict[tuple[int, Letters], Counter[Letters]] = {}
        for group, numbers, letters in _elements_and_letters(crystals):
            kind = type_of_sites(group, letters)
            order, key = kind.orders[0], (group, kind.letters)
            compounds.setdefault(key, set()).add(tuple(numbers[place] for place in order))
            commonest = described.setdefault(key, Counter())
            commonest[tuple(letters[place] for place in order)] += 1
        if not compounds:
            raise ValueError(
                f'none of the {len(crystals)} crystals has sites that could be counted'
            )
        keys = sorted(compounds, key=lambda key: (len(key[1]), key))
        chosen = [min(described[key].items(), key=lambda one: (-one[1], one[0]))[0] for key in keys]
        exchanges = [
            (row, order) for row, key in enumerate(keys) for order in _exchanges(key[0], key[1])
        ]
        roles = [(role, one) for kind in chosen for role, those in enumerate(kind) for one in those]
        return cls(
            groups=np.array([group for group, _ in keys]),
            role_counts=np.array([len(letters) for _, letters in keys]),
            orbit_counts=np.array([sum(map(len, letters)) for _, letters in keys]),
            compound_counts=np.array([len(compounds[key]) for key in keys]),
            letters=np.array([letter for _, letter in roles]),
            roles=np.array([role for role, _ in roles]),
            elements=np.array(
                [number for key in keys for one in sorted(compounds[key]) for number in one]
            ),
            equal_types=np.array([row for row, _ in exchanges], dtype=np.int64),
            exchanges=np.array([order for _, order in exchanges], dtype=np.int64),
            traits=element_traits(),
        )

    @classmethod
    def from_weights(cls, weights: Mapping[str, np.ndarray]) -> SiteDistribution:
        """Return the distribution that is among the weights of a checkpoint.

        :raises ValueError: if it is not.
        """
        names = list(cls.__annotations__)
        missing = [name for name in names if f'{_PREFIX}{name}' not in weights]
        if missing:
            raise ValueError(f"the weights of the checkpoint lack '{_PREFIX}{missing[0]}'")
        found = {name: np.asarray(weights[f'{_PREFIX}{name}']) for name in names}
        traits = found.pop('traits').astype(np.float32)
        return cls(**{name: one.astype(np.int64) for name, one in found.items()}, traits=traits)

    def to_weights(self) -> dict[str, np.ndarray]:
        """Return the distribution as named arrays, whole numbers as short as they can be."""
        arrays = {name: getattr(self, name) for name in self.__annotations__}
        return {
            f'{_PREFIX}{name}': one
            if name == 'traits'
            else one.astype(np.min_scalar_type(int(one.max(initial=0))))
            for name, one in arrays.items()
        }

    @cached_property
    def orbit_bounds(self) -> Int[np.ndarray, ' bounds']:
        """First site of each type, closed by their total."""
        return np.concatenate([[0], np.cumsum(self.orbit_counts)])

    @cached_property
    def _orbit_types(self) -> Int[np.ndarray, ' orbits']:
        """Row of the type of each site."""
        return np.repeat(np.arange(len(self.groups)), self.orbit_counts)

    @cached_property
    def _orbit_sizes(self) -> Int[np.ndarray, ' orbits']:
        """Number of atoms of each site in the primitive cell."""
        table = wyckoff_table()
        return table.sizes[table.bounds[self.groups[self._orbit_types] + 1] - 1 - self.letters]

    @cached_property
    def known(self) -> dict[int, KnownTypes]:
        """The types by their number of elements."""
        starts = np.cumsum(self.compound_counts * self.role_counts)
        result = {}
        for count in np.unique(self.role_counts).tolist():
            rows = np.flatnonzero(self.role_counts == count)
            orbits = np.flatnonzero(self.role_counts[self._orbit_types] == count)
            owners = np.searchsorted(rows, self._orbit_types[orbits])
            slots = owners * count + self.roles[orbits]
            amounts = np.bincount(slots, self._orbit_sizes[orbits], minlength=len(rows) * count)
            sites = np.bincount(slots, minlength=len(rows) * count)
            # Types are in the order of their numbers of elements.
            ends = starts[rows]
            first = ends[0] - self.compound_counts[rows[0]] * count
            exchanged = np.isin(self.equal_types, rows)
            result[count] = KnownTypes(
                types=rows,
                groups=self.groups[rows],
                amounts=amounts.astype(np.int64).reshape(-1, count),
                sites=sites.reshape(-1, count),
                owners=np.repeat(np.arange(len(rows)), self.compound_counts[rows]),
                elements=self.elements[first : ends[-1]].reshape(-1, count),
                equal_types=np.searchsorted(rows, self.equal_types[exchanged]),
                exchanges=self.exchanges[exchanged],
            )
        return result

    @cached_property
    def group_counts(self) -> Int[np.ndarray, 'atoms 231']:
        """Number of compounds by atoms in the primitive cell and space group."""
        atoms = np.bincount(self._orbit_types, self._orbit_sizes).astype(np.int64)
        result = np.zeros((int(atoms.max()) + 1, _GROUPS), dtype=np.int64)
        np.add.at(result, (atoms, self.groups), self.compound_counts)
        return result

    def group_shares(self, counts: Int[np.ndarray, ' 231'], backoff: float) -> np.ndarray:
        """Return the share of each space group, by some compounds and then by all of them.

        :param counts: of the compounds that it goes by, by space group.
        :param backoff: see `TemplateSettings`.
        """
        everyone = self.group_counts.sum(axis=0)
        prior = np.full(_GROUPS, 1 / (_GROUPS - 1))
        prior[0] = 0
        prior = (everyone + backoff * prior) / (everyone.sum() + backoff)
        shares: np.ndarray = (counts + backoff * prior) / (counts.sum() + backoff)
        return shares

    def orbit_rates(self, group: int, backoff: float) -> Float[np.ndarray, ' letters']:
        """Return how many orbits a crystal of a space group has on each position, on average.

        Positions that were seldom seen are taken to be like others with as many free parameters.

        :param backoff: see `TemplateSettings`.
        """
        table = wyckoff_table()
        freedoms = table.freedoms[list(table.positions(group))[::-1]]
        counts, crystals = self._letter_counts
        prior = self._freedom_rates[freedoms]
        own = counts[group, : len(freedoms)]
        return (own + backoff * prior) / (crystals[group] + backoff)

    @cached_property
    def _letter_counts(self) -> tuple[Int[np.ndarray, '231 27'], Int[np.ndarray, ' 231']]:
        """Number of orbits by space group and letter, and of crystals by space group."""
        counts = np.zeros((_GROUPS, 27), dtype=np.int64)
        owners = self._orbit_types
        np.add.at(counts, (self.groups[owners], self.letters), self.compound_counts[owners])
        return counts, self.group_counts.sum(axis=0)

    @cached_property
    def _freedom_rates(self) -> Float[np.ndarray, ' 4']:
        """Orbits a crystal has on a position, on average, by its number of free parameters."""
        table = wyckoff_table()
        counts, crystals = self._letter_counts
        orbits, positions = np.zeros(4), np.zeros(4)
        for group in range(1, _GROUPS):
            freedoms = table.freedoms[list(table.positions(group))[::-1]]
            np.add.at(orbits, freedoms, counts[group, : len(freedoms)])
            np.add.at(positions, freedoms, crystals[group])
        return (orbits + 1) / (positions + 1)


def _elements_and_letters(
    crystals: SiteTemplates,
) -> Iterator[tuple[int, tuple[int, ...], Letters]]:
    """Yield the space group of each crystal of few elements, these, and the letters of each."""
    bounds = np.concatenate([[0], np.cumsum(crystals.orbit_counts)]).tolist()
    numbers, letters = crystals.atomic_numbers.tolist(), crystals.letters.tolist()
    for row, group in enumerate(crystals.space_groups.tolist()):
        found: dict[int, list[int]] = {}
        for orbit in range(bounds[row], bounds[row + 1]):
            found.setdefault(numbers[orbit], []).append(letters[orbit])
        elements = tuple(sorted(found))
        if len(elements) <= _MOST_ELEMENTS:
            yield group, elements, tuple(tuple(sorted(found[one])) for one in elements)


def _exchanges(group: int, letters: Letters) -> list[int]:
    """Return the numbers of all orders of the roles that leave a type as it is, but for none."""
    orders = {order: number for number, order in enumerate(permutations(range(len(letters))))}
    return sorted(orders[order] for order in type_of_sites(group, letters).orders)[1:]
