"""Templates drawn from all that are possible, known or not."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int, UInt64

from aiida_crystalgen.science.site_templates.contents import Contents, fewest_atoms
from aiida_crystalgen.science.site_templates.distribution import SiteDistribution
from aiida_crystalgen.science.site_templates.fillings import fillings
from aiida_crystalgen.science.symmetry.random_numbers import fold, uniform
from aiida_crystalgen.science.symmetry.wyckoff import wyckoff_table

__all__ = ('Orbits', 'draw_possible')

_GROUP, _SITES, _ORDER, _FILLING = range(4)  # streams of random numbers
_SUREST = 0.95  # share of crystals above which a position is not taken to be occupied for certain


class Orbits(NamedTuple):
    """Templates as flat arrays.

    :param groups: number of the space group of each row.
    :param rows: of the orbits.
    :param species: place of the element of each orbit.
    :param letters: of each orbit, 0 for 'a'.
    """

    groups: Int[np.ndarray, ' rows']
    rows: Int[np.ndarray, ' orbits']
    species: Int[np.ndarray, ' orbits']
    letters: Int[np.ndarray, ' orbits']


def draw_possible(
    contents: Contents,
    distribution: SiteDistribution | None,
    backoff: float,
    keys: UInt64[np.ndarray, ' rows'],
) -> Orbits:
    """Return a template for each key.

    Space groups are as frequent as among known crystals of as many atoms, or of as many elements if
    any amounts will do; and within one, fillings as probable as if each position got its orbits
    independently, at the rate of known crystals. Without a distribution all groups are equally
    frequent, and all fillings of one equally probable.

    :param backoff: see `TemplateSettings`.
    """
    shares = _group_shares(contents, distribution, backoff)
    chosen = contents.groups[_pick(uniform(fold(keys, _GROUP), 0), shares)]
    parts = []
    for group in np.unique(chosen).tolist():
        rows = np.flatnonzero(chosen == group)
        rates = None if distribution is None else distribution.orbit_rates(group, backoff)
        weights = None if rates is None else _weights(group, rates, len(contents.elements))
        if contents.amounts is not None:
            counts = _fill_amounts(contents.amounts[group], group, weights, keys[rows])
        else:
            counts = _fill_sites(
                _SiteNumbers.of(contents, distribution, group), weights, keys[rows]
            )
        places, letters, species = np.nonzero(counts)
        many = counts[places, letters, species]
        parts.append([np.repeat(one, many) for one in (rows[places], species, letters)])
    rows, species, letters = (np.concatenate(one) for one in zip(*parts, strict=True))
    return Orbits(chosen, rows, species, letters)


def _group_shares(
    contents: Contents, distribution: SiteDistribution | None, backoff: float
) -> Float[np.ndarray, ' groups']:
    """Return how often each possible space group is to be drawn, relative to the others."""
    if distribution is None:
        return np.ones(len(contents.groups))
    if contents.amounts is None:
        known = distribution.known.get(len(contents.elements))
        found = np.zeros(len(distribution.group_counts[0]), dtype=np.int64)
        if known is not None:
            groups = known.groups[known.owners][known.atoms[known.owners] <= contents.most_atoms]
            found = np.bincount(groups, minlength=len(found))
        return distribution.group_shares(found, backoff)[contents.groups]
    atoms = contents.amounts[contents.groups].sum(axis=1)
    shares = np.zeros(len(atoms))
    for number in np.unique(atoms).tolist():
        is_known = number < len(distribution.group_counts)
        counts = distribution.group_counts[number if is_known else 0]
        chosen = atoms == number
        shares[chosen] = distribution.group_shares(counts, backoff)[contents.groups[chosen]]
    return shares


def _weights(group: int, rates: Float[np.ndarray, ' letters'], species: int) -> tuple[float, ...]:
    """Return the weight of an orbit on each position that makes them as frequent as asked for.

    With free parameters the number of orbits is geometric, of mean w / (1 - w); without them it is
    0 or 1, of mean w / (1 + w).
    """
    table = wyckoff_table()
    freedoms = table.freedoms[list(table.positions(group))[::-1]]
    sure = np.minimum(rates, _SUREST)
    weights = np.where(freedoms > 0, rates / (1 + rates), sure / (1 - sure)) / species
    return tuple(weights.tolist())


def _fill_amounts(
    amounts: Int[np.ndarray, ' elements'],
    group: int,
    weights: tuple[float, ...] | None,
    keys: UInt64[np.ndarray, ' rows'],
) -> Int[np.ndarray, 'rows letters elements']:
    """Return fillings of some atoms."""
    found = fillings(group, weights, tuple(amounts.tolist()))
    return found.draw(fold(keys, _FILLING), np.tile(amounts, (len(keys), 1)))


class _SiteNumbers(NamedTuple):
    """How many inequivalent sites the elements may have in a space group.

    :param group: number of the space group.
    :param most_atoms: in the primitive cell.
    :param numbers: of sites of each element, or of the elements in falling order.
    :param shares: of each, relative to the others.
    :param is_ordered: whether the numbers are those of the elements in the order of the request.
    """

    group: int
    most_atoms: int
    numbers: Int[np.ndarray, 'choices elements']
    shares: Float[np.ndarray, ' choices']
    is_ordered: bool

    @classmethod
    def of(
        cls, contents: Contents, distribution: SiteDistribution | None, group: int
    ) -> _SiteNumbers:
        """Return those with room, as frequent as among known crystals of as many elements."""
        if contents.sites or distribution is None:
            numbers = np.array([contents.sites])
            return cls(group, contents.most_atoms, numbers, np.ones(1), True)
        found = distribution.known[len(contents.elements)].site_numbers
        fitting = sorted(
            one for one in found if fewest_atoms(group, sum(one)) <= contents.most_atoms
        )
        shares = np.array([found[one] for one in fitting], dtype=np.float64)
        return cls(group, contents.most_atoms, np.array(fitting), shares, False)


def _fill_sites(
    choices: _SiteNumbers, weights: tuple[float, ...] | None, keys: UInt64[np.ndarray, ' rows']
) -> Int[np.ndarray, 'rows letters elements']:
    """Return fillings with some numbers of sites, of so many atoms at most."""
    largest = (*choices.numbers.max(axis=0).tolist(), choices.most_atoms)
    found = fillings(choices.group, weights, largest, counts_orbits=True)
    numbers = choices.numbers[_pick(uniform(fold(keys, _SITES), 0), choices.shares)]
    room = np.full((len(keys), 1), choices.most_atoms)
    counts = found.draw(fold(keys, _FILLING), np.concatenate([numbers, room], axis=1))
    if choices.is_ordered:
        return counts
    draws = uniform(fold(keys, _ORDER)[:, None], np.arange(numbers.shape[1]))
    return np.take_along_axis(counts, np.argsort(draws, axis=1)[:, None], axis=2)


def _pick(
    draws: Float[np.ndarray, ' rows'], shares: Float[np.ndarray, ' choices']
) -> Int[np.ndarray, ' rows']:
    """Return a choice for each number from 0 to 1."""
    bounds = np.cumsum(shares)
    return np.searchsorted(bounds[:-1], draws * bounds[-1], side='right')
