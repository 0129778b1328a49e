"""Laws of the relaxations in flight."""

import numpy as np
import pytest
from ase.build import bulk

from aiida_crystalgen.science.relaxation.flight import relax_in_flight


def test_every_crystal_finishes_once(make_settings, random_silicon, silicon):
    """Together the parts have each row once, however few atoms fly at once."""
    crystals = random_silicon(6)
    for atoms in (1, 5, 1000):
        parts = list(relax_in_flight(crystals, silicon, make_settings(batch_atoms=atoms)))
        rows = np.concatenate([part['row'] for part in parts])
        assert sorted(rows) == list(range(6))


def test_no_more_atoms_fly_than_allowed(make_settings, random_silicon, silicon):
    """The batch is filled as far as it goes; a crystal too large for it flies alone."""
    seen = []

    class Watched:
        name, engine = silicon.name, silicon.engine

        def evaluate(self, crystals):
            seen.append(crystals.counts.tolist())
            return silicon.evaluate(crystals)

    list(relax_in_flight(random_silicon(8), Watched(), make_settings(batch_atoms=3)))
    assert max(sum(counts) for counts in seen if len(counts) > 1) == 3
    assert [4] in seen
    assert not any(4 in counts for counts in seen if len(counts) > 1)


@pytest.mark.parametrize(('stress', 'way'), [(-0.5, 'above'), (0.5, 'below')])
def test_a_crystal_without_a_minimum_is_stopped(stress, way, make_settings, pressing, to_crystals):
    """It is given up as soon as its volume is that of no crystal, long before the last step."""
    crystals = to_crystals(bulk('Si'))
    settings = make_settings(steps=100_000)
    (part,) = relax_in_flight(crystals, pressing(stress), settings)
    ratio = part.volumes[0] / crystals.volumes[0]
    assert 2.9 < ratio < 4 if way == 'above' else 0.05 < ratio < 0.1
    assert part['steps'][0] < 1000
    assert not part['converged'][0]


def test_numbers_that_are_not_finite_end_a_relaxation(make_settings, pressing, to_crystals):
    """The crystal stays where the number was found, and has no energy."""
    crystals = to_crystals(bulk('Si'), bulk('Si', cubic=True))
    (part,) = relax_in_flight(crystals, pressing(np.nan), make_settings())
    assert np.isnan(part['energy']).all()
    np.testing.assert_array_equal(part['steps'], 0)
    np.testing.assert_allclose(part.lattices, crystals.lattices)
