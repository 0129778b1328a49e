"""Real spherical harmonics of degree 0 to 3, as polynomials of a unit vector."""

from __future__ import annotations

from math import sqrt

import torch
from jaxtyping import Float
from torch import Tensor

__all__ = ('spherical_harmonics',)


def spherical_harmonics(
    directions: Float[Tensor, 'items 3'], degree: int
) -> Float[Tensor, 'items components']:
    """Return the 2 l + 1 components of each degree l, whose squares add up to 2 l + 1.

    :param directions: unit vectors.
    :param degree: highest l, at most 3.
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
    return torch.stack(components, dim=1)
