"""Groups of crystals that pymatgen's ``StructureMatcher`` takes for one.

The verdict is the matcher's own, asked for as few pairs as possible. Crystals of one reduced
formula are compared if their radial distribution functions are alike, then only if they can match
at all (see :mod:`aiida_crystalgen.science.screening.matching`), and then with representatives only:
as in the matcher's ``group_structures``, a crystal joins the group of the first crystal that it
matches, and is the first of a new group otherwise.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

import numpy as np
from jaxtyping import Bool, Float, Int
from pydantic import Field
from pymatgen.core import Structure
from pymatgen.core.structure_matcher import StructureMatcher

from aiida_crystalgen.science.crystals import CrystalSet, concatenate
from aiida_crystalgen.science.fingerprints.rdf import RdfSettings, radial_distribution
from aiida_crystalgen.science.screening.matching import MatchTolerances, ReducedCells
from aiida_crystalgen.science.screening.reduction import reduced_structures
from aiida_crystalgen.science.screening.similarity import pearson_distances

__all__ = ('DuplicateSettings', 'group_duplicates', 'match_references')

_FINGERPRINT = RdfSettings(cutoff=3.0, points=150, width=0.1)  # in units of (V/n)^(1/3)
_BLOCK = 500  # fingerprints compared at once


class DuplicateSettings(MatchTolerances):
    """When two crystals are taken for one.

    :param fingerprint_distance: largest Pearson distance between the radial distribution functions
        of two crystals, scaled to a volume of 1 per atom, at which they are compared at all. The
        matcher's tolerances do not bound it, but pairs that it joins are found below 0.0002 for a
        site tolerance of 0.05, 0.02 for 0.1 and 0.16 for 0.3; 2 compares every pair.
    """

    fingerprint_distance: float = Field(ge=0, le=2)


def group_duplicates(
    crystals: CrystalSet, settings: DuplicateSettings
) -> Int[np.ndarray, ' crystals']:
    """Return the row of the first crystal of each crystal's group, its own if it is the first.

    The groups are those of ``StructureMatcher.group_structures`` with the same tolerances.

    :raises ValueError: if a cell has no volume.
    """
    return _first_matches(crystals, 0, settings)


def match_references(
    crystals: CrystalSet, references: CrystalSet, settings: DuplicateSettings
) -> Int[np.ndarray, ' crystals']:
    """Return the row of the first reference that matches each crystal, -1 where none does.

    :raises ValueError: if a cell has no volume.
    """
    number = len(references)
    together = concatenate([references.without_columns(), crystals.without_columns()])
    rows = _first_matches(together, number, settings)[number:]
    return np.where(rows < number, rows, -1)


def _first_matches(
    crystals: CrystalSet, references: int, settings: DuplicateSettings
) -> Int[np.ndarray, ' crystals']:
    """Return the row of the first representative that matches each crystal, its own if none does.

    :param references: number of crystals at the beginning that alone represent the others and are
        not compared with each other; every crystal without a match represents others if zero.
    """
    result = np.arange(len(crystals))
    fingerprints = radial_distribution(_of_unit_volume(crystals), _FINGERPRINT)
    for rows in _by_formula(crystals):
        alike = [near.sum() > 1 for near in _neighbourhoods(fingerprints[rows], settings)]
        chosen = rows[alike]
        structures = reduced_structures(crystals.select(chosen))
        sizes = np.array([len(one) for one in structures], dtype=np.int64)
        for size in np.unique(sizes):
            members = np.flatnonzero(sizes == size)
            result[chosen[members]] = chosen[members][
                _compare(
                    [structures[member] for member in members],
                    fingerprints[chosen[members]],
                    int((chosen[members] < references).sum()),
                    settings,
                )
            ]
    return result


def _compare(
    structures: Sequence[Structure],
    fingerprints: Float[np.ndarray, 'crystals points'],
    references: int,
    settings: DuplicateSettings,
) -> Int[np.ndarray, ' crystals']:
    """Return the first matching representative of each reduced structure, as in _first_matches."""
    matcher = StructureMatcher(
        ltol=settings.length_tolerance,
        stol=settings.site_tolerance,
        angle_tol=settings.angle_tolerance,
        scale=settings.scale,
    )
    cells = ReducedCells.of(structures, settings)
    result = np.arange(len(structures))
    represents = result < references
    for row, near in enumerate(_neighbourhoods(fingerprints, settings)):
        if row < references:
            continue
        earlier = np.flatnonzero(represents & near)
        for other in earlier[cells.can_match(earlier, row)]:
            if matcher.fit(structures[other], structures[row], skip_structure_reduction=True):
                result[row] = other
                break
        represents[row] = references == 0 and result[row] == row
    return result


def _neighbourhoods(
    fingerprints: Float[np.ndarray, 'crystals points'], settings: DuplicateSettings
) -> Iterator[Bool[np.ndarray, ' crystals']]:
    """Yield for each crystal which crystals are near enough to be compared with it."""
    for start in range(0, len(fingerprints), _BLOCK):
        distances = pearson_distances(fingerprints[start : start + _BLOCK], fingerprints)
        yield from distances <= settings.fingerprint_distance


def _of_unit_volume(crystals: CrystalSet) -> CrystalSet:
    """Return the crystals with a volume of 1 per atom.

    :raises ValueError: if a cell has no volume.
    """
    flat = np.flatnonzero(crystals.volumes == 0)
    if len(flat):
        raise ValueError(f'the cell of crystal {flat[0]} has no volume; reject it first')
    scales = np.cbrt(crystals.counts / crystals.volumes)
    return CrystalSet(
        lattices=crystals.lattices * scales[:, None, None],
        fractional_coordinates=crystals.fractional_coordinates,
        atomic_numbers=crystals.atomic_numbers,
        counts=crystals.counts,
    )


def _by_formula(crystals: CrystalSet) -> list[Int[np.ndarray, ' rows']]:
    """Return the rows of the crystals of each reduced formula."""
    rows = defaultdict(list)
    bounds = crystals.offsets
    for row in range(len(crystals)):
        numbers = crystals.atomic_numbers[bounds[row] : bounds[row + 1]]
        elements, amounts = np.unique(numbers, return_counts=True)
        reduced = amounts // np.gcd.reduce(amounts)
        rows[elements.tobytes() + reduced.tobytes()].append(row)
    return [np.array(group) for group in rows.values()]
