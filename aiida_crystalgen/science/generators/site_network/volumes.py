"""The volume that a crystal will have, from its elements and how its template is packed.

Fingerprints know nothing of size, so that the size of a template says nothing of that of another
compound. A linear model of the logarithm of the volume per atom learns it from known crystals: what
each element contributes, more where its site has room, and less where electronegativities differ.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from functools import cache

import numpy as np
from jaxtyping import Bool, Float

from aiida_crystalgen.science.crystals import CrystalSet

__all__ = ('VolumeModel',)

_ELEMENTS = 118


@dataclass(frozen=True)
class VolumeModel:
    """A ridge regression of the logarithm of the volume per atom.

    :param coefficients: of the features, in logarithms of Å³.
    """

    coefficients: Float[np.ndarray, ' features']

    @classmethod
    def fit(
        cls,
        crystals: CrystalSet,
        distances: Float[np.ndarray, ' atoms'],
        rows: Bool[np.ndarray, ' crystals'],
        ridge: float,
    ) -> VolumeModel:
        """Return the model of some of the crystals.

        :param distances: from each atom to its nearest neighbour, in Å.
        :param rows: crystals to learn from.
        :param ridge: added to the sums of squares, in crystals.
        """
        features = _features(crystals, distances)[rows]
        targets = np.log(crystals.volumes / crystals.counts)[rows]
        squares = features.T @ features + ridge * np.eye(features.shape[1])
        return cls(np.linalg.solve(squares, features.T @ targets))

    def predict(
        self, crystals: CrystalSet, distances: Float[np.ndarray, ' atoms']
    ) -> Float[np.ndarray, ' crystals']:
        """Return the volume per atom of crystals in Å³, whatever volume they have now.

        :param distances: from each atom to its nearest neighbour, in Å.
        """
        return np.exp(_features(crystals, distances) @ self.coefficients)


def _features(
    crystals: CrystalSet, distances: Float[np.ndarray, ' atoms']
) -> Float[np.ndarray, 'crystals features']:
    """Return what the volume of each crystal depends on; nothing of it depends on its scale."""
    owners, number = crystals.crystal_of_atom, len(crystals)
    rooms = np.log((crystals.volumes / crystals.counts)[owners] / distances**3)
    shortest = np.full(number, np.inf)
    np.minimum.at(shortest, owners, distances)
    fractions, roomy = np.zeros((2, number, _ELEMENTS))
    np.add.at(fractions, (owners, crystals.atomic_numbers - 1), 1)
    np.add.at(roomy, (owners, crystals.atomic_numbers - 1), rooms)
    fractions /= crystals.counts[:, None]
    roomy /= crystals.counts[:, None]
    mean = (fractions @ _electronegativities())[:, None]
    spread = np.sqrt(np.maximum(0, fractions @ _electronegativities() ** 2 - mean[:, 0] ** 2))
    spread = spread[:, None]
    room = (np.bincount(owners, rooms, minlength=number) / crystals.counts)[:, None]
    least = np.log(crystals.volumes / crystals.counts / shortest**3)[:, None]
    crossed = [room, least, room**2, least**2, room * least, spread, spread**2, room * spread]
    return np.hstack([fractions, roomy, fractions * spread, fractions * mean, *crossed])


@cache
def _electronegativities() -> Float[np.ndarray, ' elements']:
    """Return Pauling's electronegativity of each element, 1.5 where he gives none."""
    from pymatgen.core import Element

    with warnings.catch_warnings():
        warnings.filterwarnings('ignore', 'No Pauling electronegativity', UserWarning)
        values = np.array([float(Element.from_Z(number).X) for number in range(1, _ELEMENTS + 1)])
    return np.where(np.isfinite(values) & (values > 0), values, 1.5)
