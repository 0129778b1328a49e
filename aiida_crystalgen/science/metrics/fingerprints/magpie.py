"""Composition fingerprints: statistics of the properties of a crystal's elements.

They are those of matminer's ``ElementProperty`` with its preset ``magpie`` (Ward et al., npj
Comput. Mater. 2, 16028 (2016), doi:10.1038/npjcompumats.2016.28), in units of their standard
deviations among reference crystals. CDVAE (Xie et al., ICLR 2022, arXiv:2110.06197) has constants
for these, near those of its training set MP-20, whatever the crystals are. Cut-offs are in these
units: beside references of few elements, crystals must be more alike to be near than beside MP-20.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from jaxtyping import Float

from aiida_crystalgen.science.crystals import CrystalSet

__all__ = ('CompositionScale', 'composition_fingerprints', 'composition_statistics')

_PROPERTIES = (
    'Number',
    'MendeleevNumber',
    'AtomicWeight',
    'MeltingT',
    'Column',
    'Row',
    'CovalentRadius',
    'Electronegativity',
    'NsValence',
    'NpValence',
    'NdValence',
    'NfValence',
    'NValence',
    'NsUnfilled',
    'NpUnfilled',
    'NdUnfilled',
    'NfUnfilled',
    'NUnfilled',
    'GSvolume_pa',
    'GSbandgap',
    'GSmagmom',
    'SpaceGroupNumber',
)
_STATISTICS = 6  # of each property
_EQUAL = 1e-5  # relative difference of shares that count as equal, as in matminer


@dataclass(frozen=True)
class CompositionScale:
    """Where the features of compositions lie, and how widely they spread.

    :param means: of each feature.
    :param deviations: in units of which each feature is given.
    """

    means: Float[np.ndarray, ' features']
    deviations: Float[np.ndarray, ' features']

    @classmethod
    def of(cls, references: CrystalSet, smallest_deviation: float) -> CompositionScale:
        """Return means and standard deviations of features among reference crystals.

        :param smallest_deviation: least deviation of a feature, as a share of that of its property
            among all elements; else a feature that is the same in all references, as there are many
            if these have few elements, would tell all other compositions apart without bounds.
        """
        statistics = composition_statistics(references)
        known = ~np.isnan(statistics)
        numbers = np.maximum(known.sum(axis=0), 1)
        means = np.where(known, statistics, 0.0).sum(axis=0) / numbers
        variances = (np.where(known, statistics - means, 0.0) ** 2).sum(axis=0) / numbers
        least = smallest_deviation * np.repeat(np.nanstd(_properties(), axis=0), _STATISTICS)
        return cls(means, np.maximum(np.sqrt(variances), least))


def composition_fingerprints(
    crystals: CrystalSet, scale: CompositionScale
) -> Float[np.ndarray, 'crystals features']:
    """Return the standardised fingerprint of each crystal's composition.

    What is unknown is at the mean.
    """
    standardised = (composition_statistics(crystals) - scale.means) / scale.deviations
    return np.nan_to_num(standardised, nan=0.0)


def composition_statistics(crystals: CrystalSet) -> Float[np.ndarray, 'crystals features']:
    """Return minimum, maximum, range, mean, mean deviation and mode of each property.

    They are NaN where the property of an element is unknown.

    :raises ValueError: if an element is not in the table.
    """
    table = _properties()
    if (heaviest := int(crystals.atomic_numbers.max(initial=0))) >= len(table):
        raise ValueError(
            f'the element with atomic number {heaviest} has no properties to compare compositions '
            f'by; the heaviest that has is {len(table) - 1}'
        )
    elements = np.unique(crystals.atomic_numbers)
    amounts = np.zeros((len(crystals), len(elements)), dtype=np.int64)
    np.add.at(
        amounts, (crystals.crystal_of_atom, np.searchsorted(elements, crystals.atomic_numbers)), 1
    )
    different, kind = np.unique(amounts, axis=0, return_inverse=True)
    result = np.empty((len(different), _STATISTICS * table.shape[1]))
    for number in np.unique((different > 0).sum(axis=1)):
        rows = np.flatnonzero((different > 0).sum(axis=1) == number)
        columns = np.nonzero(different[rows])[1].reshape(len(rows), number)
        shares = np.take_along_axis(different[rows], columns, axis=1)
        values = table[elements[columns]]
        result[rows] = _statistics(values, shares / shares.sum(axis=1, keepdims=True))
    return result[kind.reshape(-1)]


def _statistics(
    values: Float[np.ndarray, 'crystals elements properties'],
    shares: Float[np.ndarray, 'crystals elements'],
) -> Float[np.ndarray, 'crystals features']:
    """Return the statistics of each property, property after property."""
    weights = shares[:, :, None]
    lowest, highest = values.min(axis=1), values.max(axis=1)
    means = (weights * values).sum(axis=1)
    deviations = (weights * np.abs(values - means[:, None])).sum(axis=1)
    commonest = shares >= shares.max(axis=1, keepdims=True) * (1 - _EQUAL)
    # The smallest value of the commonest elements; unknown if that of one of them is.
    modes = np.where(commonest[:, :, None], values, np.inf).min(axis=1)
    columns = [lowest, highest, highest - lowest, means, deviations, modes]
    return np.stack(columns, axis=2).reshape(len(values), -1)


@cache
def _properties() -> Float[np.ndarray, 'elements properties']:
    """Return Magpie's properties by atomic number, NaN where unknown and for number 0.

    The last row is that of the heaviest element that any is known of.
    """
    from matminer.utils.data import MagpieData
    from pymatgen.core import Element

    data = MagpieData(impute_nan=False)
    elements = sorted(Element, key=lambda element: element.Z)
    table = np.full((elements[-1].Z + 1, len(_PROPERTIES)), np.nan)
    for element in elements:
        table[element.Z] = [data.get_elemental_property(element, name) for name in _PROPERTIES]
    return table[: np.flatnonzero(~np.isnan(table).all(axis=1))[-1] + 1]
