"""Coverage in both directions."""

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from aiida_crystalgen.science.metrics.coverage import Fingerprints, coverage
from aiida_crystalgen.science.metrics.settings import CoverageSettings

CUTOFFS = CoverageSettings(structure=0.4, composition=10.0, smallest_deviation=0.1)


def fingerprints(number, *, seed=0, scale=1.0):
    """Return random ones."""
    generator = np.random.default_rng(seed)
    return Fingerprints(
        scale * generator.normal(size=(number, 3)), 9 * scale * generator.normal(size=(number, 4))
    )


def test_a_set_covers_itself():
    """Recall and precision are 1, and all distances 0."""
    some = fingerprints(50)
    covered = coverage(some, some, CUTOFFS)
    assert (covered.recall, covered.precision) == (1.0, 1.0)
    assert covered.structure_recall == covered.composition_precision == 0.0


def test_shares_are_those_of_the_definition():
    """Two minima, taken apart from each other, against two cut-offs."""
    first, second = fingerprints(300), fingerprints(200, seed=1)
    structures = cdist(first.structure, second.structure)
    compositions = cdist(first.composition, second.composition)
    covered = coverage(first, second, CUTOFFS)
    for axis, share in ((0, covered.recall), (1, covered.precision)):
        near = (structures.min(axis=axis) <= 0.4) & (compositions.min(axis=axis) <= 10)
        assert share == pytest.approx(near.mean())
        assert 0 < share < 1


def test_directions_are_each_other_s_mirror():
    """Exchanging the sets exchanges recall and precision."""
    first, second = fingerprints(60), fingerprints(40, seed=1)
    forth, back = coverage(first, second, CUTOFFS), coverage(second, first, CUTOFFS)
    assert (forth.recall, forth.structure_recall) == (back.precision, back.structure_precision)


def test_failures_lower_the_precision_alone():
    """A generated crystal without fingerprint is covered by nothing and covers nothing."""
    some = fingerprints(10)
    failed = Fingerprints(np.full((10, 3), np.nan), some.composition)
    both = Fingerprints(
        np.concatenate([some.structure, failed.structure]), np.tile(some.composition, (2, 1))
    )
    covered = coverage(both, some, CUTOFFS)
    assert (covered.recall, covered.precision) == (1.0, 0.5)
    assert coverage(failed, some, CUTOFFS).recall == 0.0


def test_references_must_have_fingerprints():
    """Without any there is nothing to cover."""
    none = Fingerprints(np.full((3, 3), np.nan), np.zeros((3, 4)))
    with pytest.raises(ValueError, match='none of 3 real crystals'):
        coverage(fingerprints(5), none, CUTOFFS)
