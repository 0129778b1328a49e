"""What models of some generators have learned about elements, for people to look at."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float, Int

from aiida_crystalgen.science.checkpoint import Checkpoint

__all__ = ('ComparesElements',)


@runtime_checkable
class ComparesElements(Protocol):
    """A generator whose models have learned which elements are alike."""

    def element_map(
        self, checkpoint: Checkpoint
    ) -> tuple[Int[np.ndarray, ' elements'], Float[np.ndarray, 'elements 2']]:
        """Return atomic numbers in ascending order, and a map on which like elements are near.

        :raises ValueError: if the checkpoint is of another method.
        """

    def element_confusion(
        self, checkpoint: Checkpoint
    ) -> tuple[Int[np.ndarray, ' elements'], Int[np.ndarray, 'elements elements']]:
        """Return atomic numbers in ascending order, and which was taken for which how often.

        Rows are the true elements of the sites that the model was tested on, columns those that it
        named; elements that are neither are left out.

        :raises ValueError: if the checkpoint is of another method, or was not tested.
        """
