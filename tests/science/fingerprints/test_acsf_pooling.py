"""Poolings of the values of atoms."""

import pytest
import torch

from aiida_crystalgen.science.fingerprints.acsf.pooling import pooled

ALL = ('maximum', 'minimum', 'mean', 'variance', 'third_moment')


def values_of(number, features=3):
    """Return random values of some atoms."""
    generator = torch.Generator().manual_seed(number)
    return torch.rand(number, features, generator=generator, dtype=torch.float64)


@pytest.mark.parametrize('number', [1, 2, 3, 7])
@pytest.mark.parametrize('shares', [1, 2, 5])
def test_repeated_atoms_change_nothing(number, shares):
    """A supercell has the same poolings."""
    values = values_of(number)
    one = pooled(values, torch.tensor([number]), ALL, shares)
    two = pooled(values.repeat(3, 1), torch.tensor([3 * number]), ALL, shares)
    assert torch.allclose(one, two, rtol=0, atol=1e-14)


def test_as_many_shares_as_atoms_are_the_sorted_values():
    """Nothing is lost but which atom it was."""
    values = values_of(6)
    found = pooled(values, torch.tensor([6]), (), 6)[0]
    assert torch.allclose(found, values.sort(dim=0).values, rtol=0, atol=1e-14)


@pytest.mark.parametrize('shares', [1, 3, 4, 10])
def test_mean_of_shares_is_the_mean(shares):
    """Shares are equal parts of all atoms."""
    values = values_of(7)
    found = pooled(values, torch.tensor([7]), ('mean',), shares)[0]
    assert torch.allclose(found[1:].mean(0), found[0], rtol=0, atol=1e-14)
    assert bool((found[1:].diff(dim=0) >= -1e-15).all())


def test_moments_are_central():
    """Variance and third moment are those about the mean."""
    values = torch.tensor([[1.0], [2.0], [6.0]], dtype=torch.float64)
    found = pooled(values, torch.tensor([3]), ALL, 0)[0, :, 0]
    assert found.tolist() == pytest.approx([6, 1, 3, 14 / 3, 6])


def test_segments_are_pooled_apart():
    """Segments of any length, empty ones among them, do not touch each other."""
    counts = torch.tensor([2, 0, 5, 2, 1])
    values = values_of(10)
    found = pooled(values, counts, ALL, 2)
    assert not bool(found[1].any())
    for row, part in enumerate(values.split(counts.tolist())):
        if len(part):
            assert torch.equal(found[row], pooled(part, counts[row : row + 1], ALL, 2)[0])
