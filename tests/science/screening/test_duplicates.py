"""Groups of equal crystals."""

import numpy as np
import pytest
from pymatgen.analysis.structure_matcher import StructureMatcher

from aiida_crystalgen.science.crystals import CrystalSet, concatenate
from aiida_crystalgen.science.screening.duplicates import (
    DuplicateSettings,
    group_duplicates,
    match_references,
)
from aiida_crystalgen.science.structures import to_structures


def settings(length=0.1, site=0.15, angle=5.0, *, scale=True, within=0.1):
    """Return settings with these tolerances."""
    return DuplicateSettings(
        length_tolerance=length,
        site_tolerance=site,
        angle_tolerance=angle,
        scale=scale,
        fingerprint_distance=within,
        cluster_tolerance=0.3,
    )


def with_pymatgen(crystals, chosen):
    """Return the first row of each crystal's group as StructureMatcher groups them."""
    matcher = StructureMatcher(
        chosen.length_tolerance,
        chosen.site_tolerance,
        chosen.angle_tolerance,
        scale=chosen.scale,
    )
    structures = to_structures(crystals)
    rows = {id(structure): row for row, structure in enumerate(structures)}
    result = np.arange(len(structures))
    for group in matcher.group_structures(structures):
        members = [rows[id(one)] for one in group]
        result[members] = min(members)
    return result.tolist()


def enlarged(crystals, factor):
    """Return the crystals with longer cells."""
    return CrystalSet(
        factor * crystals.lattices,
        crystals.fractional_coordinates,
        crystals.atomic_numbers,
        crystals.counts,
    )


@pytest.mark.parametrize('noise', [0.0, 0.05, 0.15, 0.4])
@pytest.mark.parametrize(
    'chosen',
    [
        settings(),
        settings(0.2, 0.3, 5.0, within=2.0),
        settings(0.05, 0.05, 2.0, scale=False, within=0.02),
    ],
)
def test_groups_are_those_of_pymatgen(cubic, random_set, disguised, noise, chosen):
    """Copies, noisy copies and others are grouped as ``group_structures`` does."""
    ideal = [cubic(name, 4.0) for name in ('sc', 'bcc', 'fcc', 'diamond')]
    originals = concatenate([*ideal, random_set(5, 2), random_set(5, 4, elements=(50, 34))])
    copies = disguised(originals, noise=noise, seed=1)
    crystals = concatenate([copies, originals, disguised(originals, seed=2)])
    assert group_duplicates(crystals, chosen).tolist() == with_pymatgen(crystals, chosen)


def test_disguised_copies_are_found(random_set, disguised):
    """The copy of a crystal in another cell joins the group of the crystal, and no other."""
    crystals = random_set(40, 6, elements=(14, 32))
    groups = group_duplicates(concatenate([crystals, disguised(crystals)]), settings())
    assert groups.tolist() == [*range(40), *range(40)]


@pytest.mark.parametrize(('scale', 'groups'), [(True, [0, 0]), (False, [0, 1])])
def test_scale_decides_about_volume(cubic, scale, groups):
    """Crystals that differ in volume alone are equal if volumes are made equal first."""
    diamond = cubic('diamond', 5.43)
    both = concatenate([diamond, enlarged(diamond, 1.3)])
    assert group_duplicates(both, settings(scale=scale)).tolist() == groups


def test_elements_and_their_order_count(crystal):
    """Other elements, or the same ones on other sites, make another crystal."""
    sites = [[0, 0, 0], [0.5, 0.5, 0], [0.5, 0, 0.5], [0, 0.5, 0.5]]
    cell = 4 * np.eye(3)
    layered = crystal(cell, sites, numbers=[29, 29, 79, 79])
    silver = crystal(cell, sites, numbers=[29, 29, 47, 47])
    mixed = concatenate([layered, layered])
    doubled = crystal(
        np.diag([4.0, 4.0, 8.0]),
        np.concatenate([sites, np.add(sites, [0, 0, 1])]) / [1, 1, 2],
        numbers=[29, 29, 29, 79, 79, 79, 29, 79],
    )
    groups = group_duplicates(concatenate([mixed, silver, doubled]), settings(within=2.0))
    assert groups.tolist() == [0, 0, 2, 3]


def test_prefilter_cuts_nothing_at_the_stated_distances(random_set, disguised):
    """Groups are the same with and without the comparison of fingerprints."""
    crystals = random_set(15, 4)
    together = concatenate([crystals, *(disguised(crystals, noise=one) for one in (0.1, 0.3))])
    with_cut = group_duplicates(together, settings(within=0.1))
    assert with_cut.tolist() == group_duplicates(together, settings(within=2.0)).tolist()


def test_references_are_named_by_row(random_set, disguised):
    """Each crystal gets the row of its first equal reference, or -1."""
    references = random_set(6, 4)
    known = disguised(references.select([4, 1, 4]))
    crystals = concatenate([random_set(2, 4, seed=9), known])
    repeated = concatenate([references, disguised(references)])
    assert match_references(crystals, repeated, settings()).tolist() == [-1, -1, 4, 1, 4]


def test_crystals_are_not_compared_with_each_other(random_set):
    """Two equal crystals without a reference are both new."""
    crystals = random_set(3, 4, seed=1)
    twice = concatenate([crystals, crystals])
    assert match_references(twice, random_set(2, 4), settings()).tolist() == [-1] * 6


def test_columns_play_no_part(random_set):
    """Sets with different columns are compared by their crystals."""
    crystals = random_set(3, 5)
    labelled = crystals.with_columns(label=np.array(['a', 'b', 'c']))
    assert match_references(labelled, crystals, settings()).tolist() == [0, 1, 2]


def test_empty_sets_are_no_error(random_set):
    """Nothing is in no group, and nothing is known without references."""
    crystals = random_set(2, 3)
    nothing = crystals.select([])
    assert group_duplicates(nothing, settings()).shape == (0,)
    assert match_references(nothing, crystals, settings()).shape == (0,)
    assert match_references(crystals, nothing, settings()).tolist() == [-1, -1]


def test_flat_cell_is_refused(random_set, crystal):
    """A cell without volume is named."""
    flat = crystal(np.diag([3.0, 3.0, 0.0]), [[0, 0, 0]])
    with pytest.raises(ValueError, match='cell of crystal 2 has no volume'):
        group_duplicates(concatenate([random_set(2, 3), flat]), settings())
