"""What the values of several atoms have in common, whatever the order and number of the atoms.

All poolings are the same for a crystal and its supercells.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from jaxtyping import Float, Int
from torch import Tensor

from aiida_crystalgen.science.fingerprints.acsf.settings import Pooling

__all__ = ('pooled',)

Values = Float[Tensor, 'segments atoms features']
Pooled = Float[Tensor, 'segments features']


def pooled(
    values: Float[Tensor, 'atoms features'],
    counts: Int[Tensor, ' segments'],
    pooling: Sequence[Pooling],
    quantiles: int,
) -> Float[Tensor, 'segments poolings features']:
    """Return the poolings of the atoms of each segment, then its quantiles; zero without atoms.

    :param values: of the atoms of one segment after another.
    :param counts: number of atoms of each segment.
    :param quantiles: number of equal shares whose means are taken; none if zero.
    """
    starts = counts.cumsum(0) - counts
    empty = (counts == 0).nonzero()[:, 0]
    rows = [empty]
    parts = [values.new_zeros(len(empty), len(pooling) + quantiles, values.shape[1])]
    for number in torch.unique(counts[counts > 0]).tolist():
        rows.append((counts == number).nonzero()[:, 0])
        atoms = starts[rows[-1]][:, None] + torch.arange(number, device=counts.device)
        group = values.index_select(0, atoms.flatten()).unflatten(0, atoms.shape)
        kinds = [_POOLINGS[name](group)[:, None] for name in pooling]
        parts.append(torch.cat([*kinds, _shares(group, quantiles)], dim=1))
    return torch.cat(parts).index_select(0, torch.argsort(torch.cat(rows)))


def _moment(values: Values, order: int) -> Pooled:
    """Return the central moment of this order."""
    return ((values - values.mean(1, keepdim=True)) ** order).mean(1)


_POOLINGS: dict[Pooling, Callable[[Values], Pooled]] = {
    'maximum': lambda values: values.amax(1),
    'minimum': lambda values: values.amin(1),
    'mean': lambda values: values.mean(1),
    'variance': lambda values: _moment(values, 2),
    'third_moment': lambda values: _moment(values, 3),
}


def _shares(values: Values, number: int) -> Float[Tensor, 'segments shares features']:
    """Return the mean of each of equal shares of the sorted values, lowest first.

    An atom on a border counts in both shares in proportion, so that a supercell, in which every
    value is repeated, has the same means; interpolation between sorted values would not.
    """
    atoms = values.shape[1]
    ends = torch.arange(atoms + 1, device=values.device, dtype=values.dtype) / atoms
    limits = torch.arange(number + 1, device=values.device, dtype=values.dtype) / number
    overlaps = (
        torch.minimum(ends[1:], limits[1:, None]) - torch.maximum(ends[:-1], limits[:-1, None])
    ).clamp_(min=0)
    ordered = values.sort(dim=1).values
    return (ordered[:, None] * (overlaps * number)[:, :, None]).sum(2)
