"""Why a crystal cannot be real: a flat or badly filled cell, or atoms that overlap.

The box of a cluster is not looked at.
"""

from __future__ import annotations

from itertools import combinations_with_replacement

import numpy as np
from ase.data import atomic_numbers, chemical_symbols, covalent_radii
from jaxtyping import Float
from pydantic import Field, field_validator, model_validator

from aiida_crystalgen.science.crystals import CrystalSet
from aiida_crystalgen.science.neighbors import Images, are_flat, periodic_images
from aiida_crystalgen.science.settings import Settings

__all__ = ('ValiditySettings', 'invalid_reasons')


class ValiditySettings(Settings):
    """What a crystal must fulfil.

    :param distances: shortest distance allowed for each pair of elements, as in {'Sn-Se': 2.1}, Å.
    :param smallest_volume: per atom, in Å³; not asked of clusters, nor of anything if None.
    :param largest_volume: per atom, in Å³; not asked of clusters, nor of anything if None.
    :param distance_factor: of the sum of covalent radii, for the pairs that ``distances`` does not
        name; None refuses such pairs.
    """

    distances: dict[str, float]
    smallest_volume: float | None = Field(gt=0)
    largest_volume: float | None = Field(gt=0)
    distance_factor: float | None = Field(default=None, gt=0)

    @field_validator('distances')
    @classmethod
    def _are_distances(cls, value: dict[str, float]) -> dict[str, float]:
        for pair, distance in value.items():
            symbols = pair.split('-')
            if len(symbols) != 2 or not set(symbols) <= set(chemical_symbols[1:]):
                raise ValueError(f"'{pair}' is not a pair of elements, as in 'Sn-Se'")
            if distance <= 0:
                raise ValueError(f'the distance of {pair} is {distance} Å; it must be positive')
        return value

    @model_validator(mode='after')
    def _has_room(self) -> ValiditySettings:
        if (self.smallest_volume or 0) > (self.largest_volume or np.inf):
            raise ValueError(
                f"'smallest_volume' is {self.smallest_volume} Å³, more than 'largest_volume', "
                f'{self.largest_volume} Å³'
            )
        return self


def invalid_reasons(crystals: CrystalSet, settings: ValiditySettings) -> np.ndarray:
    """Return the first reason found against each crystal as text, empty for the valid ones.

    :raises ValueError: if two elements of the crystals have no distance in the settings.
    """
    reasons = np.full(len(crystals), '', dtype=object)
    volumes = crystals.volumes / crystals.counts
    smallest, largest = settings.smallest_volume or 0.0, settings.largest_volume or np.inf
    outside = (volumes < smallest) | (volumes > largest)
    outside &= crystals.periodic
    for row in np.flatnonzero(outside):
        reasons[row] = (
            f'volume of {volumes[row]:.3g} Å³ per atom, not between {smallest:g} and {largest:g} Å³'
        )
    flat = are_flat(crystals) & ~outside
    reasons[flat] = 'cell without volume'
    limits = _limits(crystals, settings)
    usable = np.flatnonzero(~outside & ~flat)
    chosen = crystals.select(usable)
    for images in periodic_images(chosen, float(limits.max(initial=0.0))):
        reasons[usable[images.rows]] = _overlaps(chosen, images, limits)
    return reasons.astype(np.str_)


def _limits(
    crystals: CrystalSet, settings: ValiditySettings
) -> Float[np.ndarray, 'elements elements']:
    """Return the shortest distance allowed between elements, by atomic numbers, in Å.

    :raises ValueError: if two elements of the crystals have none.
    """
    distances = settings.distances
    elements = [chemical_symbols[number] for number in np.unique(crystals.atomic_numbers)]
    result = np.zeros((len(chemical_symbols), len(chemical_symbols)))
    for one, other in combinations_with_replacement(elements, 2):
        names = f'{one}-{other}', f'{other}-{one}'
        found = [distances[name] for name in names if name in distances]
        place = atomic_numbers[one], atomic_numbers[other]
        if not found:
            if settings.distance_factor is None:
                raise ValueError(f"'distances' has no value for {names[0]}")
            found = [settings.distance_factor * float(covalent_radii[list(place)].sum())]
        result[place] = result[place[::-1]] = max(found)
    return result


def _overlaps(
    crystals: CrystalSet, images: Images, limits: Float[np.ndarray, 'elements elements']
) -> list[str]:
    """Return which atoms of each crystal come too close, relatively most; empty where none do."""
    atoms = crystals.offsets[images.rows][:, None] + np.arange(crystals.counts[images.rows[0]])
    numbers = crystals.atomic_numbers[atoms]
    own = np.sqrt(images.squared_lengths().min(axis=1, keepdims=True))
    between = np.sqrt(images.squared_distances().min(axis=2))
    # Each atom with its own images, then each pair of atoms.
    distances = np.concatenate([np.broadcast_to(own, numbers.shape), between], axis=1)
    first = np.concatenate([numbers, numbers[:, images.first]], axis=1)
    second = np.concatenate([numbers, numbers[:, images.second]], axis=1)
    allowed = limits[first, second]
    result = []
    for row, pair in enumerate(np.argmin(distances / allowed, axis=1)):
        distance, limit = distances[row, pair], allowed[row, pair]
        names = f'{chemical_symbols[first[row, pair]]}-{chemical_symbols[second[row, pair]]}'
        reason = f'{names} distance of {distance:.2f} Å, below {limit:.2f} Å'
        result.append(reason if distance < limit else '')
    return result
