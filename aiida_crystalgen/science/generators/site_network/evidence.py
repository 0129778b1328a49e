"""How likely structure types are, when templates are crystals of many compounds.

Isostructural templates are so many witnesses of one type: what they say is added up, so that a type
which many compounds have chosen counts for more than one that happened to suit a single one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from aiida_crystalgen.science.generators.site_network.assignments import (
    assigned_amounts,
    number_of_assignments,
    surjections,
)
from aiida_crystalgen.science.generators.site_network.ranking import scores_of, structure_codes
from aiida_crystalgen.science.generators.site_network.templates import Templates

__all__ = ('StructureTypes', 'structure_types')


@dataclass(frozen=True)
class StructureTypes:
    """The types that one composition can have, the most likely first.

    :param codes: of the types, see `structure_codes`.
    :param evidence: logarithm of the sum of the likelihoods of the templates of each.
    :param best: logarithm of the greatest of these likelihoods.
    :param scores: of all assignments with the composition, in no order.
    """

    codes: Int[np.ndarray, ' types']
    evidence: Float[np.ndarray, ' types']
    best: Float[np.ndarray, ' types']
    scores: Float[np.ndarray, ' assignments']


def structure_types(
    templates: Templates, elements: Sequence[int], amounts: Sequence[int], *, most_assignments: int
) -> StructureTypes:
    """Return all structure types that the templates offer a composition.

    :param elements: atomic numbers.
    :param amounts: atoms of each in a formula unit.
    :param most_assignments: templates with more ways to put the elements on them are left out.
    :raises ValueError: if no template has the composition.
    """
    number, ratio = len(elements), np.array(amounts) // np.gcd.reduce(amounts)
    found: list[tuple[np.ndarray, np.ndarray]] = []
    for group in templates.groups:
        sites = len(group.multiplicities)
        if sites < number or number_of_assignments(sites, number) > most_assignments:
            continue
        possible = (assigned_amounts(group.multiplicities, number) == ratio).all(axis=1)
        chosen = np.flatnonzero(possible)
        choices = np.array(elements)[surjections(sites, number)[chosen]]
        for rows, scores in scores_of(templates, group, elements, chosen):
            positions = np.repeat(templates.positions[group.sites[rows]], len(chosen), axis=0)
            codes = structure_codes(positions, np.tile(choices, (len(scores), 1)))
            found.append((codes, scores.astype(np.float64).ravel()))
    if not found:
        raise ValueError(
            f'no template has room for {number} elements in the ratio {ratio.tolist()}; give other '
            'templates'
        )
    codes, scores = (np.concatenate(one) for one in zip(*found, strict=True))
    types, place = np.unique(codes, return_inverse=True)
    best = np.full(len(types), -np.inf)
    np.maximum.at(best, place, scores)
    evidence = best + np.log(np.bincount(place, np.exp(scores - best[place])))
    order = np.lexsort((types, -evidence))
    return StructureTypes(types[order], evidence[order], best[order], scores)
