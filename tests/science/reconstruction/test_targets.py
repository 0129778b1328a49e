"""What can be wrong with targets."""

import numpy as np
import pytest

from aiida_crystalgen.science.reconstruction import Targets

GOOD = {
    'fingerprints': np.ones((1, 3)),
    'numbers': np.array([11, 17]),
    'counts': np.array([2]),
    'lattices': 4 * np.eye(3)[None],
}
FLAT = np.array([[[4.0, 0, 0], [0, 4.0, 0], [4.0, 4.0, 0]]])


@pytest.mark.parametrize(
    ('changes', 'sentence'),
    [
        ({'fingerprints': np.array([[1.0, np.nan, 1.0]])}, 'feature 1 of target 0 is nan'),
        ({'lattices': FLAT}, 'the cell of target 0 has no volume'),
        ({'lattices': np.full((1, 3, 3), np.inf)}, 'must be finite numbers'),
        ({'counts': np.array([3])}, 'the counts add up to 3 atoms, but 2'),
        ({'numbers': np.array([0, 17])}, '0 is not the atomic number'),
        ({'space_groups': np.array([231])}, r'space groups are \[231\]'),
        ({'volumes': np.array([64.0])}, 'lattices and volumes are given'),
        ({'lattices': None, 'volumes': np.array([-1.0])}, 'must be positive'),
    ],
)
def test_impossible_targets_are_refused(changes, sentence):
    """What cannot be sought is refused in a sentence with the value."""
    with pytest.raises(ValueError, match=sentence):
        Targets(**{**GOOD, **changes})
