"""Structure fingerprints by CrystalNN."""

import numpy as np
import pytest
from pymatgen.analysis.local_env import CrystalNN

from aiida_crystalgen.science.crystals import concatenate
from aiida_crystalgen.science.metrics.fingerprints.crystal_nn import (
    site_fingerprints,
    structure_fingerprints,
)
from aiida_crystalgen.science.structures import to_structures

NUMBERS = [1 + n for n in range(24)]
MOTIFS = {1: 1, 2: 5, 3: 3, 4: 5, 5: 3, 6: 3, 7: 2, 8: 2, 9: 3, 10: 3, 11: 3, 12: 4}
COLUMNS = np.cumsum([0, *(1 + MOTIFS.get(n, 0) for n in NUMBERS)])[:-1]


def without_advice(test):
    """Return the test with what CrystalNN warns of, as oxidation states are not guessed here."""
    for advice in ('No oxidation states specified', 'CrystalNN. cannot locate'):
        test = pytest.mark.filterwarnings(f'ignore:{advice}:UserWarning')(test)
    return test


@without_advice
@pytest.mark.parametrize('elements', [(14,), (11, 17), (26, 8, 3)])
def test_likelihoods_are_those_of_pymatgen(random_set, elements):
    """Every coordination number of every site is as likely as CrystalNN says."""
    crystals = random_set(2, 4, elements=elements, seed=5)
    found = site_fingerprints(crystals)[:, COLUMNS]
    library = CrystalNN()
    expected = [
        [library.get_nn_data(structure, site).cn_weights.get(number, 0) for number in NUMBERS]
        for structure in to_structures(crystals)
        for site in range(len(structure))
    ]
    assert np.allclose(found, expected, atol=1e-9)


@pytest.mark.parametrize(
    ('name', 'number', 'motif'), [('fcc', 12, 1), ('diamond', 4, 2), ('bcc', 8, 1)]
)
def test_known_crystals_have_their_motif(cubic, name, number, motif):
    """Their coordination number is the likeliest, with the order parameter of the motif at 1."""
    fingerprint = structure_fingerprints(cubic(name, {'fcc': 4.0, 'bcc': 3.0}.get(name, 5.43)))[0]
    column = COLUMNS[number - 1]
    assert fingerprint[COLUMNS].argmax() == number - 1
    assert np.isclose(fingerprint[column + motif] / fingerprint[column], 1, atol=0.03)


def test_fingerprints_are_invariant(random_set, disguised):
    """Another cell, a supercell, a rotation and another order of atoms change nothing."""
    crystals = random_set(12, 4, elements=(14, 8), seed=6)
    first, second = (structure_fingerprints(one) for one in (crystals, disguised(crystals, seed=1)))
    assert np.allclose(first, second, atol=1e-6)


def test_fingerprints_do_not_depend_on_other_crystals(random_set):
    """Those of a crystal alone are the same bits as in a set."""
    crystals = random_set(5, 6, seed=7)
    together = structure_fingerprints(concatenate([crystals, random_set(5, 3, seed=8)]))
    alone = [structure_fingerprints(crystals.select([row]))[0] for row in range(5)]
    assert np.array_equal(together[:5], alone)


def test_crystals_without_room_have_no_fingerprint(cubic, crystal):
    """A flat cell, a tiny one and atoms in one place give NaN, and the others what they have."""
    flat = crystal(np.diag([3.0, 3.0, 1e-12]), [[0, 0, 0]])
    tiny = crystal(0.1 * np.eye(3), [[0, 0, 0]])
    same = crystal(4 * np.eye(3), [[0, 0, 0], [0, 0, 0.001]])
    found = structure_fingerprints(concatenate([flat, cubic('sc', 2.5), tiny, same]))
    assert np.isnan(found).all(axis=1).tolist() == [True, False, True, True]


def test_clusters_are_refused(to_clusters):
    """Clusters have no Voronoi cells."""
    from ase import Atoms

    with pytest.raises(ValueError, match='are clusters'):
        structure_fingerprints(to_clusters(Atoms('Si2', [[0, 0, 0], [0, 0, 2]])))


@without_advice
def test_fingerprints_are_those_of_matminer(random_set):
    """Its featurizer gives the same but for body-centred sites."""
    from matminer.featurizers.site import CrystalNNFingerprint

    featurizer = CrystalNNFingerprint.from_preset('ops')
    crystals = random_set(2, 4, elements=(22, 8), seed=9)
    found = site_fingerprints(crystals)
    expected = np.array(
        [
            featurizer.featurize(structure, site)
            for structure in to_structures(crystals)
            for site in range(len(structure))
        ]
    )
    others = np.arange(found.shape[1]) != COLUMNS[7] + 1
    assert np.allclose(found[:, others], expected[:, others], atol=1e-9)
