"""Spherical Bessel functions that end at a cut-off, for lengths and angles of edges."""

from __future__ import annotations

from functools import lru_cache
from math import pi, prod

import numpy as np
import torch
from jaxtyping import Float, Float32
from scipy.optimize import brentq
from scipy.special import spherical_jn
from torch import Tensor

__all__ = ('bessel_table', 'envelope', 'looked_up')

_INTERVALS = 1 << 13  # between which values are interpolated, to the precision of single numbers


def envelope(relative: Tensor, exponent: int) -> Tensor:
    """Return 1 for short edges, falling to 0 at the cut-off with its first two derivatives.

    Gasteiger et al., arXiv:2003.03123 (2020), equation 8.

    :param relative: lengths in cut-offs.
    :param exponent: of the first power of the polynomial.
    """
    x, p = relative.clamp(max=1), exponent
    # not as a power, which is rounded differently at the end of a tensor
    power = prod([x] * p)
    return 1 + power * (-(p + 1) * (p + 2) / 2 + p * (p + 2) * x - p * (p + 1) / 2 * x * x)


@lru_cache(maxsize=4)
def bessel_table(
    degree: int, number: int, exponent: int
) -> Float32[Tensor, 'points degrees number']:
    """Return the basis functions at evenly spread lengths from 0 to the cut-off.

    Those of degree l are j_l(z x), z being the n-th zero of j_l, times the envelope; without it
    they are orthonormal in the sphere of the cut-off (arXiv:2003.03123, equation 6, where cut-offs
    are of length 1). Those of degree 0 are the radial basis of its equation 7, times √2.

    :param degree: highest l.
    :param number: of functions of each degree.
    :param exponent: of the envelope.
    """
    points = np.linspace(0, 1, _INTERVALS + 1)
    zeros = _zeros(degree, number)
    degrees = np.arange(degree + 1)[:, None]
    norms = np.sqrt(2) / np.abs(spherical_jn(degrees + 1, zeros))
    values = norms * spherical_jn(degrees, zeros * points[:, None, None])
    fading = envelope(torch.from_numpy(points), exponent)
    return (torch.from_numpy(values) * fading[:, None, None]).to(torch.float32)


def looked_up(
    table: Float32[Tensor, 'points degrees number'], relative: Float32[Tensor, ' edges']
) -> Float32[Tensor, 'degrees edges number']:
    """Return the basis functions of lengths, degree by degree, 0 beyond the cut-off.

    :param relative: lengths in cut-offs.
    """
    place = relative.clamp(max=1) * (len(table) - 1)
    below = place.to(torch.int64).clamp(max=len(table) - 2)
    low, high = table.index_select(0, below), table.index_select(0, below + 1)
    values = low + (place - below)[:, None, None] * (high - low)
    return values.transpose(0, 1).contiguous()


def _zeros(degree: int, number: int) -> Float[np.ndarray, 'degrees number']:
    """Return the first zeros of each spherical Bessel function, which lie between each other's."""
    rows = [np.arange(1, number + degree + 1) * pi]
    for order in range(1, degree + 1):
        bounds = zip(rows[-1][:-1], rows[-1][1:], strict=True)
        rows.append(
            np.array([brentq(lambda x, one=order: spherical_jn(one, x), *pair) for pair in bounds])
        )
    return np.stack([row[:number] for row in rows])
