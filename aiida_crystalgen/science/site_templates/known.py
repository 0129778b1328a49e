"""Templates of known crystals, weighed by how alike their elements are to those asked for."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import permutations

import numpy as np
from jaxtyping import Bool, Float, Int

from aiida_crystalgen.science.site_templates.contents import Contents
from aiida_crystalgen.science.site_templates.distribution import KnownTypes, SiteDistribution
from aiida_crystalgen.science.site_templates.traits import trait_distances

__all__ = ('KnownTemplates', 'known_templates')


@dataclass(frozen=True)
class KnownTemplates:
    """Known types with the elements asked for in their roles, the likeliest first.

    :param types: rows in the distribution.
    :param orders: place of the element that plays each role.
    :param bounds: sum of the shares up to and with each template.
    :param compounds: number of known compounds that any of them follows.
    """

    types: Int[np.ndarray, ' templates']
    orders: Int[np.ndarray, 'templates roles']
    bounds: Float[np.ndarray, ' templates']
    compounds: int

    def pick(self, draws: Float[np.ndarray, ' rows']) -> Int[np.ndarray, ' rows']:
        """Return a template for each number from 0 to 1, as many numbers as its share."""
        return np.searchsorted(self.bounds[:-1], draws, side='right')


def known_templates(
    contents: Contents, distribution: SiteDistribution, nearness: float
) -> KnownTemplates:
    """Return the templates of known crystals that fit, none twice.

    Each compound of the right kind, that is with the same numbers of atoms in some order, or with
    the same number of elements if any will do, speaks for its own type with a weight that falls
    exponentially with the distance of its elements from those that would play their roles.

    :param nearness: see `TemplateSettings`.
    """
    kinds = distribution.known.get(len(contents.elements))
    orders = _orders(len(contents.elements))
    if kinds is None or not (fits := _fits(contents, kinds)).any():
        return KnownTemplates(np.zeros(0, dtype=np.int64), orders[:0], np.zeros(0), 0)
    distances = trait_distances(distribution.traits, list(contents.elements)).astype(np.float64)
    heard = np.flatnonzero(fits[kinds.owners].any(axis=1))
    owners, elements = kinds.owners[heard], kinds.elements[heard]
    apart = np.zeros((len(heard), len(orders)))
    for role, members in enumerate(elements.T):
        apart += distances[orders[:, role]][:, members].T
    allowed = fits[owners]
    nearest = apart[allowed].min()
    says = np.where(allowed, np.exp((nearest - apart) / nearness), 0)
    weights = np.zeros(fits.shape)
    np.add.at(weights, owners, says)
    places, numbers, shares = _merged(kinds, weights)
    ranked = np.lexsort((numbers, places, -shares))
    return KnownTemplates(
        types=kinds.types[places[ranked]],
        orders=orders[numbers[ranked]],
        bounds=np.cumsum(shares[ranked]) / shares.sum(),
        compounds=len(heard),
    )


def _fits(contents: Contents, kinds: KnownTypes) -> Bool[np.ndarray, 'types orders']:
    """Return which types hold what is asked for, by the order of elements in their roles."""
    orders = _orders(len(contents.elements))
    allowed = np.isin(kinds.groups, contents.groups)
    if contents.amounts is not None:
        wanted = contents.amounts[kinds.groups]
        same = (kinds.amounts[:, None] == wanted[:, orders]).all(axis=2)
        return same & allowed[:, None]
    allowed &= kinds.atoms <= contents.most_atoms
    if contents.sites:
        same = (kinds.sites[:, None] == np.array(contents.sites)[orders]).all(axis=2)
        return same & allowed[:, None]
    return np.repeat(allowed[:, None], len(orders), axis=1)


def _merged(
    kinds: KnownTypes, weights: Float[np.ndarray, 'types orders']
) -> tuple[Int[np.ndarray, ' found'], Int[np.ndarray, ' found'], Float[np.ndarray, ' found']]:
    """Return type, number of the order, and weight of all templates that differ.

    Orders that an exchange of roles takes into each other are one template, the first of them.
    """
    composed = _compositions(kinds.amounts.shape[1])
    first = np.tile(np.arange(weights.shape[1]), (len(weights), 1))
    np.minimum.at(first, kinds.equal_types, composed[:, kinds.exchanges].T)
    merged = np.zeros_like(weights)
    np.add.at(merged, (np.arange(len(weights))[:, None], first), weights)
    places, numbers = np.nonzero(merged)
    return places, numbers, merged[places, numbers]


@lru_cache(maxsize=8)
def _orders(roles: int) -> Int[np.ndarray, 'orders roles']:
    """Return all orders of so many elements."""
    return np.array(list(permutations(range(roles))))


@lru_cache(maxsize=8)
def _compositions(roles: int) -> Int[np.ndarray, 'orders orders']:
    """Return the number of the order that an order and then another one make."""
    orders = _orders(roles)
    places = roles ** np.arange(roles)[::-1]
    return np.searchsorted(orders @ places, orders[:, orders] @ places)
