"""Laws of activation fingerprints."""

from dataclasses import replace

import numpy as np
import pytest
from ase import Atoms

from aiida_crystalgen.science.metrics.fingerprints import activations
from aiida_crystalgen.science.metrics.fingerprints.activations import (
    activation_fingerprints,
    load_network,
)
from aiida_crystalgen.science.neighbors import shortest_distances


class AtomicNumbers:
    """A network that sees atomic numbers, up to that of calcium."""

    name = 'numbers'
    elements = frozenset(range(1, 21))

    def activations(self, crystals):
        """Return one activation of each atom."""
        return crystals.atomic_numbers[:, None].astype(np.float64)


@pytest.fixture(scope='module')
def network():
    """Return the network of the protocols."""
    return load_network('7net-0')


def test_activations_are_invariant(network, random_set, disguised):
    """Another cell, a supercell, a rotation, a shift and another order of atoms change nothing."""
    crystals = random_set(8, 4, elements=(14, 8), seed=6)
    crystals = crystals.select(shortest_distances(crystals) > 1)
    one, other = (
        activation_fingerprints(some, network) for some in (crystals, disguised(crystals, seed=1))
    )
    assert np.ptp(one, axis=0).max() > 0.1
    np.testing.assert_allclose(other, one, atol=1e-5)


def test_others_and_blocks_make_no_difference(network, random_set, monkeypatch):
    """The bits of a crystal are the same alone and in blocks of any size."""
    crystals = random_set(4, 3, elements=(11, 17))
    together = activation_fingerprints(crystals, network)
    monkeypatch.setattr(activations, '_BLOCK', 1)
    np.testing.assert_array_equal(activation_fingerprints(crystals, network), together)


def test_inverse_hyperbolic_sines_are_averaged(rock_salts):
    """They are not those of the averages."""
    found = activation_fingerprints(rock_salts((3, 9), (20, 8)), AtomicNumbers())
    np.testing.assert_allclose(found[:, 0], np.arcsinh([[3, 9], [20, 8]]).mean(axis=1))


def test_what_cannot_be_seen_is_no_number(rock_salts):
    """Unknown elements, coincident atoms and cells without room; others are unharmed."""
    crystals = rock_salts(*[(3, 9), (84, 8)] + [(3, 9)] * 3)
    crystals.fractional_coordinates[4] = crystals.fractional_coordinates[5]
    scales = np.array([1, 1, 1, 0.2, 1e-6])
    squeezed = replace(crystals, lattices=crystals.lattices * scales[:, None, None])
    found = activation_fingerprints(squeezed, AtomicNumbers())
    np.testing.assert_array_equal(np.isnan(found[:, 0]), [False] + 4 * [True])
    assert np.isnan(activation_fingerprints(squeezed.select([1]), AtomicNumbers())).all()


def test_clusters_and_other_potentials_are_refused(to_clusters):
    """The message says what they are."""
    with pytest.raises(ValueError, match='these are clusters'):
        activation_fingerprints(to_clusters(Atoms('Si2', [[0, 0, 0], [0, 0, 2]])), AtomicNumbers())
    with pytest.raises(ValueError, match="'emt' is no graph network"):
        load_network('emt')
