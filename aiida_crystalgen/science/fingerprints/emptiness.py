"""Fingerprints of crystals whose atoms have no neighbours."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from aiida_crystalgen.science.crystals import CrystalSet

__all__ = ('require_neighbors',)


def require_neighbors(
    crystals: CrystalSet,
    fingerprints: Float[np.ndarray, 'crystals features'],
    cutoff: float,
    key: str,
) -> None:
    """Do nothing if every crystal has a fingerprint; an empty one resembles nothing.

    :param cutoff: of the fingerprints, in Å.
    :param key: of the cutoff, for the message.
    :raises ValueError: naming the first crystal without neighbours.
    """
    empty = np.flatnonzero(~fingerprints.any(axis=1))
    if len(empty):
        raise ValueError(
            f"crystal '{crystals.labels[empty[0]]}' has no neighbours within {cutoff} Å; leave it "
            f"out, or enlarge '{key}'"
        )
