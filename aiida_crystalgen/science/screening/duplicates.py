"""Groups of crystals that pymatgen's ``StructureMatcher`` takes for one.

The verdict is the matcher's own, asked for as few pairs as possible. Crystals of one reduced
formula are compared if their radial distribution functions are alike, then only if they can match
at all (see :mod:`aiida_crystalgen.science.screening.matching`), and then with representatives only:
as in the matcher's ``group_structures``, a crystal joins the group of the first crystal that it
matches, and is the first of a new group otherwise.

The matcher's tolerances have no meaning for clusters, whose volume is that of a box. They are
compared by :mod:`aiida_crystalgen.science.screening.cluster_matching`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

import numpy as np
from jaxtyping import Bool, Float, Int
from pydantic import Field
from pymatgen.analysis.structure_matcher import StructureMatcher
from pymatgen.core import Structure

from aiida_crystalgen.science.crystals import CrystalSet, concatenate
from aiida_crystalgen.science.fingerprints.rdf import RdfSettings, radial_distribution
from aiida_crystalgen.science.neighbors import are_flat
from aiida_crystalgen.science.screening.cluster_matching import first_matching_clusters
from aiida_crystalgen.science.screening.matching import MatchTolerances, ReducedCells
from aiida_crystalgen.science.screening.reduction import reduced_structures
from aiida_crystalgen.science.screening.similarity import pearson_distances

__all__ = ('DuplicateSettings', 'group_duplicates', 'match_references')

_FINGERPRINT = RdfSettings(cutoff=3.0, points=150, width=0.1)  # in units of (V/n)^(1/3)
_BLOCK = 64  # crystals compared with all others at once


class DuplicateSettings(MatchTolerances):
    """When two crystals are taken for one.

    :param fingerprint_distance: largest Pearson distance between the radial distribution functions
        of two crystals, scaled to a volume of 1 per atom, at which they are compared at all. The
        tolerances do not bound it. Pairs that the matcher joined were found up to 0.01 for a site
        tolerance of 0.05, 0.02 for 0.1, 0.03 for 0.15 and 0.16 for 0.3; 2 compares every pair.
    :param cluster_tolerance: largest displacement of an atom between two clusters after the fit of
        least squares, in Å. The other settings are for crystals alone.
    """

    fingerprint_distance: float = Field(ge=0, le=2)
    cluster_tolerance: float = Field(gt=0)


def group_duplicates(
    crystals: CrystalSet, settings: DuplicateSettings
) -> Int[np.ndarray, ' crystals']:
    """Return the row of the first crystal of each crystal's group, its own if it is the first.

    The groups are those of ``StructureMatcher.group_structures`` with the same tolerances.

    :raises ValueError: if a cell has no volume.
    """
    return _first_matches(crystals, None, settings)


def match_references(
    crystals: CrystalSet, references: CrystalSet, settings: DuplicateSettings
) -> Int[np.ndarray, ' crystals']:
    """Return the row of the first reference that matches each crystal, -1 where none does.

    :raises ValueError: if a cell has no volume.
    """
    together = concatenate([references.without_columns(), crystals.without_columns()])
    known = np.arange(len(together)) < len(references)
    rows = _first_matches(together, known, settings)[len(references) :]
    return np.where(rows < len(references), rows, -1)


def _first_matches(
    crystals: CrystalSet,
    known: Bool[np.ndarray, ' crystals'] | None,
    settings: DuplicateSettings,
) -> Int[np.ndarray, ' crystals']:
    """Return the row of the first representative that matches each crystal, its own if none does.

    :param known: the crystals that represent others and are not compared with each other; without
        any, every crystal that matches none before it represents those after it.
    """
    if not crystals.periodic:
        return first_matching_clusters(crystals, known, settings.cluster_tolerance)
    result = np.arange(len(crystals))
    fingerprints = radial_distribution(_of_unit_volume(crystals), _FINGERPRINT)
    for rows in _by_formula(crystals):
        some = None if known is None else known[rows]
        paired = [
            (near & _may_pair(block, some, len(rows))).any(axis=1)
            for block, near in _neighbourhoods(fingerprints[rows], settings)
        ]
        chosen = rows[np.concatenate(paired)]
        structures = reduced_structures(crystals.select(chosen))
        sizes = np.array([len(one) for one in structures], dtype=np.int64)
        for size in np.unique(sizes):
            places = np.flatnonzero(sizes == size)
            members = chosen[places]
            found = _compare(
                [structures[place] for place in places],
                fingerprints[members],
                None if known is None else known[members],
                settings,
            )
            result[members] = members[found]
    return result


def _may_pair(
    block: Int[np.ndarray, ' block'], known: Bool[np.ndarray, ' crystals'] | None, number: int
) -> Bool[np.ndarray, 'block crystals']:
    """Return which of all crystals the crystals of a block may ever be compared with."""
    if known is None:
        return block[:, None] != np.arange(number)
    return known[block][:, None] != known


def _compare(
    structures: Sequence[Structure],
    fingerprints: Float[np.ndarray, 'crystals points'],
    known: Bool[np.ndarray, ' crystals'] | None,
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
    rows = np.arange(len(structures))
    result = rows.copy()
    represents = np.ones(len(rows), dtype=bool) if known is None else known.copy()
    for block, near in _neighbourhoods(fingerprints, settings):
        wanted = near & represents & _may_pair(block, known, len(rows)) & (rows < block[:, None])
        places, others = np.nonzero(wanted)
        possible = cells.can_match(others, block[places])
        for place, row in enumerate(block):
            for other in others[possible & (places == place)]:
                # Within the block, some have found a representative of their own by now.
                if represents[other] and matcher.fit(
                    structures[other], structures[row], skip_structure_reduction=True
                ):
                    result[row] = other
                    represents[row] = False
                    break
    return result


def _neighbourhoods(
    fingerprints: Float[np.ndarray, 'crystals points'], settings: DuplicateSettings
) -> Iterator[tuple[Int[np.ndarray, ' block'], Bool[np.ndarray, 'block crystals']]]:
    """Yield blocks of rows, and which crystals are near enough to be compared with each of them."""
    for start in range(0, len(fingerprints), _BLOCK):
        some = fingerprints[start : start + _BLOCK]
        distances = pearson_distances(some, fingerprints)
        yield start + np.arange(len(some)), distances <= settings.fingerprint_distance


def _of_unit_volume(crystals: CrystalSet) -> CrystalSet:
    """Return the crystals with a volume of 1 per atom.

    :raises ValueError: if a cell has no volume.
    """
    flat = np.flatnonzero(are_flat(crystals))
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
