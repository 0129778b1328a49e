"""Structure fingerprints: the order parameters of all sites, averaged.

They are matminer's ``CrystalNNFingerprint`` with its preset ``ops``, averaged over the sites as in
the evaluation of CDVAE (Xie et al., ICLR 2022, arXiv:2110.06197), for whole sets at once.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float

from aiida_crystalgen.science.crystals import CrystalSet
from aiida_crystalgen.science.metrics.fingerprints.coordination import coordination
from aiida_crystalgen.science.metrics.fingerprints.motifs import (
    LARGEST_COORDINATION,
    MOTIFS,
    STEINHARDT,
)
from aiida_crystalgen.science.metrics.fingerprints.order_parameters import order_parameters
from aiida_crystalgen.science.neighbors import are_flat, shortest_distances
from aiida_crystalgen.science.progress import Progress, silent

__all__ = ('have_room', 'site_fingerprints', 'structure_fingerprints')

_BLOCK = 2000  # atoms at once
_COINCIDENT = 0.1  # Å; atoms this close have no neighbours that mean anything
_SMALLEST = 0.1  # Å³, volume of a cell; CDVAE's script builds no smaller one


def structure_fingerprints(
    crystals: CrystalSet, *, progress: Progress = silent
) -> Float[np.ndarray, 'crystals features']:
    """Return the fingerprint of each crystal, NaN where cell or atoms have no room.

    :raises ValueError: if these are clusters.
    """
    if not crystals.periodic:
        raise ValueError('structure fingerprints are for crystals, and these are clusters')
    result = np.full((len(crystals), _width()), np.nan)
    usable = np.flatnonzero(have_room(crystals))
    blocks = np.cumsum(crystals.counts[usable]) // _BLOCK
    parts = np.split(usable, np.flatnonzero(np.diff(blocks)) + 1) if len(usable) else []
    done = 0
    for rows in parts:
        some = crystals.select(rows)
        sums = np.add.reduceat(site_fingerprints(some), some.offsets[:-1], axis=0)
        result[rows] = sums / some.counts[:, None]
        done += len(rows)
        progress(done, len(usable), 'structure fingerprints')
    return result


def site_fingerprints(crystals: CrystalSet) -> Float[np.ndarray, 'atoms features']:
    """Return the fingerprint of each site.

    For each coordination number up to 24, they hold its likelihood and the order parameters of its
    motifs times this likelihood.

    :raises ValueError: if a cell has no volume or is too small for its images to be listed.
    """
    found = coordination(crystals)
    result = np.zeros((len(crystals.atomic_numbers), _width()))
    column = 0
    for number in range(1, LARGEST_COORDINATION + 1):
        motifs = _motifs(number)
        if number <= found.likelihoods.shape[1]:
            likelihoods = found.likelihoods[:, number - 1]
            result[:, column] = likelihoods
            sites = np.flatnonzero(likelihoods)
            if motifs:
                values = order_parameters(found.directions[sites, :number])
                result[sites, column + 1 : column + 1 + motifs] = values * likelihoods[sites, None]
        column += 1 + motifs
    return result


def _motifs(number: int) -> int:
    """Return how many motifs have this number of neighbours."""
    return len(MOTIFS.get(number, ())) + len(STEINHARDT.get(number, ()))


def _width() -> int:
    """Return the number of features."""
    return sum(1 + _motifs(number) for number in range(1, LARGEST_COORDINATION + 1))


def have_room(crystals: CrystalSet) -> Bool[np.ndarray, ' crystals']:
    """Return which crystals have a cell and atoms apart from each other."""
    result = ~are_flat(crystals) & (crystals.volumes >= _SMALLEST)
    rows = np.flatnonzero(result)
    result[rows] = shortest_distances(crystals.select(rows)) >= _COINCIDENT
    return result
