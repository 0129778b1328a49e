"""Structures without elements, with the likelihood of each element on each of their sites."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float32, Int

from aiida_crystalgen.science.fingerprints.sites.inequivalent import Sites

__all__ = ('TemplateGroup', 'Templates', 'letter_place')

_LETTERS = 'abcdefghijklmnopqrstuvwxyzA'  # the 27th is that of group 47


@dataclass(frozen=True)
class TemplateGroup:
    """Templates whose sites have the same multiplicities.

    :param templates: their rows.
    :param multiplicities: of the sites, in ascending order.
    :param sites: of each template, in that order.
    """

    templates: Int[np.ndarray, ' templates']
    multiplicities: tuple[int, ...]
    sites: Int[np.ndarray, 'templates sites']


@dataclass(frozen=True)
class Templates:
    """The table that makes ranking a matter of looking up.

    :param bounds: first site of each template, closed by the number of sites.
    :param multiplicities: number of atoms of each site in the cell of its template.
    :param positions: number of the space group times 64 plus that of the Wyckoff letter, by site.
    :param log_likelihoods: natural logarithm of the likelihood of each element on each site, by
        atomic number minus one.
    :param allowed: which templates are used; all of them if None.
    """

    bounds: Int[np.ndarray, ' bounds']
    multiplicities: Int[np.ndarray, ' sites']
    positions: Int[np.ndarray, ' sites']
    log_likelihoods: Float32[np.ndarray, 'sites elements']
    allowed: Bool[np.ndarray, ' templates'] | None = None

    @classmethod
    def of(cls, sites: Sites, log_likelihoods: Float32[np.ndarray, 'sites elements']) -> Templates:
        """Return the sites of crystals as templates, one for each crystal."""
        names, name = np.unique(sites.letters, return_inverse=True)
        places = np.array([letter_place(str(one)) for one in names], dtype=np.int64)[name]
        return cls(
            bounds=sites.bounds,
            multiplicities=sites.multiplicities,
            positions=64 * sites.space_groups[sites.crystals] + places,
            log_likelihoods=log_likelihoods,
        )

    def __len__(self) -> int:
        return len(self.bounds) - 1

    @cached_property
    def groups(self) -> tuple[TemplateGroup, ...]:
        """The templates by their numbers of sites and the multiplicities of these."""
        template = np.repeat(np.arange(len(self)), np.diff(self.bounds))
        order = np.lexsort((self.multiplicities, template))
        found = []
        sizes = np.diff(self.bounds)
        usable = np.ones(len(self), dtype=bool) if self.allowed is None else self.allowed
        for size in np.unique(sizes[usable]):
            rows = np.flatnonzero(usable & (sizes == size))
            sites = order[self.bounds[rows][:, None] + np.arange(size)]
            kinds, kind = np.unique(self.multiplicities[sites], axis=0, return_inverse=True)
            by_kind = np.argsort(kind.reshape(-1), kind='stable')
            bounds = np.cumsum(np.bincount(kind.reshape(-1)))
            for one, members in zip(kinds, np.split(by_kind, bounds[:-1]), strict=True):
                multiplicities = tuple(int(number) for number in one)
                found.append(TemplateGroup(rows[members], multiplicities, sites[members]))
        return tuple(found)


def letter_place(letter: str) -> int:
    """Return the place of a Wyckoff letter among all letters, from 0."""
    return _LETTERS.index(letter)
