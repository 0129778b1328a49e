"""Which generated crystals are valid, as published evaluations judge them."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool

from aiida_crystalgen.science.crystals import CrystalSet
from aiida_crystalgen.science.metrics.settings import StructureSettings
from aiida_crystalgen.science.neighbors import are_flat, periodic_images

__all__ = ('are_valid_structures',)


def are_valid_structures(
    crystals: CrystalSet, settings: StructureSettings
) -> Bool[np.ndarray, ' crystals']:
    """Return which crystals have a cell and no atoms too close to each other.

    As in the script of CDVAE (Xie et al., ICLR 2022, arXiv:2110.06197), the distance of an atom
    from its own images is not looked at. Crystals with a ``rejection`` are not valid: their
    generator gave them up itself.
    """
    result = ~are_flat(crystals) & (crystals.volumes >= settings.smallest_volume)
    if 'rejection' in crystals:
        result &= crystals['rejection'] == ''
    rows = np.flatnonzero(result)
    for images in periodic_images(crystals.select(rows), settings.shortest_distance):
        shortest = images.squared_distances().min(axis=(1, 2), initial=np.inf)
        result[rows[images.rows]] = shortest >= settings.shortest_distance**2
    return result
