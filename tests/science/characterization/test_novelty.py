"""Laws of the comparison with known crystals."""

import numpy as np

from aiida_crystalgen.science.characterization.novelty import with_nearest_known
from aiida_crystalgen.science.crystals import concatenate
from aiida_crystalgen.science.fingerprints.rdf import RdfSettings
from aiida_crystalgen.science.screening.duplicates import DuplicateSettings

RDF = RdfSettings(cutoff=8.0, points=200, width=0.06)
DUPLICATES = DuplicateSettings(
    length_tolerance=0.1,
    site_tolerance=0.15,
    angle_tolerance=5.0,
    scale=True,
    fingerprint_distance=0.1,
    cluster_tolerance=0.3,
)


def test_known_crystals_are_recognized(cubic, disguised):
    """In any cell; what only resembles a known crystal is new."""
    references = concatenate([cubic('bcc', 3.1), cubic('diamond', 5.43)])
    crystals = concatenate([disguised(cubic('diamond', 5.43)), cubic('fcc', 3.9)])
    compared = with_nearest_known(crystals, references, rdf=RDF, duplicates=DUPLICATES)
    assert compared['known'].tolist() == [1, -1]
    assert compared['nearest_reference'][0] == 1
    np.testing.assert_allclose(compared['reference_distance'][0], 0.0, atol=1e-6)
    assert compared['reference_distance'][1] > 0.1
