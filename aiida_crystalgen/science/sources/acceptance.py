"""Which of the structures that a source offers can be used, and why the others cannot."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from pymatgen.core import Structure

from aiida_crystalgen.science.clusters import in_boxes
from aiida_crystalgen.science.crystals import Column, CrystalSet
from aiida_crystalgen.science.neighbors import shortest_distances
from aiida_crystalgen.science.structures import from_structures

__all__ = ('Found', 'accept')

_NUMBERS = frozenset('iuf')


@dataclass(frozen=True)
class Found:
    """A structure that a source offers.

    :param name: what the source calls it, different for each.
    :param properties: single numbers, truth values, texts, or arrays; ``label`` is what it is to be
        called, its name otherwise.
    """

    name: str
    structure: Structure
    properties: Mapping[str, Any] = field(default_factory=dict)


def accept(
    found: Sequence[Found],
    rejected: Mapping[str, str],
    *,
    shortest_distance: float,
    source: Mapping[str, Any],
    units: Mapping[str, str],
) -> CrystalSet:
    """Return the crystals that can be used, with the properties that all of them have as columns.

    Structures that are periodic along no direction are clusters, and put into boxes with vacuum
    where theirs have too little. Every set has the column ``label``, and ``metadata['source']``
    holds what ``source`` says and under ``rejected`` the reason for each structure that cannot be
    used.

    :param rejected: reasons for what could not even be read.
    :param shortest_distance: structures with atoms closer than this are rejected, in Å.
    :param source: facts about the source; ``kind`` above all.
    :param units: of the properties.
    :raises ValueError: if nothing can be used, or some are crystals and others clusters.
    """
    refusals = {one.name: _refusal(one, shortest_distance) for one in found}
    reasons = {**rejected, **{name: reason for name, reason in refusals.items() if reason}}
    ordered = [one for one in found if not refusals[one.name]]
    crystals = from_structures([one.structure for one in ordered], [one.name for one in ordered])
    if not crystals.periodic:
        crystals = in_boxes(crystals)
    distances = shortest_distances(crystals)
    apart = distances >= shortest_distance
    for row in np.flatnonzero(~apart):
        reasons[ordered[row].name] = (
            f'its atoms overlap: the shortest distance is {distances[row]:.3f} Å, less than '
            f'{shortest_distance:g} Å'
        )
    if not apart.any():
        raise ValueError(_nothing(reasons))
    accepted = [one for one, is_apart in zip(ordered, apart, strict=True) if is_apart]
    return (
        crystals.select(apart)
        .with_columns(**_columns(accepted, units))
        .with_metadata(source={**source, 'rejected': reasons})
    )


def _refusal(found: Found, shortest_distance: float) -> str:
    """Return why the structure cannot be used: of no kind, no room for its atoms; or nothing."""
    directions = sum(found.structure.lattice.pbc)
    if directions not in (0, 3):
        return (
            f'it is periodic along {directions} of 3 directions; crystals are along all 3, and '
            'clusters along none'
        )
    try:
        from_structures([found.structure], [found.name])
    except ValueError as exception:
        return str(exception)
    volume = found.structure.volume / len(found.structure)
    # The densest packing of spheres of diameter d takes d³/√2 for each.
    if directions and not volume > shortest_distance**3 / np.sqrt(2):
        return (
            f'its cell has {volume:.3g} Å³ per atom, too little for atoms {shortest_distance:g} Å '
            'apart'
        )
    return ''


def _nothing(reasons: Mapping[str, str]) -> str:
    """Return the sentence that says why there are no crystals."""
    if not reasons:
        return 'no structures were found'
    name, reason = next(iter(reasons.items()))
    return f"none of {len(reasons)} structures can be used; the first, '{name}': {reason}"


def _columns(accepted: Sequence[Found], units: Mapping[str, str]) -> dict[str, Column]:
    """Return the labels, and the properties that every structure has in the same form."""
    labels = [str(one.properties.get('label', one.name)) for one in accepted]
    columns = {'label': Column(np.array(labels, dtype=np.str_))}
    for name in accepted[0].properties:
        values = [one.properties.get(name) for one in accepted]
        if name != 'label' and _are_alike(values):
            word = re.sub(r'\W', '_', name, flags=re.ASCII)
            columns[word] = Column(np.array(values), units.get(name, ''))
    return columns


def _are_alike(values: Sequence[Any]) -> bool:
    """Return whether the values are all numbers, all truth values or all texts, of one shape."""
    try:
        arrays = [np.asarray(value) for value in values]
    except ValueError:
        return False
    kinds = {array.dtype.kind for array in arrays}
    return len({array.shape for array in arrays}) == 1 and (
        kinds <= _NUMBERS or kinds in ({'b'}, {'U'})
    )
