"""The distances to the neighbours of sites from several points of view, smeared and tabulated."""

from __future__ import annotations

from dataclasses import dataclass
from math import gcd

import numpy as np
from jaxtyping import Float, Float32, Int, UInt64
from numpy.lib.stride_tricks import sliding_window_view
from scipy.special import i0e, ndtri

from aiida_crystalgen.science.crystals import CrystalSet
from aiida_crystalgen.science.fingerprints.sites.inequivalent import Sites
from aiida_crystalgen.science.fingerprints.sites.neighborhood import (
    nearest_distances,
    neighborhoods,
)
from aiida_crystalgen.science.fingerprints.sites.settings import SiteSettings
from aiida_crystalgen.science.symmetry.random_numbers import fold, uniform

__all__ = ('Augmentation', 'relative_sizes', 'site_fingerprints')

_POINTS = 32  # of a block that follows from the same bins, at most
_BLOCK = (
    1 << 16
)  # distances that are tabulated together: a quarter MB, so that they stay in the cache
_TURN, _SHIFT = 0, 1  # streams of a site's random numbers
_BITS = 21  # of each of the three normal numbers that come from one random one


@dataclass(frozen=True)
class Augmentation:
    """How the surroundings of a site are turned and shaken before they are looked at.

    :param keys: of the random numbers of each site.
    :param jitter: standard deviation of the shift of each neighbour along each axis, in Å.
    """

    keys: UInt64[np.ndarray, ' sites']
    jitter: float


def relative_sizes(
    sites: Sites, nearest: Float[np.ndarray, ' atoms']
) -> Float[np.ndarray, ' sites']:
    """Return the shortest distance in the crystal of each site, divided by the site's own.

    :param nearest: distance from each atom of the set to its nearest neighbour, in Å.
    """
    distances = nearest[sites.atoms]
    shortest = np.full(len(sites.space_groups), np.inf)
    np.minimum.at(shortest, sites.crystals, distances)
    return shortest[sites.crystals] / distances


def site_fingerprints(
    crystals: CrystalSet,
    sites: Sites,
    settings: SiteSettings,
    nearest: Float[np.ndarray, ' atoms'] | None = None,
    augmentation: Augmentation | None = None,
) -> Float32[np.ndarray, 'sites perspectives points']:
    """Return the number of neighbours per nearest distance, at each distance from each origin.

    The sum over the points of a perspective times their spacing is the number of neighbours within
    the cut-off. All distances are divided by that to the nearest neighbour. The result for a site
    depends on its crystal and random numbers alone, to the bit.

    :param nearest: distance from each atom of the set to its nearest neighbour, in Å; found anew if
        None.
    :param augmentation: the perspectives look along fixed directions at resting neighbours if None.
    :raises ValueError: if a cell has no volume, or two atoms are at the same place.
    """
    distances = (nearest_distances(crystals) if nearest is None else nearest)[sites.atoms]
    _require_distances(distances, sites)
    origins = _origins(settings, len(sites), augmentation)
    table = _Table.of(settings)
    result = np.empty((len(sites), settings.perspectives, settings.points), dtype=np.float32)
    for found in neighborhoods(crystals, sites.atoms, distances * settings.reach):
        vectors = found.vectors
        if augmentation is not None and augmentation.jitter > 0:
            vectors = vectors + _shifts(augmentation, found.members, vectors.shape[2])
        vectors = vectors / distances[found.members][:, None]
        step = max(1, _BLOCK // (settings.perspectives * vectors.shape[2]))
        for start in range(0, len(found.members), step):
            part = slice(start, start + step)
            members = found.members[part]
            result[members] = table.tabulated(vectors[:, part], origins[members])
    return result


def _require_distances(distances: Float[np.ndarray, ' sites'], sites: Sites) -> None:
    """Raise if an atom lies upon another."""
    if len(distances) and distances.min() < 1e-3:
        row = int(sites.crystals[distances.argmin()])
        raise ValueError(
            f'crystal {row} has two atoms {distances.min():.1e} Å apart; reject it before it is '
            'looked at'
        )


def _origins(
    settings: SiteSettings, sites: int, augmentation: Augmentation | None
) -> Float[np.ndarray, 'sites perspectives 3']:
    """Return where each site is seen from, turned at random if it is augmented."""
    origins = np.broadcast_to(settings.origins, (sites, settings.perspectives, 3))
    if augmentation is None:
        return origins
    return np.einsum('spi,sij->spj', origins, _rotations(augmentation.keys))


def _rotations(keys: UInt64[np.ndarray, ' sites']) -> Float[np.ndarray, 'sites 3 3']:
    """Return uniformly distributed rotations.

    K. Shoemake, Graphics Gems III, 1992, section III.6: unit quaternions from three numbers.
    """
    share, one, two = uniform(fold(keys, _TURN)[None], np.arange(3)[:, None])
    inner, outer = np.sqrt(1 - share), np.sqrt(share)
    x, y = inner * np.sin(2 * np.pi * one), inner * np.cos(2 * np.pi * one)
    z, w = outer * np.sin(2 * np.pi * two), outer * np.cos(2 * np.pi * two)
    rows = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
        [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
        [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
    ]
    return np.moveaxis(np.array(rows), 2, 0)


def _shifts(
    augmentation: Augmentation, members: Int[np.ndarray, ' members'], neighbors: int
) -> Float[np.ndarray, '3 members neighbors']:
    """Return a random shift of each neighbour, in Å."""
    keys = fold(augmentation.keys[members], _SHIFT)[:, None]
    bits = fold(keys, np.arange(neighbors))
    parts = [(bits >> np.uint64(_BITS * axis)) & np.uint64(2**_BITS - 1) for axis in range(3)]
    shares = (np.stack(parts).astype(np.float64) + 0.5) * 2.0**-_BITS
    return augmentation.jitter * ndtri(shares)


@dataclass(frozen=True)
class _Table:
    """The bins that distances are collected in, and how the points follow from them.

    :param settings: of the fingerprint.
    :param size: number of bins, those included that only the tails of the window need.
    :param margin: bins below zero.
    :param kernel: what the bins around a block of points contribute to these, for every block.
    """

    settings: SiteSettings
    size: int
    margin: int
    kernel: Float32[np.ndarray, 'bins points']

    @classmethod
    def of(cls, settings: SiteSettings) -> _Table:
        """Return the table that these settings need.

        Every point of the smeared table that is kept lies at the lower end of a bin. The spectrum
        of the window vanishes beyond what so many points resolve, so that keeping every few values
        is the same as cutting off the high frequencies.
        """
        margin = settings.window // 2 + 1
        per_point = settings.bins // settings.points
        block = gcd(settings.points, _POINTS)
        width = block * per_point + 2 * margin + 1
        places = np.arange(width)[:, None] - margin - np.arange(block) * per_point
        inside = np.sqrt(np.clip(1 - (places / (settings.window / 2)) ** 2, 0, None))
        # i0e(x) is I0(x) exp(-x), which does not overflow.
        steepness = np.pi * settings.shape
        heights = i0e(steepness * inside) * np.exp(steepness * (inside - 1))
        heights[np.abs(places) > settings.window / 2] = 0
        whole = heights[:, 0].sum() * (settings.cutoff / settings.bins)
        size = settings.bins + 2 * margin + 1
        return cls(settings, size, margin, (heights / whole).astype(np.float32))

    def tabulated(
        self,
        vectors: Float[np.ndarray, '3 members neighbors'],
        origins: Float[np.ndarray, 'members perspectives 3'],
    ) -> Float32[np.ndarray, 'members perspectives points']:
        """Return the smeared table of the distances between origins and neighbours."""
        members, perspectives, _ = origins.shape
        # Single precision moves a distance by a ten-thousandth of a bin.
        near, seen_from = vectors.astype(np.float32), origins.astype(np.float32)
        shape = (members, perspectives, vectors.shape[2])
        squares, component = np.empty(shape, np.float32), np.empty(shape, np.float32)
        for axis, target in enumerate((squares, component, component)):
            np.subtract(near[axis][:, None], seen_from[:, :, axis, None], out=target)
            np.multiply(target, target, out=target)
            if axis > 0:
                squares += component
        places = np.sqrt(squares, out=squares)
        places *= np.float32(self.settings.bins / self.settings.cutoff)
        places += np.float32(self.margin)
        # The last bin but one is beyond the reach of every point.
        np.minimum(places, np.float32(self.size - 2), out=places)
        histograms = self._histograms(places.reshape(members * perspectives, -1))
        smeared = self._smeared(histograms.astype(np.float32))
        return smeared.reshape(members, perspectives, -1)

    def _histograms(
        self, places: Float32[np.ndarray, 'tables distances']
    ) -> Float[np.ndarray, 'tables bins']:
        """Return how many distances fall on each bin, shared between the two nearest.

        Sharing keeps number and mean of the distances and changes smoothly with them.
        """
        bins = places.astype(np.int64)
        above = (places - bins.astype(np.float32)).ravel()
        bins += np.arange(len(places))[:, None] * self.size
        total = len(places) * self.size
        moved = np.bincount(bins.ravel(), above, minlength=total)
        result = np.bincount(bins.ravel(), minlength=total) - moved
        result[1:] += moved[:-1]
        return result.reshape(-1, self.size)

    def _smeared(
        self, histograms: Float32[np.ndarray, 'tables bins']
    ) -> Float32[np.ndarray, 'tables points']:
        """Return the smeared histograms at the points."""
        width, block = self.kernel.shape
        windows = sliding_window_view(histograms, width, axis=1)
        # One small product for each table: its rounding does not depend on the other tables.
        step = block * self.settings.bins // self.settings.points
        return (windows[:, ::step] @ self.kernel).reshape(len(histograms), -1)
