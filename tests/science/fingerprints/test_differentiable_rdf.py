"""Radial distribution functions with gradients."""

import pytest
import torch

from aiida_crystalgen.science.crystals import concatenate
from aiida_crystalgen.science.fingerprints.differentiable_rdf import RadialDistribution
from aiida_crystalgen.science.fingerprints.rdf import RdfSettings, radial_distribution

SETTINGS = RdfSettings(cutoff=6.0, points=60, width=0.15)


def tensors(crystals):
    """Return the four arrays of crystals as tensors."""
    names = ('lattices', 'fractional_coordinates', 'atomic_numbers', 'counts')
    return tuple(torch.tensor(getattr(crystals, name)) for name in names)


@pytest.mark.parametrize('width', [0.06, 0.3])
def test_values_are_those_of_the_table(random_set, width):
    """Both ways to compute a table agree, whatever the numbers of atoms in the batch."""
    settings = RdfSettings(cutoff=8.0, points=200, width=width)
    crystals = concatenate([random_set(3, atoms) for atoms in (5, 1, 8)])
    values = RadialDistribution(settings)(*tensors(crystals)).numpy()
    assert values == pytest.approx(radial_distribution(crystals, settings), abs=1e-9)


def test_values_depend_on_no_other_crystal(random_set):
    """A crystal has the same bits alone and in a batch."""
    crystals = concatenate([random_set(2, atoms) for atoms in (3, 4)])
    together = RadialDistribution(SETTINGS)(*tensors(crystals))
    alone = RadialDistribution(SETTINGS)(*tensors(crystals.select([2])))
    assert torch.equal(together[2], alone[0])


def test_gradients_are_derivatives(random_set):
    """Gradients in cells and coordinates agree with finite differences."""
    lattices, fractional, numbers, counts = tensors(random_set(2, 2))
    function = RadialDistribution(RdfSettings(cutoff=4.0, points=8, width=0.5))
    inputs = (lattices.requires_grad_(), fractional.requires_grad_())
    assert torch.autograd.gradcheck(lambda *both: function(*both, numbers, counts), inputs)
