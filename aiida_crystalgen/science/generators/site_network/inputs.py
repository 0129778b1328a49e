"""Sites as a network sees them: fingerprints in random orientations, distances, elements."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float, Float16, Float32, Int, Int64, UInt64

from aiida_crystalgen.science.crystals import CrystalSet
from aiida_crystalgen.science.fingerprints.sites import (
    Augmentation,
    Sites,
    SiteSettings,
    inequivalent_sites,
    nearest_distances,
    relative_sizes,
    site_fingerprints,
)
from aiida_crystalgen.science.generators.site_network.projection import Projection
from aiida_crystalgen.science.generators.site_network.settings import SiteNetworkSettings
from aiida_crystalgen.science.symmetry.random_numbers import fold, root_key

__all__ = ('Encode', 'SiteInputs', 'encoding_of', 'look_at', 'orientation_keys')

_ORIENTATION = 1  # purpose of the random numbers that turn and shake sites
_BLOCK = 8192  # sites whose whole fingerprints are held at once, some 100 MB

# From fingerprints to what goes into the network.
Encode = Callable[
    [Float32[np.ndarray, 'sites perspectives points']], Float32[np.ndarray, 'sites features']
]


@dataclass(frozen=True)
class SiteInputs:
    """The inequivalent sites of some crystals, and all that is known of them but fingerprints.

    :param crystals: that the sites belong to.
    :param sites: one of each orbit.
    :param elements: atomic number minus one of each site.
    :param nearest: distance to the nearest neighbour of each site, in Å.
    :param relative: shortest distance of the crystal divided by that of the site.
    :param distances: to the nearest neighbour of each atom of the crystals, in Å.
    """

    crystals: CrystalSet
    sites: Sites
    elements: Int64[np.ndarray, ' sites']
    nearest: Float32[np.ndarray, ' sites']
    relative: Float32[np.ndarray, ' sites']
    distances: Float[np.ndarray, ' atoms']

    def __len__(self) -> int:
        return len(self.sites)

    def select(self, rows: Int[np.ndarray, ' rows']) -> SiteInputs:
        """Return some of the sites, still of all crystals."""
        return replace(
            self,
            sites=replace(
                self.sites,
                crystals=self.sites.crystals[rows],
                atoms=self.sites.atoms[rows],
                multiplicities=self.sites.multiplicities[rows],
                letters=self.sites.letters[rows],
            ),
            elements=self.elements[rows],
            nearest=self.nearest[rows],
            relative=self.relative[rows],
        )

    def fingerprints(
        self, settings: SiteSettings, keys: UInt64[np.ndarray, ' sites'], jitter: float
    ) -> Float32[np.ndarray, 'sites perspectives points']:
        """Return the fingerprints of the sites, turned and shaken.

        :param keys: of the random numbers of each site.
        :param jitter: standard deviation of the shift of each neighbour along each axis, in Å.
        """
        augmentation = Augmentation(keys, jitter)
        return site_fingerprints(self.crystals, self.sites, settings, self.distances, augmentation)

    def features(
        self,
        settings: SiteNetworkSettings,
        encode: Encode,
        *,
        orientation: int,
        seed: int,
    ) -> Float16[np.ndarray, 'sites features']:
        """Return what goes into the network of all sites, in half precision to save memory.

        :param encode: from fingerprints to features.
        :param orientation: number of the random orientation, another one for each site.
        :param seed: of all orientations.
        """
        keys = orientation_keys(seed, orientation, np.arange(len(self)))
        blocks = []
        for start in range(0, len(self), _BLOCK):
            rows = np.arange(start, min(start + _BLOCK, len(self)))
            seen = self.select(rows).fingerprints(settings.sites, keys[rows], settings.jitter)
            blocks.append(encode(seen).astype(np.float16))
        return np.concatenate(blocks)


def orientation_keys(
    seed: int, orientation: int, numbers: Int[np.ndarray, ' sites']
) -> UInt64[np.ndarray, ' sites']:
    """Return the keys of the random numbers of sites.

    :param orientation: number of the random orientation.
    :param numbers: of the sites; those of equal number are turned alike.
    """
    return fold(fold(root_key(seed, _ORIENTATION), orientation), numbers)


def look_at(crystals: CrystalSet, tolerance: float) -> SiteInputs:
    """Return the inequivalent sites of crystals.

    :param tolerance: of positions, in Å.
    :raises ValueError: if a cell has no volume.
    """
    sites = inequivalent_sites(crystals, tolerance)
    distances = nearest_distances(crystals)
    return SiteInputs(
        crystals=crystals,
        sites=sites,
        elements=crystals.atomic_numbers[sites.atoms].astype(np.int64) - 1,
        nearest=distances[sites.atoms].astype(np.float32),
        relative=relative_sizes(sites, distances).astype(np.float32),
        distances=distances,
    )


def encoding_of(settings: SiteNetworkSettings, projection: Projection | None) -> Encode:
    """Return how fingerprints go into a network: projected, or all of their values."""
    if projection is not None:
        return projection.apply
    values = settings.sites.perspectives * settings.sites.points
    return lambda fingerprints: fingerprints.reshape(-1, values)
