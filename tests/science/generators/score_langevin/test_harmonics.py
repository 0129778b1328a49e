"""Laws of the spherical harmonics."""

import pytest
import torch
from scipy.special import eval_legendre

from aiida_crystalgen.science.generators.score_langevin.harmonics import spherical_harmonics


@pytest.fixture
def directions():
    """Return random unit vectors."""
    vectors = torch.randn(50, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    return vectors / vectors.norm(dim=1, keepdim=True)


@pytest.mark.parametrize('degree', range(8))
def test_addition_theorem(directions, degree):
    """Products over a degree are its Legendre polynomial of the angle, times 2 l + 1."""
    values = spherical_harmonics(directions, 7)[:, degree**2 : (degree + 1) ** 2]
    expected = torch.from_numpy(eval_legendre(degree, (directions @ directions.T).numpy()))
    torch.testing.assert_close(values @ values.T, (2 * degree + 1) * expected)


def test_more_degrees_change_no_lower_one(directions):
    """The first components are those of a lower degree, to the bit."""
    assert torch.equal(
        spherical_harmonics(directions, 7)[:, :9], spherical_harmonics(directions, 2)
    )
