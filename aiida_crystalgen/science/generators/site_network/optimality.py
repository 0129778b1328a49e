"""How far up known compositions are in a ranking."""

from __future__ import annotations

import numpy as np
from jaxtyping import Int

__all__ = ('optimality_score',)


def optimality_score(positions: Int[np.ndarray, ' known'], number: int) -> float:
    """Return 1 if all known compositions come first, −1 if they come last, 0 on average if random.

    Ryan, Lengyel & Shatruk 2018, equation 2. A list of nothing but known compositions scores 1.

    :param positions: of the known compositions in the list, from 1.
    :param number: of compositions in the list.
    :raises ValueError: if there is no known composition, or one is not in the list.
    """
    known = len(positions)
    if known == 0 or positions.min() < 1 or positions.max() > number:
        raise ValueError(
            f'the positions of known compositions are {positions.tolist()}, but a list of {number} '
            f'has those from 1 to {number}, and at least one must be known'
        )
    if known == number:
        return 1.0
    return float((number * known + known - 2 * positions.sum()) / (known * (number - known)))
