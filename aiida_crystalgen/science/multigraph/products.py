"""Products of many vectors and 3×3 matrices, each rounded alike whatever the others are.

Reductions of tensors add in an order that may depend on their shape; products and sums of whole
tensors, element by element, do not.
"""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor

__all__ = ('rows_times', 'squared_norms', 'times_columns')


def rows_times(
    rows: Float[Tensor, 'items 3'], matrices: Float[Tensor, 'items 3 3']
) -> Float[Tensor, 'items 3']:
    """Return each row vector times its matrix."""
    x, y, z = rows[:, :1], rows[:, 1:2], rows[:, 2:]
    return x * matrices[:, 0] + y * matrices[:, 1] + z * matrices[:, 2]


def times_columns(
    matrices: Float[Tensor, 'items 3 3'], columns: Float[Tensor, 'items 3']
) -> Float[Tensor, 'items 3']:
    """Return each matrix times its column vector."""
    return rows_times(columns, matrices.transpose(1, 2))


def squared_norms(vectors: Float[Tensor, 'items 3']) -> Float[Tensor, ' items']:
    """Return the squared length of each vector."""
    x, y, z = vectors.unbind(dim=1)
    return x * x + y * y + z * z
