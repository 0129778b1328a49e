"""How much of a set of real crystals generated ones cover, and how many of these are covered.

COV-R and COV-P of CDVAE (Xie et al., ICLR 2022, arXiv:2110.06197): a crystal is covered if the
nearest structure fingerprint of the other set and the nearest composition fingerprint are both
within their cut-offs; they need not be those of the same crystal.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.spatial.distance import cdist

from aiida_crystalgen.science.metrics.settings import CoverageSettings

__all__ = ('Coverage', 'Fingerprints', 'coverage')

_BLOCK = 1 << 22  # distances held at once


@dataclass(frozen=True)
class Fingerprints:
    """What crystals are compared by.

    :param structure: fingerprints of the structures, NaN where there is none.
    :param composition: standardised fingerprints of the compositions.
    """

    structure: Float[np.ndarray, 'crystals structure']
    composition: Float[np.ndarray, 'crystals composition']

    def __len__(self) -> int:
        return len(self.structure)

    @property
    def exist(self) -> Bool[np.ndarray, ' crystals']:
        """Which crystals have a fingerprint of their structure."""
        return ~np.isnan(self.structure).any(axis=1)

    def select(
        self, rows: Int[np.ndarray, ' rows'] | Bool[np.ndarray, ' crystals']
    ) -> Fingerprints:
        """Return those of some crystals, by index or mask."""
        return Fingerprints(self.structure[rows], self.composition[rows])


@dataclass(frozen=True)
class Coverage:
    """How two sets cover each other.

    :param recall: share of the real crystals that generated ones cover.
    :param precision: share of the generated crystals that real ones cover; those without a
        fingerprint are covered by none.
    :param structure_recall: mean distance from a real to the nearest generated structure.
    :param structure_precision: mean distance from a generated to the nearest real structure.
    :param composition_recall: mean distance from a real to the nearest generated composition.
    :param composition_precision: mean distance from a generated to the nearest real composition.

    The mean distances are NaN if no generated crystal has a fingerprint.
    """

    recall: float
    precision: float
    structure_recall: float
    structure_precision: float
    composition_recall: float
    composition_precision: float


def coverage(
    generated: Fingerprints, reference: Fingerprints, settings: CoverageSettings
) -> Coverage:
    """Return how generated and real crystals cover each other.

    :raises ValueError: if no real crystal has a fingerprint.
    """
    found, real = generated.select(generated.exist), reference.select(reference.exist)
    if not len(real):
        raise ValueError(f'none of {len(reference)} real crystals has a fingerprint to compare')
    if not len(found):
        return Coverage(0.0, 0.0, *(float('nan'),) * 4)
    structures = _nearest(found.structure, real.structure)
    compositions = _nearest(found.composition, real.composition)
    covered = [
        (structure <= settings.structure) & (composition <= settings.composition)
        for structure, composition in zip(structures, compositions, strict=True)
    ]
    return Coverage(
        recall=float(covered[1].mean()),
        precision=float(covered[0].sum() / len(generated)),
        structure_recall=float(structures[1].mean()),
        structure_precision=float(structures[0].mean()),
        composition_recall=float(compositions[1].mean()),
        composition_precision=float(compositions[0].mean()),
    )


def _nearest(
    first: Float[np.ndarray, 'first features'], second: Float[np.ndarray, 'second features']
) -> tuple[Float[np.ndarray, ' first'], Float[np.ndarray, ' second']]:
    """Return the distance from each point of one set to the nearest of the other."""
    own, others = np.empty(len(first)), np.full(len(second), np.inf)
    size = max(1, _BLOCK // len(second))
    for start in range(0, len(first), size):
        distances = cdist(first[start : start + size], second)
        own[start : start + size] = distances.min(axis=1)
        np.minimum(others, distances.min(axis=0), out=others)
    return own, others
