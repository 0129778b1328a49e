"""Laws of the relaxation with a graph network in single precision."""

import numpy as np
import pytest
from ase.build import bulk

from aiida_crystalgen.science.crystals import concatenate
from aiida_crystalgen.science.potentials.interface import load_potential
from aiida_crystalgen.science.relaxation import relax
from aiida_crystalgen.science.symmetry.analysis import space_groups


@pytest.fixture(scope='module')
def network():
    """Return SevenNet."""
    return load_potential('7net-0')


def test_silicon_becomes_diamond(network, make_settings, to_crystals):
    """A strained and displaced crystal finds the lattice constant of the model, 5.463 Å."""
    start = bulk('Si', a=5.2)
    start.rattle(0.1, seed=1)
    result = relax(to_crystals(start), network, make_settings(fmax=1e-3))
    assert np.cbrt(4 * result.volumes[0]) == pytest.approx(5.463, abs=2e-3)
    assert space_groups(result, 0.01) == [227]


def test_batches_make_no_difference(network, make_settings, to_crystals, random_silicon):
    """A crystal ends the same, bit for bit, whatever flies beside it."""
    crystals = concatenate([random_silicon(3), to_crystals(bulk('Pt', a=4.2), bulk('Cu', a=3.4))])
    together = relax(crystals, network, make_settings(fmax=0.1))
    alone = relax(crystals, network, make_settings(fmax=0.1, batch_atoms=1))
    np.testing.assert_array_equal(alone['energy'], together['energy'])
    np.testing.assert_array_equal(alone['steps'], together['steps'])
    np.testing.assert_array_equal(alone.lattices, together.lattices)
