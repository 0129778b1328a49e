"""Representations, properties and compositions as the networks see them, and back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float, Int

__all__ = ('ConditionScale', 'FeatureScale')


@dataclass(frozen=True)
class FeatureScale:
    """Maps symmetry functions to numbers of order one.

    :param scaling: 'logarithmic' or 'range', as in `AcsfCvaeSettings`.
    :param centre: what is subtracted from each (logarithm of a) symmetry function.
    :param width: what it is then divided by.
    :param positive: which of them cannot be negative.
    """

    scaling: Literal['logarithmic', 'range']
    centre: Float[np.ndarray, ' features']
    width: Float[np.ndarray, ' features']
    positive: Bool[np.ndarray, ' features']

    @classmethod
    def fit(
        cls,
        features: Float[np.ndarray, 'crystals features'],
        positive: Bool[np.ndarray, ' features'],
        scaling: Literal['logarithmic', 'range'],
        *,
        floor: float,
    ) -> FeatureScale:
        """Return the scale of the training crystals.

        :param floor: least width, as a share of the largest one.
        :raises ValueError: if the crystals do not differ at all.
        """
        if scaling == 'logarithmic':
            values = _logarithm(features)
            centre, width = values.mean(axis=0), values.std(axis=0)
        else:
            centre = features.min(axis=0)
            width = features.max(axis=0) - centre
        if not width.max() > 0:
            raise ValueError(
                'all training crystals have the same symmetry functions; there is nothing to learn'
            )
        return cls(scaling, centre, np.maximum(width, floor * width.max()), positive)

    @property
    def floors(self) -> Float[np.ndarray, ' features']:
        """Scaled zero of each symmetry function that cannot be negative, −∞ of the others."""
        return np.where(self.positive, -self.centre / self.width, -np.inf)

    def scaled(
        self, features: Float[np.ndarray, 'crystals features']
    ) -> Float[np.ndarray, 'crystals features']:
        """Return what the networks see of symmetry functions."""
        values = _logarithm(features) if self.scaling == 'logarithmic' else features
        return (values - self.centre) / self.width

    def restored(
        self, scaled: Float[np.ndarray, 'crystals features']
    ) -> Float[np.ndarray, 'crystals features']:
        """Return the symmetry functions of scaled ones, none below zero that cannot be."""
        values = scaled * self.width + self.centre
        if self.scaling == 'logarithmic':
            values = np.sign(values) * np.expm1(np.abs(values))
        # Rounding may bring a value at its floor to the wrong side of it.
        return np.where(self.positive, np.maximum(values, 0), values)


@dataclass(frozen=True)
class ConditionScale:
    """Maps properties and compositions to numbers of order one.

    :param elements: atomic numbers of the training crystals, in ascending order.
    :param centre: mean of each property, and last that of the logarithm of the number of atoms.
    :param width: standard deviation of these, 1 where the crystals do not differ.
    """

    elements: Int[np.ndarray, ' elements']
    centre: Float[np.ndarray, ' values']
    width: Float[np.ndarray, ' values']

    @classmethod
    def fit(
        cls,
        elements: Int[np.ndarray, ' elements'],
        properties: Float[np.ndarray, 'crystals properties'],
        amounts: Int[np.ndarray, 'crystals elements'],
    ) -> ConditionScale:
        """Return the scale of the training crystals.

        :param amounts: number of atoms of each element.
        """
        values = np.column_stack([properties, np.log(amounts.sum(axis=1))])
        spread = values.std(axis=0)
        return cls(elements, values.mean(axis=0), np.where(spread > 0, spread, 1.0))

    def conditions(
        self,
        properties: Float[np.ndarray, 'crystals properties'],
        amounts: Int[np.ndarray, 'crystals elements'],
    ) -> Float[np.ndarray, 'crystals conditions']:
        """Return what the autoencoder is conditioned on: properties, then the composition."""
        return np.column_stack([self.standardized(properties), self.composition(amounts)])

    def composition(
        self, amounts: Int[np.ndarray, 'crystals elements']
    ) -> Float[np.ndarray, 'crystals composition']:
        """Return the logarithm of the number of atoms, and the fraction of each element."""
        atoms = amounts.sum(axis=1)
        sizes = (np.log(atoms) - self.centre[-1]) / self.width[-1]
        return np.column_stack([sizes, amounts / atoms[:, None]])

    def standardized(
        self, properties: Float[np.ndarray, 'crystals properties']
    ) -> Float[np.ndarray, 'crystals properties']:
        """Return properties as the networks see them."""
        return (properties - self.centre[:-1]) / self.width[:-1]

    def properties(
        self, standardized: Float[np.ndarray, '*shape properties']
    ) -> Float[np.ndarray, '*shape properties']:
        """Return properties in their own units."""
        return standardized * self.width[:-1] + self.centre[:-1]


def _logarithm(features: Float[np.ndarray, 'crystals features']) -> np.ndarray:
    """Return log(1 + x), continued to negative x as an odd function."""
    return np.sign(features) * np.log1p(np.abs(features))
