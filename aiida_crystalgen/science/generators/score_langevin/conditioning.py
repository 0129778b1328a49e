"""What every network is told of crystals and sites, whatever it makes of their edges."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Float32, Int
from torch import Tensor, nn

from aiida_crystalgen.science.symmetry.cell_parameters import CELL_PARAMETERS

__all__ = (
    'ELEMENTS',
    'FACTS',
    'GROUPS',
    'NoisySites',
    'crystal_inputs',
    'of_crystal',
)

GROUPS = 231
ELEMENTS = 119
FACTS = 6  # of each site
_TIMES = 16  # waves that the time is spread over


@dataclass(frozen=True)
class NoisySites:
    """A batch of crystals with noise, without their edges.

    :param owners: crystal of each site.
    :param numbers: atomic number of each site.
    :param facts: of each site, from its Wyckoff position alone.
    :param shares: of each site in the atoms of its crystal.
    :param groups: space group of each crystal.
    :param times: of the noise of each crystal, from 0 to 1.
    :param scales: logarithm of the standard deviation of the positions in Å, by crystal.
    :param sizes: logarithm of the number of atoms of each crystal.
    :param cells: standard coordinates of the cells.
    :param is_free: which of these the crystal system has.
    """

    owners: Int[Tensor, ' sites']
    numbers: Int[Tensor, ' sites']
    facts: Float32[Tensor, 'sites facts']
    shares: Float32[Tensor, ' sites']
    groups: Int[Tensor, ' crystals']
    times: Float32[Tensor, ' crystals']
    scales: Float32[Tensor, ' crystals']
    sizes: Float32[Tensor, ' crystals']
    cells: Float32[Tensor, 'crystals 6']
    is_free: Bool[Tensor, 'crystals 6']


def of_crystal(width: int, crystal_width: int) -> nn.Sequential:
    """Return the layers that take `crystal_inputs`.

    :param width: of what is known of each element.
    :param crystal_width: of what is known of each space group, and of each crystal afterwards.
    """
    return nn.Sequential(
        nn.Linear(2 * _TIMES + 2 + 2 * CELL_PARAMETERS + crystal_width + width, 2 * crystal_width),
        nn.SiLU(),
        nn.Linear(2 * crystal_width, crystal_width),
    )


def crystal_inputs(
    noisy: NoisySites,
    elements: Float[Tensor, 'sites width'],
    groups: Float[Tensor, 'crystals crystal_width'],
) -> Float[Tensor, 'crystals inputs']:
    """Return what is known of each crystal before any message.

    :param elements: what is known of the element of each site.
    :param groups: what is known of the space group of each crystal.
    """
    waves = torch.arange(1, _TIMES + 1, device=noisy.times.device) * torch.pi
    phases = noisy.times[:, None] * waves
    content = torch.zeros(len(noisy.groups), elements.shape[1], device=elements.device)
    content = content.index_add(0, noisy.owners, elements * noisy.shares[:, None])
    parts = [
        phases.sin(),
        phases.cos(),
        noisy.scales[:, None],
        noisy.sizes[:, None],
        noisy.cells,
        noisy.is_free.to(noisy.cells.dtype),
        groups,
        content,
    ]
    return torch.cat(parts, dim=1)
