"""Fingerprints as few numbers that hardly know how the crystal is turned.

The four origins of a set are the vertices of a tetrahedron. Its rotations exchange them, and the
four tables fall into a mean, which these leave alone, and three differences, which turn with them
like the components of a vector (the representations A₁ and T₂ of the group T_d). Both are projected
onto their principal components. Lengths of combinations of the vectors do not depend on how the
tetrahedron is turned into itself, and hardly on how it is turned otherwise, as offsets are small.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

import numpy as np
from jaxtyping import Float32

from aiida_crystalgen.science.fingerprints.sites.settings import SiteSettings

__all__ = ('Projection',)

_VERTICES = 4


@dataclass(frozen=True)
class Projection:
    """Principal components of means and vectors over the distances from all sets of origins.

    :param mean: of the means.
    :param scalar_basis: from means to components of unit variance.
    :param vector_basis: from vectors to components of unit variance.
    :param directions: of the four origins of a set.
    """

    mean: Float32[np.ndarray, ' values']
    scalar_basis: Float32[np.ndarray, 'values scalars']
    vector_basis: Float32[np.ndarray, 'values vectors']
    directions: Float32[np.ndarray, '4 3']

    @classmethod
    def fit(
        cls,
        fingerprints: Float32[np.ndarray, 'sites perspectives points'],
        settings: SiteSettings,
        scalars: int,
        vectors: int,
        floor: float,
    ) -> Projection:
        """Return the projection onto the components that vary most among some sites.

        :param scalars: number of components of the means.
        :param vectors: number of components of the vectors.
        :param floor: every value is divided by its standard deviation plus this share of the
            largest one, so that values which hardly vary do not count.
        :raises ValueError: if there are fewer sites than components.
        """
        most = min(len(fingerprints), fingerprints.shape[1] // _VERTICES * fingerprints.shape[2])
        if max(scalars, vectors) > most:
            raise ValueError(
                f'{most} components are the most that {len(fingerprints)} sites have, but '
                f'{max(scalars, vectors)} are asked for; train on more crystals'
            )
        corners = settings.origins[-_VERTICES:]
        directions = (corners / np.linalg.norm(corners, axis=1)[:, None]).astype(np.float32)
        means, differences = _parts(fingerprints, directions)
        center = means.mean(axis=0)
        return cls(
            mean=center,
            scalar_basis=_basis(means - center, scalars, floor),
            vector_basis=_basis(differences.reshape(-1, differences.shape[2]), vectors, floor),
            directions=directions,
        )

    @classmethod
    def from_weights(cls, weights: Mapping[str, np.ndarray], prefix: str) -> Projection:
        """Return the projection that arrays of a checkpoint hold."""
        return cls(**{one.name: np.asarray(weights[prefix + one.name]) for one in fields(cls)})

    def to_weights(self, prefix: str) -> dict[str, np.ndarray]:
        """Return the arrays that a checkpoint keeps."""
        return {prefix + one.name: getattr(self, one.name) for one in fields(self)}

    def apply(
        self, fingerprints: Float32[np.ndarray, 'sites perspectives points']
    ) -> Float32[np.ndarray, 'sites features']:
        """Return the components: those of the means, then x, y and z of those of the vectors."""
        means, vectors = _parts(fingerprints, self.directions)
        scalars = (means - self.mean) @ self.scalar_basis
        projected = (vectors @ self.vector_basis).reshape(len(fingerprints), -1)
        return np.concatenate([scalars, projected], axis=1)


def _parts(
    fingerprints: Float32[np.ndarray, 'sites perspectives points'],
    directions: Float32[np.ndarray, '4 3'],
) -> tuple[Float32[np.ndarray, 'sites values'], Float32[np.ndarray, 'sites 3 values']]:
    """Return the mean of each set of four tables, and the vectors of their differences."""
    sites, perspectives, points = fingerprints.shape
    tables = fingerprints.reshape(sites, perspectives // _VERTICES, _VERTICES, points)
    means = tables.mean(axis=2).reshape(sites, -1)
    vectors = np.einsum('sovp,vx->sxop', tables, directions, optimize=True)
    return means, vectors.reshape(sites, 3, -1)


def _basis(
    values: Float32[np.ndarray, 'samples values'], components: int, floor: float
) -> Float32[np.ndarray, 'values components']:
    """Return the projection onto principal components, each scaled to unit mean square."""
    scale = np.sqrt((values.astype(np.float64) ** 2).mean(axis=0))
    scale = 1 / (scale + floor * scale.max())
    scaled = values * scale
    variances, directions = np.linalg.eigh(scaled.T @ scaled / len(scaled))
    kept = np.argsort(-variances, kind='stable')[:components]
    basis = scale[:, None] * directions[:, kept] / np.sqrt(variances[kept])
    # The sign of an eigenvector is arbitrary, and must not depend on the library.
    largest = np.take_along_axis(basis, np.abs(basis).argmax(axis=0)[None], axis=0)
    return (basis * np.sign(largest)).astype(np.float32)
