"""Every way to put chosen elements on the sites of a template."""

from __future__ import annotations

from functools import lru_cache
from math import comb

import numpy as np
from jaxtyping import Float32, Int, Int8

__all__ = ('assigned_amounts', 'number_of_assignments', 'one_hot', 'surjections')


def number_of_assignments(sites: int, elements: int) -> int:
    """Return in how many ways elements can be put on sites so that each is used."""
    return sum(
        (-1) ** left_out * comb(elements, left_out) * (elements - left_out) ** sites
        for left_out in range(elements + 1)
    )


@lru_cache(maxsize=64)
def surjections(sites: int, elements: int) -> Int8[np.ndarray, 'assignments sites']:
    """Return all of these ways, as the place of the element of each site in their list."""
    digits = np.indices((elements,) * sites, dtype=np.int8).reshape(sites, -1).T
    used = np.ones(len(digits), dtype=bool)
    for element in range(elements):
        used &= (digits == element).any(axis=1)
    return np.ascontiguousarray(digits[used])


@lru_cache(maxsize=64)
def one_hot(sites: int, elements: int) -> Float32[np.ndarray, 'choices assignments']:
    """Return the assignments as a matrix: a row for each element on each site, site after site."""
    chosen = surjections(sites, elements)[:, :, None] == np.arange(elements, dtype=np.int8)
    return np.ascontiguousarray(chosen.reshape(len(chosen), -1).T.astype(np.float32))


@lru_cache(maxsize=16384)
def assigned_amounts(
    multiplicities: tuple[int, ...], elements: int
) -> Int[np.ndarray, 'assignments elements']:
    """Return how many atoms of each element every assignment has, without common divisor.

    :param multiplicities: of the sites.
    """
    chosen = surjections(len(multiplicities), elements)
    counts = np.array(multiplicities)
    amounts = np.stack([(chosen == element) @ counts for element in range(elements)], axis=1)
    return amounts // np.gcd.reduce(amounts, axis=1)[:, None]
