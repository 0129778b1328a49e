"""Crystals from fingerprints."""

from dataclasses import replace

import numpy as np
import pytest
from pymatgen.analysis.structure_matcher import StructureMatcher

from aiida_crystalgen.science.crystals import concatenate
from aiida_crystalgen.science.fingerprints.differentiable_rdf import RadialDistribution
from aiida_crystalgen.science.fingerprints.rdf import RdfSettings, radial_distribution
from aiida_crystalgen.science.reconstruction import Targets, reconstruct
from aiida_crystalgen.science.structures import to_structures
from aiida_crystalgen.science.symmetry.analysis import space_groups

CUBE = 3.6 * np.eye(3)


def match(one, other):
    """Return whether two sets of one crystal each are the same to pymatgen."""
    (first,), (second,) = to_structures(one), to_structures(other)
    return StructureMatcher(scale=False).fit(first, second)


@pytest.mark.parametrize('known', ['lattices', 'volumes'])
def test_crystals_are_found_again(caesium_chloride, targets_of, found, known):
    """The crystal that a fingerprint was made of is found, in its cell or at its volume."""
    crystals = caesium_chloride(CUBE)
    result = found(targets_of(crystals, known=known))
    assert match(result, crystals)
    assert result['verdict'].tolist() == ['valid']
    assert result.volumes == pytest.approx(crystals.volumes)


def test_cell_is_found_freely(caesium_chloride, targets_of, found):
    """Without cell and volume both follow from the fingerprint."""
    crystals = caesium_chloride(CUBE)
    result = found(targets_of(crystals, known=None), trials=20, hops=3)
    assert match(result, crystals)
    assert result.volumes == pytest.approx(crystals.volumes, rel=0.02)


def test_perturbed_copies_return(random_set, targets_of, found, perturbed):
    """A crystal without symmetry is found again from the fingerprint of a displaced copy."""
    crystals = random_set(1, 3, elements=(11, 17), seed=3)
    moved = crystals.fractional_coordinates + perturbed(crystals, 0.002)
    result = found(targets_of(replace(crystals, fractional_coordinates=moved)), trials=24, hops=4)
    assert match(result, crystals)


def test_what_no_crystal_has_is_invalid(caesium_chloride, targets_of, found):
    """Random numbers are no fingerprint: the verdict says so, and the row is rejected."""
    targets = targets_of(caesium_chloride(CUBE))
    noise = np.random.default_rng(0).uniform(0, 3, targets.fingerprints.shape)
    result = found(replace(targets, fingerprints=noise))
    assert result['verdict'].tolist() == ['invalid representation']
    assert 'no crystal comes nearer' in result['rejection'][0]


@pytest.mark.parametrize('group', [25, 99, 123])
def test_a_given_space_group_is_kept(caesium_chloride, targets_of, found, group):
    """Crystals sought in a group have it, whatever the fingerprint, also while cells change."""
    targets = targets_of(caesium_chloride(np.diag([3.0, 3.7, 4.4])), known='volumes')
    result = found(replace(targets, space_groups=np.array([group])))
    assert result['requested_space_group'].tolist() == [group]
    assert space_groups(result, 1e-3)[0] >= group


def test_rows_do_not_depend_on_the_batch(caesium_chloride, targets_of, found, random_set):
    """The first rows are the same bits, whatever the targets after them."""
    first = concatenate([caesium_chloride(CUBE), random_set(1, 3, elements=(11, 17))])
    both = concatenate([first, random_set(2, 4, elements=(11, 17))])
    alone, together = found(targets_of(first)), found(targets_of(both)).select([0, 1])
    assert np.array_equal(alone.fractional_coordinates, together.fractional_coordinates)
    assert np.array_equal(alone['loss'], together['loss'])
    assert np.array_equal(alone['steps'], together['steps'])


def test_rows_can_be_sought_apart(targets_of, found, random_set):
    """A target with its number gives the same crystal as in its place among others."""
    crystals = random_set(3, 2, elements=(11, 17))
    apart = found(targets_of(crystals.select([2]), rows=np.array([2])), hops=1)
    together = found(targets_of(crystals), hops=1).select([2])
    assert np.array_equal(apart.fractional_coordinates, together.fractional_coordinates)


def test_seeds_matter(random_set, targets_of, found):
    """Another seed draws other crystals, the same seed the same."""
    targets = targets_of(random_set(1, 4, elements=(11, 17)))
    losses = [found(targets, seed, hops=1)['loss'][0] for seed in (0, 0, 1)]
    assert losses[0] == losses[1] != losses[2]


def test_radial_distributions_become_crystals(crystal, settings):
    """A table of distances of one element is enough for diamond in its cell."""
    table = RdfSettings(cutoff=6.0, points=60, width=0.2)
    crystals = crystal(2.7 * (1 - np.eye(3)), [[0, 0, 0], [0.25, 0.25, 0.25]])
    targets = Targets(
        radial_distribution(crystals, table),
        crystals.atomic_numbers,
        crystals.counts,
        lattices=crystals.lattices,
    )
    result = reconstruct(targets, RadialDistribution(table), settings(), seed=0)
    assert match(result, crystals)


@pytest.mark.parametrize(
    ('changes', 'scale', 'sentence'),
    [
        ({'fingerprints': np.ones((1, 5))}, None, 'a target has 5 features'),
        ({'numbers': np.array([11, 35])}, None, 'atomic number 35'),
        ({}, np.zeros(32), 'smallest value is 0'),
        ({}, np.ones(3), 'positive numbers'),
    ],
)
def test_misfits_are_refused(caesium_chloride, targets_of, found, changes, scale, sentence):
    """What does not fit the fingerprint is refused in a sentence."""
    targets = replace(targets_of(caesium_chloride(CUBE)), **changes)
    with pytest.raises(ValueError, match=sentence):
        found(targets, scale=scale)
