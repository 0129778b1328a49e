"""Segments of a flat list, padded so that those of similar length are worked on as one array.

The padded length of a segment depends on its own length alone, so that the sum over it is the same
bits whatever else is in the batch.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from jaxtyping import Int
from torch import Tensor

__all__ = ('Slots', 'padded_segments')


@dataclass(frozen=True)
class Slots:
    """Segments of one padded length.

    :param segments: their names.
    :param items: index of each item in the flat list; one past its end where there is none.
    """

    segments: Int[Tensor, ' segments']
    items: Int[Tensor, 'segments slots']

    def split(self, number: int) -> Iterator[Slots]:
        """Yield the segments in parts of a number of segments."""
        parts = zip(self.segments.split(number), self.items.split(number), strict=True)
        return (Slots(segments, items) for segments, items in parts)


def padded_segments(names: Int[Tensor, ' items']) -> tuple[Slots, ...]:
    """Return the segments of equal names that follow each other, by their padded lengths.

    :param names: of the segment of each item; a segment is never interrupted.
    """
    segments, lengths = torch.unique_consecutive(names, return_counts=True)
    starts = lengths.cumsum(0) - lengths
    padded = _padded(lengths)
    result = []
    for length in torch.unique(padded).tolist():
        chosen = (padded == length).nonzero()[:, 0]
        within = torch.arange(length, device=names.device)
        items = starts[chosen][:, None] + within
        items[within >= lengths[chosen][:, None]] = len(names)
        result.append(Slots(segments[chosen], items))
    return tuple(result)


def _padded(lengths: Int[Tensor, ' segments']) -> Int[Tensor, ' segments']:
    """Return the lengths rounded up, by less than a quarter."""
    exponents = torch.log2(lengths.double()).floor().long()
    steps = 2 ** (exponents - 2).clamp(min=0)
    return (lengths + steps - 1) // steps * steps
