"""Training sets that grow."""

import numpy as np

from aiida_crystalgen.science.crystals import concatenate
from aiida_crystalgen.science.growth import GrowthSettings, grow


def test_only_low_new_phases_are_added(silicon):
    """Known phases and high ones stay out; the labels say where the others come from."""
    references = silicon(5.4).with_columns(label=np.array(['diamond']), energy=np.array([-4.3]))
    phases = silicon(5.4, 5.5, 5.6).with_columns(
        known=np.array([0, -1, -1]),
        energy=np.array([-4.3, -4.2, -3.0]),
        energy_above_lowest=np.array([0.0, 0.1, 1.3]),
        round=np.array([1, 2, 1]),
        relaxed_row=np.array([4, 7, 1]),
    )
    grown = grow(references, phases, GrowthSettings(retrain=True, window=0.2))
    assert grown['label'].tolist() == ['diamond', 'round 2, row 7']
    assert grown['energy'].tolist() == [-4.3, -4.2]
    expected = concatenate([references.without_columns(), phases.without_columns().select([1])])
    np.testing.assert_array_equal(grown.lattices, expected.lattices)


def test_each_phase_is_a_trajectory_of_its_own(silicon):
    """Whoever splits the grown set by trajectories finds the phases apart from all others."""
    references = silicon(5.4, 5.5).with_columns(
        energy=np.array([-4.3, -4.2]), trajectory=np.array([3, 3])
    )
    phases = silicon(5.6, 5.7).with_columns(
        known=np.array([-1, -1]),
        energy=np.array([-4.2, -4.1]),
        energy_above_lowest=np.array([0.1, 0.2]),
        round=np.array([1, 1]),
        relaxed_row=np.array([0, 1]),
    )
    grown = grow(references, phases, GrowthSettings(retrain=True, window=0.3))
    assert grown['trajectory'].tolist() == [3, 3, 4, 5]
