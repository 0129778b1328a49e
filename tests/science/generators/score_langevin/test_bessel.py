"""Laws of the basis functions of lengths."""

import numpy as np
import pytest
import torch
from scipy.special import spherical_jn

from aiida_crystalgen.science.generators.score_langevin.bessel import (
    bessel_table,
    envelope,
    looked_up,
)


@pytest.fixture(scope='module')
def values():
    """Return lengths in cut-offs, and the functions of degree 0 to 6 without their envelope."""
    x = torch.linspace(0, 0.999, 3001, dtype=torch.float64)
    found = looked_up(bessel_table(6, 10, 5), x.to(torch.float32)).to(torch.float64)
    return x, found / envelope(x, 5)[:, None]


def test_functions_of_a_degree_are_orthonormal(values):
    """Integrals of products over the sphere are one for the same function, zero for others."""
    x, found = values
    products = found.mT @ (found * x[:, None] ** 2) * float(x[1])
    torch.testing.assert_close(
        products, torch.eye(10).double().expand(7, -1, -1), atol=5e-3, rtol=0
    )


def test_degree_zero_is_the_radial_basis(values):
    """The functions of degree 0 are √2 sin(n π x) / x."""
    x, found = values
    expected = 2**0.5 * torch.sin(torch.pi * x[1:, None] * torch.arange(1, 11)) / x[1:, None]
    torch.testing.assert_close(found[0, 1:], expected, atol=1e-3, rtol=1e-3)


def test_functions_are_spherical_bessel_functions(values):
    """Functions of a degree have the shape of its Bessel function, up to their first zero."""
    x, found = values
    zero = 10.512835408093999  # of degree 6
    ratio = found[6, 500:2500, 0].numpy() / spherical_jn(6, zero * x[500:2500].numpy())
    np.testing.assert_allclose(ratio, ratio[0], rtol=1e-3)


def test_edges_fade_out():
    """At the cut-off the envelope and two of its derivatives are zero, and beyond it all is."""
    x = torch.tensor([0.0, 1 - 1e-4, 1.0, 3.0], dtype=torch.float64)
    found = envelope(x, 5)
    assert found[0] == 1
    assert 0 < found[1] < 1e-9
    torch.testing.assert_close(found[2:], torch.zeros(2, dtype=torch.float64))
    beyond = looked_up(bessel_table(6, 10, 5), torch.tensor([1.0, 1.5]))
    assert not beyond.any()
