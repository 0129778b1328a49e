"""Laws of the spherical harmonics."""

import pytest
import torch

from aiida_crystalgen.science.generators.score_langevin.harmonics import spherical_harmonics


@pytest.fixture
def directions():
    """Return random unit vectors."""
    vectors = torch.randn(50, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    return vectors / vectors.norm(dim=1, keepdim=True)


@pytest.mark.parametrize('degree', [0, 1, 2, 3])
def test_addition_theorem(directions, degree):
    """Products over a degree are its Legendre polynomial of the angle, times 2 l + 1."""
    values = spherical_harmonics(directions, 3)[:, degree**2 : (degree + 1) ** 2]
    x = directions @ directions.T
    legendre = [torch.ones_like(x), x, (3 * x**2 - 1) / 2, (5 * x**3 - 3 * x) / 2][degree]
    torch.testing.assert_close(values @ values.T, (2 * degree + 1) * legendre)
