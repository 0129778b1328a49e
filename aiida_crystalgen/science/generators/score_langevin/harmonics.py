"""Real spherical harmonics, as polynomials of a unit vector."""

from __future__ import annotations

from math import sqrt

import torch
from jaxtyping import Float
from torch import Tensor

__all__ = ('spherical_harmonics',)

_EXPLICIT = 3  # degree up to which they are written out


def spherical_harmonics(
    directions: Float[Tensor, 'items 3'], degree: int
) -> Float[Tensor, 'items components']:
    """Return the 2 l + 1 components of each degree l, whose squares add up to 2 l + 1.

    :param directions: unit vectors.
    :param degree: highest l.
    """
    x, y, z = directions.unbind(dim=1)
    xx, yy, zz = x * x, y * y, z * z
    components = [torch.ones_like(x), sqrt(3) * x, sqrt(3) * y, sqrt(3) * z]
    if degree > 1:
        components += [
            sqrt(15) * x * y,
            sqrt(15) * y * z,
            sqrt(5) / 2 * (3 * zz - 1),
            sqrt(15) * x * z,
            sqrt(15) / 2 * (xx - yy),
        ]
    if degree > 2:
        components += [
            sqrt(35 / 8) * y * (3 * xx - yy),
            sqrt(105) * x * y * z,
            sqrt(21 / 8) * y * (5 * zz - 1),
            sqrt(7) / 2 * z * (5 * zz - 3),
            sqrt(21 / 8) * x * (5 * zz - 1),
            sqrt(105) / 2 * z * (xx - yy),
            sqrt(35 / 8) * x * (xx - 3 * yy),
        ]
    for one in range(_EXPLICIT + 1, degree + 1):
        components += _next_degree(components, directions, one)
    return torch.stack(components, dim=1)


def _next_degree(
    components: list[Tensor], directions: Float[Tensor, 'items 3'], degree: int
) -> list[Tensor]:
    """Return the components of a degree, with m from -l to l, from those of the two before it.

    The recursion of associated Legendre functions: https://dlmf.nist.gov/14.10.E3.
    """
    x, y, z = directions.unbind(dim=1)
    before = components[(degree - 1) ** 2 :]
    earlier = components[(degree - 2) ** 2 : (degree - 1) ** 2]
    ends = sqrt((2 * degree + 1) / (2 * degree))
    result = [ends * (y * before[-1] + x * before[0])]
    for order in range(1 - degree, degree):
        factor = sqrt((4 * degree**2 - 1) / (degree**2 - order**2))
        inner = z * before[order + degree - 1]
        if abs(order) < degree - 1:
            share = sqrt(((degree - 1) ** 2 - order**2) / (4 * (degree - 1) ** 2 - 1))
            inner = inner - share * earlier[order + degree - 2]
        result.append(factor * inner)
    return [*result, ends * (x * before[-1] - y * before[0])]
